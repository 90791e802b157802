"""Marks: characters that stand for values while the rest of a mail is prepared.

They come from the planes of Unicode that are for private use, of which no mail makes use; a text that does is one for
the reference path.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from html import unescape
from operator import itemgetter
from typing import Any, NamedTuple

from campaigns.compiled import NeedsReference
from campaigns.plaintext import INVISIBLE, SPACES
from delivery.mime.quoted import ATOM, quoted_piece, quoted_value

FIRST_VALUE, LAST_VALUE = 0xF0000, 0xF8000
FIRST_LINK, FIRST_TOKEN = 0xF8001, 0x10FFF0
MARK = "[\U000f0000-\U0010ffff]"
VALUE_MARK = "[\U000f0000-\U000f8000]"
MARKED = re.compile(MARK)
TOKEN_MARK = re.compile("([\U0010fff0-\U0010fff2])")
VARIABLE = re.compile("([\U000f0000-\U0010ffef])")
CLEAN = re.compile(r"(?:[^<>\"'&]|&(?:amp|lt|gt|#34|#39);)*+").fullmatch
WORDS = re.compile(r"(?!\.)[A-Za-z0-9.,:/@_+?;#%!()*-]+(?: [A-Za-z0-9.,:/@_+?;#%!()*-]+)*+").fullmatch
LONGEST_WORDS = 70  # characters: they stand in one line
WHITE = re.compile(r"\s+")
VALUES = re.compile(VALUE_MARK)
LONGEST_VALUE = 20_000  # characters; beyond, the reference path looks after the limits


class Token(IntEnum):
    """The tokens of one message."""

    CLICK = 0
    OPEN = 1
    UNSUBSCRIBE = 2


class Form(IntEnum):
    """How a value stands in the text part: flags that can be combined; 0 is a value without anything odd."""

    AS_IT_IS = 0
    SPACE_BEFORE = 1
    SPACE_AFTER = 2
    CHANGED = 4
    EMPTY = 8
    ADDRESS = 16


class Value(NamedTuple):
    """What a value becomes: quoted for the HTML part, quoted for the text part, and as plain text.

    A `str` as form is HTML that changes what stands around it, or may: it belongs to the prepared part.
    """

    html: bytes
    text: bytes
    plain: str
    form: int | str


def value_mark(number: int) -> str:
    if number >= LAST_VALUE - FIRST_VALUE:
        raise NeedsReference
    return chr(FIRST_VALUE + number)


def link_mark(number: int) -> str:
    return chr(FIRST_LINK + number)


def token_mark(token: Token) -> str:
    return chr(FIRST_TOKEN + token)


def value_of(html: str) -> Value:
    """What becomes of the HTML of a value. Raises `NeedsReference` for what cannot be prepared."""
    if len(html) <= LONGEST_WORDS and WORDS(html):
        raw = html.encode()
        return Value(raw, raw, html, Form.AS_IT_IS.value)  # what the rest would find, in a tenth of the time
    if len(html) > LONGEST_VALUE or MARKED.search(html):
        raise NeedsReference
    if not CLEAN(html):
        return Value(b"", b"", "", html)
    said = unescape(html)
    shown = SPACES.sub(" ", WHITE.sub(" ", said).translate(INVISIBLE))
    core = shown.strip()
    form = _form(said, shown, core)
    if form & Form.EMPTY and form & Form.CHANGED:
        return Value(b"", b"", "", html)
    return Value(quoted_value(html), quoted_value(core), said, form)


def _form(said: str, shown: str, core: str) -> int:
    form = Form.CHANGED if said != shown else Form.AS_IT_IS
    if not core:
        return form | Form.EMPTY | (Form.SPACE_BEFORE if shown else 0)
    return form | (Form.SPACE_BEFORE if shown[0] == " " else 0) | (Form.SPACE_AFTER if shown[-1] == " " else 0)


def in_html(value: Value, mark: str, address: str) -> str:
    """What stands in the prepared HTML for a value."""
    if isinstance(value.form, str):
        return value.form
    return address if value.form == Form.ADDRESS else mark


def in_text(value: Value, mark: str, address: str) -> str:
    """What stands in the HTML from which the text part is prepared."""
    if isinstance(value.form, str) or value.form == Form.ADDRESS:
        return in_html(value, mark, address)
    before = " " if value.form & Form.SPACE_BEFORE else ""
    if value.form & Form.EMPTY:
        return before
    return before + mark + (" " if value.form & Form.SPACE_AFTER else "")


class Pattern:
    """A text with marks, to be filled with plain texts."""

    def __init__(self, text: str) -> None:
        self._pieces = MARKED.split(text)
        self.marks = MARKED.findall(text)

    def fill(self, find: Callable[[str], str]) -> str:
        filled = self._pieces.copy()
        for number, mark in enumerate(self.marks):
            filled[number] += find(mark)
        return "".join(filled)


class Sheet:
    """Prepared bytes and the slots between them, in order."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = [b""]
        self._slots: list[int] = []

    def add(self, raw: bytes) -> None:
        self.pieces[-1] += raw

    def add_slot(self, number: int) -> None:
        """The place of the value with this number."""
        self._slots.append(number)
        self.pieces += [b"", b""]

    def add_text(self, text: str, slot_of: Callable[[str], int]) -> None:
        """A body in quoted-printable, its marks as slots."""
        parts = VARIABLE.split(text)
        for number, part in enumerate(parts):
            if number % 2:
                self.add_slot(slot_of(part))
            else:
                self._add_piece(part, number == 0, number == len(parts) - 1, slot_of)

    def _add_piece(self, text: str, opens: bool, closes: bool, slot_of: Callable[[str], int]) -> None:
        if text.endswith("\r") and not closes:
            raise NeedsReference  # a value that begins with a line feed would make one line end of the two
        parts = TOKEN_MARK.split(text)
        tokens = parts[1::2]
        atoms = [ord(part) - FIRST_TOKEN if number % 2 else part for number, part in enumerate(parts)]
        pieces = ATOM.split(quoted_piece(atoms, opens=opens, closes=closes))
        self.add(pieces[0])
        for token, piece in zip(tokens, pieces[1:], strict=True):
            self.add_slot(slot_of(token))
            self.add(piece)

    def extend(self, other: "Sheet") -> None:
        self.pieces[-1] += other.pieces[0]
        self.pieces += other.pieces[1:]
        self._slots += other._slots

    def filler(self) -> Callable[[Sequence[bytes]], bytes]:
        """A function that puts values into their slots."""
        pieces, pick = self.pieces, _picker(self._slots)

        def fill(values: Sequence[bytes]) -> bytes:
            filled = pieces.copy()
            filled[1::2] = pick(values)
            return b"".join(filled)

        return fill


def _picker(numbers: Sequence[int]) -> Callable[[Sequence[bytes]], Iterable[bytes]]:
    if len(numbers) > 1:
        picked: Any = itemgetter(*numbers)
        return picked  # type: ignore[no-any-return]
    return lambda values: [values[number] for number in numbers]
