"""The table in docs/sending.md is written by the command, row by row."""

from pathlib import Path

import pytest

from tests.faults.finding import Finding
from tests.faults.registry import FAULTS
from tests.faults.table import BEGIN, DOCUMENT, END, ROW, write_table


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "sending.md"
    path.write_text(f"before\n{BEGIN}{END}after\n")
    return path


def _found(scale: str, kills: int) -> dict[str, object]:
    finding = Finding(scale, facts={"kills": kills})
    finding.at_most("sent twice", 0)
    finding.at_most("latest start", 4.25, 30, " s")
    return {**finding.as_json(), "seed": 7}


def test_a_row_has_every_figure_with_its_bound(document: Path) -> None:
    write_table({"R3": ("beat killed", _found("1,000 messages", 20))}, document)

    row = "| R3 | beat killed | 1,000 messages; seed 7 | sent twice 0 (0); latest start 4.25 (30) s. Kills 20 |\n"
    assert row in document.read_text()
    assert document.read_text().startswith("before\n")
    assert document.read_text().endswith("after\n")


def test_a_fault_that_was_tried_again_replaces_only_its_own_row(document: Path) -> None:
    write_table({"R12": ("races", _found("old", 1)), "R3": ("beat killed", _found("old", 2))}, document)

    write_table({"R12": ("races", _found("new", 3))}, document)

    rows = {row[1]: row[0] for row in ROW.finditer(document.read_text())}
    assert list(rows) == ["R3", "R12"]
    assert "old" in rows["R3"]
    assert "new" in rows["R12"]


def test_the_document_has_a_row_for_every_fault() -> None:
    assert [row[1] for row in ROW.finditer(DOCUMENT.read_text())] == list(FAULTS)


def test_a_finding_without_a_figure_has_shown_nothing() -> None:
    finding = Finding("1 message")

    assert not finding.holds
