"""Texts to begin with, kept as files: a head of `name: value` lines, a line of three dashes, the text."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "starters"
IN_ORDER = ("announcement", "letter", "reminder")


@dataclass(frozen=True, slots=True)
class StarterText:
    """A text to begin with; `title` and `about` say what it is good for."""

    key: str
    title: str
    about: str
    subject: str
    preheader: str
    source: str


def starter_texts(language: str) -> list[StarterText]:
    """The texts in this language, or in English where nobody has written them yet."""
    return [_read(key, language) for key in IN_ORDER]


def starter_text(key: str, language: str) -> StarterText | None:
    return _read(key, language) if key in IN_ORDER else None


@cache
def _read(key: str, language: str) -> StarterText:
    """`letter.bg.md` is the Bulgarian letter, `letter.md` the English one."""
    translated = FOLDER / f"{key}.{language}.md"
    raw = (translated if translated.exists() else FOLDER / f"{key}.md").read_text()
    head, _dashes, source = raw.partition("\n---\n")
    values = dict(line.split(": ", 1) for line in head.splitlines())
    return StarterText(key, values["title"], values["about"], values["subject"], values["preview"], source)
