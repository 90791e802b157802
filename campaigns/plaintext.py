"""The plain text part of a mail, made from its HTML."""

import re
from html.parser import HTMLParser

BLOCKS = {"div", "tr", "section", "article", "header", "footer", "hr", "dl", "dt", "dd", "pre", "figure", "center"}
PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "table"}
SILENT = {"head", "style", "script", "title", "template"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
BREAKS = dict.fromkeys(BLOCKS, 1) | dict.fromkeys(PARAGRAPHS, 2)
"""How many line breaks stand at least before and after an element."""
CLOSED_BY_THE_NEXT = {"p", "li", "tr", "td", "th", "dt", "dd", "option"}  # HTML lets their end tags be left out
HIDDEN_STYLE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
UNSEEN = re.compile(r"<!--(?:-?>|.*?(?:-->|\Z))|<!\[[^>]*>", re.DOTALL)
"""Comments, and Outlook's conditions, on which Python's parser stumbles."""
SPACES = re.compile(r"[ \t\u00a0]+")
EMPTY_LINES = re.compile(r"\n{3,}")
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u034f\u200b\u200c\u200d\u2060\ufeff"))


def text_from_html(html: str) -> str:
    """What a reader without HTML sees: paragraphs, list marks, and the address of each link after its words.

    Hidden elements (`hidden`, `aria-hidden="true"`, `display:none`) are left out, so that a preheader is not read
    twice.
    """
    return read_by(Reader(), html)


def read_by(parser: "Reader", html: str) -> str:
    """`text_from_html`, by a reader that may look for more on its way."""
    parser.feed(UNSEEN.sub("", html))
    parser.close()
    text = SPACES.sub(" ", "".join(parser.parts).translate(INVISIBLE))
    lines = "\n".join(line.strip() for line in text.split("\n"))
    return EMPTY_LINES.sub("\n\n", lines).strip() + "\n"


def _is_silent(tag: str, attributes: dict[str, str | None]) -> bool:
    return (
        tag in SILENT
        or "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or bool(HIDDEN_STYLE.search(attributes.get("style") or ""))
    )


class Reader(HTMLParser):
    """Collects the text in `parts`; `breaks` counts the line breaks at its end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent: list[str] = []
        self.lists: list[int] = []  # the next number of each open list; -1: it has none
        self.breaks = 0
        self.after_mark = False
        self.href = ""
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._stays_silent(tag, given):
            return
        self._break(BREAKS.get(tag, 0))
        if tag in {"ul", "ol"}:
            self.lists.append(_first_number(given) if tag == "ol" else -1)
        elif tag == "li":
            self._mark()
        elif tag == "img":
            self._say(given.get("alt") or "")
        elif tag == "a":
            self.close_link()
            self.href, self.words = given.get("href") or "", []
        elif tag == "br":
            self._break(self.breaks + 1)
        elif tag in {"hr", "td", "th"}:
            self._say("---\n" if tag == "hr" else " ")

    def _stays_silent(self, tag: str, given: dict[str, str | None]) -> bool:
        if tag == "body":
            self.silent.clear()  # it also ends a head without an end tag
        if self.silent and tag == self.silent[-1] and tag in CLOSED_BY_THE_NEXT:
            self.silent.pop()
        if not self.silent and not _is_silent(tag, given):
            return False
        if tag not in VOID:
            self.silent.append(tag)
        return True

    def handle_endtag(self, tag: str) -> None:
        if self.silent:
            if tag in self.silent:
                while self.silent.pop() != tag:
                    pass
            return
        if tag == "a":
            self.close_link()
        elif tag in {"ul", "ol"} and self.lists:
            self.lists.pop()
        self._break(BREAKS.get(tag, 0))

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self._say(re.sub(r"\s+", " ", data))

    def _break(self, wanted: int) -> None:
        """See to it that so many line breaks stand here; none directly after a list's mark."""
        if wanted > self.breaks and not self.after_mark:
            self.parts.append("\n" * (wanted - self.breaks))
            self.breaks = wanted

    def _mark(self) -> None:
        """Begin a line of a list with its dash or its number."""
        number = self.lists[-1] if self.lists else -1
        self.after_mark = False
        self._break(1)
        self.parts.append("- " if number < 0 else f"{number}. ")
        self.breaks, self.after_mark = 0, True
        if number >= 0:
            self.lists[-1] = number + 1

    def _say(self, text: str) -> None:
        self.parts.append(text)
        self.words.append(text)
        if text.strip():
            self.breaks, self.after_mark = 0, False

    def close_link(self) -> None:
        """Say where the link leads that was open until here."""
        words = " ".join("".join(self.words).split())
        target = link_target(self.href, words)
        if target:
            self._say(f" ({target})" if words else target)
        self.href = ""


def link_target(href: str, words: str) -> str:
    """What is said of a link's address after its words; nothing when the words say it, or when it leads nowhere."""
    target = href.strip().removeprefix("mailto:").removeprefix("tel:")
    return "" if target == words or target.startswith("#") else target


def _first_number(given: dict[str, str | None]) -> int:
    start = given.get("start") or ""
    return int(start) if start.isdecimal() else 1
