"""The words people write about a story, as safe HTML: a subset of Markdown, addresses as links, mentions marked.

Raw HTML is shown as it was typed. Links lead out with `rel="nofollow ugc noopener noreferrer"`, so that what somebody
pastes earns nothing and learns nothing.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

RULES = [
    "newline", "escape", "backticks", "emphasis", "strikethrough", "link", "autolink", "entity",
    "list", "blockquote", "fence", "code",
]  # fmt: skip
"""No images, no headings, no tables, no raw HTML."""

REL = "nofollow ugc noopener noreferrer"
ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]}]")
LONGEST_EXCERPT = 240

_markdown = MarkdownIt("zero", {"html": False, "breaks": True}).enable(RULES)


def to_html(text: str, names: Collection[str] = ()) -> SafeString:
    """The text as HTML, with `@name` marked for these names."""
    return _read(text, tuple(names))


@lru_cache(maxsize=2_000)
def _read(text: str, names: tuple[str, ...]) -> SafeString:
    """Kept, since pages show the same comments again and again."""
    tokens = _markdown.parse(text)
    marks = _pattern(names)
    for token in tokens:
        if token.type == "inline":
            token.children = list(_finished(token.children or [], marks))
    html: str = _markdown.renderer.render(tokens, _markdown.options, {})
    return mark_safe(html)  # noqa: S308  rendered with raw HTML switched off


def excerpt(text: str) -> str:
    """The beginning of a text on one line, without its marks."""
    paragraphs = (token.children or [token] for token in _markdown.parse(text))
    words = (
        "".join(" " if child.type in {"softbreak", "hardbreak"} else child.content for child in children)
        for children in paragraphs
    )
    shown = " ".join(" ".join(words).split())
    return shown if len(shown) <= LONGEST_EXCERPT else f"{shown[: LONGEST_EXCERPT - 1].rstrip()}…"


def mentions_in(text: str, names: Collection[str]) -> set[str]:
    """Which of the names the text mentions as `@name`, outside code; of two that fit the longer one."""
    pattern = _pattern(names)
    if pattern is None:
        return set()
    known = {name.casefold(): name for name in names}
    inside = [child for token in _markdown.parse(text) for child in token.children or [] if child.type == "text"]
    return {known[found.casefold()] for token in inside for found in pattern.findall(token.content)}


def _pattern(names: Collection[str]) -> re.Pattern[str] | None:
    if not names:
        return None
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(rf"(?<![\w@])@({'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)


def _finished(tokens: list[Token], marks: re.Pattern[str] | None) -> Iterator[Token]:
    """The tokens of a paragraph, with links that lead out safely, plain addresses as links, and mentions marked."""
    depth = 0
    for token in tokens:
        if token.type == "link_open":
            depth += 1
            token.attrSet("rel", REL)
        elif token.type == "link_close":
            depth -= 1
        if token.type == "text" and not depth:
            yield from _with_links(token.content, marks)
        else:
            yield token


def _with_links(text: str, marks: re.Pattern[str] | None) -> Iterator[Token]:
    end = 0
    for found in ADDRESS.finditer(text):
        yield from _with_mentions(text[end : found.start()], marks)
        yield from _link(found.group())
        end = found.end()
    yield from _with_mentions(text[end:], marks)


def _link(address: str) -> Iterator[Token]:
    href = _markdown.normalizeLink(address)
    if not _markdown.validateLink(href):
        yield _text(address)
        return
    yield Token("link_open", "a", 1, attrs={"href": href, "rel": REL})
    yield _text(address)
    yield Token("link_close", "a", -1)


def _with_mentions(text: str, marks: re.Pattern[str] | None) -> Iterator[Token]:
    end = 0
    for found in marks.finditer(text) if marks else ():
        yield _text(text[end : found.start()])
        yield Token("mention_open", "span", 1, attrs={"class": "mention"})
        yield _text(found.group())
        yield Token("mention_close", "span", -1)
        end = found.end()
    yield _text(text[end:])


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
