"""The plain text part of a mail, made from its HTML."""

import re
from html.parser import HTMLParser

BLOCKS = {"p", "div", "table", "tr", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "section", "hr"}
PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "table"}
SILENT = {"head", "style", "script", "title"}
VOID = {"br", "img", "hr", "meta", "link", "input", "col", "source"}
OPENINGS = {"br": "\n", "li": "\n- ", "hr": "---\n"}


def text_from_html(html: str) -> str:
    """What a reader without HTML sees: paragraphs, list marks, and the address of each link after its words.

    Elements with `hidden` or `aria-hidden="true"` are left out, so that a preheader is not read twice.
    """
    parser = _Reader()
    parser.feed(html)
    parser.close()
    text = "".join(parser.parts)
    lines = [re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _is_silent(tag: str, attributes: dict[str, str | None]) -> bool:
    return tag in SILENT or "hidden" in attributes or attributes.get("aria-hidden") == "true"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent: list[str] = []
        self.href = ""
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self.silent or _is_silent(tag, given):
            if tag not in VOID:
                self.silent.append(tag)
            return
        if tag in BLOCKS:
            self.parts.append("\n\n" if tag in PARAGRAPHS else "\n")
        self.parts.append(OPENINGS.get(tag, ""))
        if tag == "img":
            self._say(given.get("alt") or "")
        if tag == "a":
            self.href, self.words = given.get("href") or "", []

    def handle_endtag(self, tag: str) -> None:
        if self.silent:
            if tag in self.silent:
                while self.silent.pop() != tag:
                    pass
            return
        if tag == "a" and self.href:
            self._close_link()
        if tag in PARAGRAPHS:
            self.parts.append("\n\n")
        if tag == "td":
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self._say(re.sub(r"\s+", " ", data))

    def _say(self, text: str) -> None:
        self.parts.append(text)
        self.words.append(text)

    def _close_link(self) -> None:
        words = "".join(self.words).strip()
        target = self.href.removeprefix("mailto:")
        if target != words and not target.startswith("#"):
            self.parts.append(f" ({target})")
        self.href = ""
