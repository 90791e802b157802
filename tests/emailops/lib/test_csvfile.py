"""Tables as spreadsheets save them, and tables as spreadsheets may open them."""

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emailops.lib.csvfile import (
    BLOCK,
    LONGEST_LINE,
    MOST_COLUMNS,
    UnreadableTable,
    disarmed,
    read_table,
    rearmed,
    write_table,
)


def _rows(raw: bytes, encoding: str = "") -> list[list[str]]:
    return [list(row.cells) for row in read_table(io.BytesIO(raw), encoding=encoding).rows]


def _refusal(raw: bytes, encoding: str = "") -> str:
    with pytest.raises(UnreadableTable) as refusal:
        _rows(raw, encoding)
    return str(refusal.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    raw = delimiter.join(["email", "name"]) + "\n" + delimiter.join(["ann@example.org", "Ann"]) + "\n"

    table = read_table(io.BytesIO(raw.encode()))

    assert table.header == ["email", "name"]
    assert [row.cells for row in table.rows] == [["ann@example.org", "Ann"]]


def test_a_delimiter_inside_quotation_marks_of_the_header_does_not_count() -> None:
    table = read_table(io.BytesIO(b'"name, first, last";email\nAnn;ann@example.org\n'))

    assert table.header == ["name, first, last", "email"]


def test_a_table_of_one_column_needs_no_delimiter() -> None:
    assert _rows(b"email\nann@example.org\nbob@example.org\n") == [["ann@example.org"], ["bob@example.org"]]


@pytest.mark.parametrize(
    ("encoding", "chosen"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-16", "utf-16"),
        ("cp1251", "cp1251"),
        ("utf-8", "utf-8-sig"),
    ],
)
def test_names_survive_their_encoding(encoding: str, chosen: str) -> None:
    raw = "имя;email\nМария;maria@example.org\n".encode(encoding)

    table = read_table(io.BytesIO(raw), encoding=chosen)

    assert table.header == ["имя", "email"]
    assert next(table.rows).cells == ["Мария", "maria@example.org"]


def test_a_big_endian_file_with_a_mark_is_read() -> None:
    raw = "\ufeffemail\nann@example.org\n".encode("utf-16-be")

    assert _rows(raw) == [["ann@example.org"]]


def test_the_wrong_encoding_names_the_line_and_the_way_out() -> None:
    raw = "имя,email\n".encode() + b"Ann,ann@example.org\n" + "Мария,m@example.org\n".encode("cp1251")

    why = _refusal(raw)

    assert "line 3" in why
    assert "UTF-8" in why
    assert "choose the encoding" in why


def test_a_fault_beyond_the_first_block_still_names_its_line() -> None:
    good = b"ann@example.org\n" * (BLOCK // 8)
    raw = b"email\n" + good + b"\xff\xfe\n"

    assert f"line {BLOCK // 8 + 2}" in _refusal(raw)


def test_a_file_cut_in_the_middle_of_a_letter_is_refused() -> None:
    assert "near line 2" in _refusal("email\nмария".encode()[:-1])


def test_utf_16_without_a_mark_is_refused_and_not_an_error() -> None:
    raw = b"email\nann@example.org\n"

    assert "UTF-16" in _refusal(raw, "utf-16")


def test_utf_16_that_nobody_announced_is_called_no_csv() -> None:
    assert "zero byte" in _refusal("email\nann@example.org\n".encode("utf-16-le"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read(end: str) -> None:
    raw = end.join(["email,name", "ann@example.org,Ann", "bob@example.org,Bob", ""]).encode()

    table = read_table(io.BytesIO(raw))

    assert [(row.line, row.cells) for row in table.rows] == [
        (2, ["ann@example.org", "Ann"]),
        (3, ["bob@example.org", "Bob"]),
    ]


def test_the_last_line_needs_no_end() -> None:
    assert _rows(b"email,name\nann@example.org,Ann") == [["ann@example.org", "Ann"]]


def test_a_quoted_cell_may_run_over_lines_and_rows_keep_their_line_number() -> None:
    raw = b'email,note\nann@example.org,"one\ntwo, ""three"""\nbob@example.org,short\n'

    rows = list(read_table(io.BytesIO(raw)).rows)

    assert [(row.line, row.cells) for row in rows] == [
        (2, ["ann@example.org", 'one\ntwo, "three"']),
        (4, ["bob@example.org", "short"]),
    ]


def test_empty_lines_are_passed_over_and_counted() -> None:
    rows = list(read_table(io.BytesIO(b"email,name\n\n,\nann@example.org,Ann\n")).rows)

    assert [(row.line, row.cells) for row in rows] == [(4, ["ann@example.org", "Ann"])]


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"\n\n\n", b"  \n", b",,,\n", b",,,\nann@example.org,,,\n", b'"",""\n', b"\xef\xbb\xbf"]
)
def test_a_file_without_a_header_is_refused(raw: bytes) -> None:
    assert "names of the columns" in _refusal(raw)


def test_a_file_with_only_a_header_has_no_rows() -> None:
    assert _rows(b"email,name\n") == []


def test_a_quotation_mark_that_is_never_closed_swallows_nothing() -> None:
    raw = b'email,name\nann@example.org,"Ann\nbob@example.org,Bob\n'

    assert "line 2" in _refusal(raw)


def test_a_header_that_never_closes_its_quotation_mark_is_refused() -> None:
    assert "line 1" in _refusal(b'"email,name\nann@example.org,Ann\n')


def test_a_quotation_mark_inside_a_cell_is_only_a_letter() -> None:
    assert _rows(b'email,name\nann@example.org,Ann "the boss" Lee\n') == [["ann@example.org", 'Ann "the boss" Lee']]


def test_a_zero_byte_names_its_line() -> None:
    assert "Line 3" in _refusal(b"email\nann@example.org\nbob\0@example.org\n")


def test_too_many_columns_are_refused() -> None:
    header = ",".join(f"c{number}" for number in range(MOST_COLUMNS + 1)).encode()

    assert str(MOST_COLUMNS) in _refusal(header + b"\n")


def test_as_many_columns_as_allowed_are_read() -> None:
    header = ",".join(f"c{number}" for number in range(MOST_COLUMNS)).encode()

    assert len(read_table(io.BytesIO(header + b"\n")).header) == MOST_COLUMNS


class _Endless(io.RawIOBase):
    """A line of ten megabytes that counts what is taken of it."""

    def __init__(self) -> None:
        self.start = b"email\nann@example.org,"
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "read without a bound"
        if self.taken >= 10_000_000:
            return b""
        part = (self.start if self.taken == 0 else b"").ljust(size, b"x")
        self.taken += len(part)
        return part

    def seek(self, offset: int, whence: int = 0) -> int:
        self.taken = offset
        return offset


def test_a_line_of_ten_megabytes_is_refused_without_reading_it() -> None:
    file = _Endless()

    with pytest.raises(UnreadableTable, match="Line 2 is longer"):
        list(read_table(file, encoding="utf-8").rows)  # type: ignore[arg-type]  # reads bytes, as a file does

    assert file.taken <= LONGEST_LINE + 2 * BLOCK


def test_a_quoted_cell_beyond_the_bounds_is_refused() -> None:
    raw = b'email,note\nann@example.org,"' + b"one more line\n" * 20_000 + b'"\n'

    assert "Line 2" in _refusal(raw)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_cell_that_a_spreadsheet_would_run_is_disarmed(start: str) -> None:
    assert disarmed(f"{start}HYPERLINK(A1)") == f"'{start}HYPERLINK(A1)"


@pytest.mark.parametrize(
    ("cell", "text"), [(None, ""), (-5, "-5"), (2.5, "2.5"), (True, "True"), ("", ""), ("a=b", "a=b"), ("'=a", "'=a")]
)
def test_numbers_and_harmless_texts_stay_as_they_are(cell: object, text: str) -> None:
    assert disarmed(cell) == text


def test_what_comes_back_from_a_spreadsheet_says_what_it_said() -> None:
    assert [rearmed(disarmed(cell)) for cell in ("+359 88 123", "=1", "plain", "'quoted'", "", "'")] == [
        "+359 88 123", "=1", "plain", "'quoted'", "", "'",
    ]  # fmt: skip


def test_writing_is_lazy() -> None:
    asked: list[int] = []

    def rows() -> Iterator[list[object]]:
        for number in range(3):
            asked.append(number)
            yield [number]

    lines = write_table(["n"], rows())

    assert next(lines) == "n\r\n"
    assert asked == []
    assert next(lines) == "0\r\n"
    assert asked == [0]


CELLS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=30)


@given(st.integers(1, 6).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=20)))
def test_what_is_written_is_read_back(rows: list[list[str]]) -> None:
    width = len(rows[0]) if rows else 1
    header = [f"c{number}" for number in range(width)]

    raw = "".join(write_table(header, rows)).encode()
    table = read_table(io.BytesIO(raw))

    assert table.header == header
    assert [[rearmed(cell) for cell in row.cells] for row in table.rows] == [
        [rearmed(disarmed(cell)) for cell in row] for row in rows if any(row)
    ]


@given(st.binary(max_size=400), st.sampled_from(["", "utf-8-sig", "utf-16", "cp1251", "cp1252"]))
def test_any_bytes_are_a_table_or_a_sentence(raw: bytes, encoding: str) -> None:
    try:
        rows = _rows(raw, encoding)
    except UnreadableTable:
        return

    assert all(any(row) for row in rows)


def test_python_reads_what_we_write() -> None:
    written = "".join(write_table(["a", "b"], [["x;y", 'say "hi"'], ["one\ntwo", None]]))

    assert list(csv.reader(io.StringIO(written))) == [["a", "b"], ["x;y", 'say "hi"'], ["one\ntwo", ""]]
