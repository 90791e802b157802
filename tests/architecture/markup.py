"""Django templates as a browser and a translator see them."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from django.template.base import Lexer, Token, TokenType

HOLE = " \N{REPLACEMENT CHARACTER} "
"""Stands for whatever a tag or variable renders; no letter, so that it is no untranslated word."""

NAMES = re.compile(r"\b(EmailOps|OpenAPI)\b")
"""What is called the same in every language."""

SHOWN = {"title", "alt", "placeholder", "aria-label", "aria-description", "label", "data-confirm"}
"""Attributes that people see or hear."""

INCLUDED = re.compile(r"""\b(?:title|text|action|label|hint|note)=(?:"([^"]*)"|'([^']*)')""")
"""What an `{% include %}` or a tag of ours is told to show, in plain quotes: `_("…")` does not match."""

SILENT = {"script", "style", "code", "kbd", "pre", "samp"}
VERBATIM = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
"""Liquid inside `{% verbatim %}`, which is text to Django."""

WORD = re.compile(r"[^\W\d_]{2,}")


def tokens_of(source: str) -> list[Token]:
    return Lexer(source).tokenize()


def without_tags(source: str) -> str:
    """The template with a hole for every tag and variable, and without what is translated or a comment."""
    kept, closing = [], ""
    for token in tokens_of(source):
        name = token.contents.split()[0] if token.contents.split() else ""
        if closing:
            closing = "" if token.token_type == TokenType.BLOCK and name == closing else closing
        elif token.token_type == TokenType.TEXT:
            kept.append(VERBATIM.sub(HOLE, token.contents))
        elif token.token_type == TokenType.BLOCK and name == "block" and token.contents.endswith("class"):
            closing = "endblock"
            kept.append(HOLE)
        elif token.token_type == TokenType.BLOCK and name in {"blocktranslate", "blocktrans", "comment"}:
            closing = f"end{name}"
            kept.append(HOLE)
        elif token.token_type != TokenType.COMMENT:
            kept.append(HOLE)
    return "".join(kept)


class _Reader(HTMLParser):
    """Collects texts and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[tuple[int, str]] = []
        self.attributes: list[tuple[int, str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(self.getpos()[0], tag, name, value or "") for name, value in attrs]
        if tag in SILENT:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            self.open.remove(tag)

    def handle_data(self, data: str) -> None:
        if not self.open:
            self.texts.append((self.getpos()[0], data))


def read(source: str) -> _Reader:
    reader = _Reader()
    reader.feed(without_tags(source))
    reader.close()
    return reader


def untranslated(source: str) -> Iterator[str]:
    """Words that people see and that no translator does."""
    reader = read(source)
    for _line, text in reader.texts:
        if WORD.search(NAMES.sub("", text)):
            yield " ".join(text.split())
    for _line, _tag, name, value in reader.attributes:
        if name in SHOWN and WORD.search(value):
            yield f'{name}="{value}"'
    for token in tokens_of(source):
        if token.token_type == TokenType.BLOCK and token.contents.split()[0] in {"include", "icon", "bar"}:
            yield from (found.group() for found in INCLUDED.finditer(token.contents) if WORD.search(found.group(0)[5:]))


def inline_code(source: str) -> Iterator[str]:
    """What the content security policy of our pages forbids: scripts, styles and handlers inside the page."""
    for line, tag, name, _value in read(source).attributes:
        if name == "style" or name.startswith("on"):
            yield f"<{tag} {name}>, line {line}"
    for found in re.finditer(r"<(script|style)\b([^>]*)>", without_tags(source), re.IGNORECASE):
        is_data = re.search(r'type="(application/json|text/plain)"', found.group(2))
        if found.group(1).lower() == "style" or not ("src=" in found.group(2) or is_data):
            yield found.group()
