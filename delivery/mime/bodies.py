"""The two bodies of a mail with marks where readers differ, by the very functions that make one reader's mail.

A mark may stand for a value only where every value leaves what stands around it as it is: in text, or inside the quotes
of an attribute. HTML of which that cannot be told is for the reference path.
"""

import re
from collections.abc import Callable
from html import escape
from typing import NamedTuple

from campaigns.compiled import NeedsReference
from campaigns.links import SPACE, rewrite_links
from campaigns.plaintext import Reader, link_target, read_by
from campaigns.rendering import insert_at_top
from delivery.links import around_click_token, around_open_token, counted_url, is_tracked
from delivery.messages import pixel
from delivery.mime.marks import MARKED, VALUE_MARK, VALUES, Form, Pattern, Token, Value, link_mark, token_mark
from delivery.mime.quoted import quoted_value

V = VALUE_MARK[1:-1]
ATTRIBUTES = rf"""(?:\s+[^\s"'<>/={V}]++(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>`{V}]++))?+)*+\s*"""
SOUND = re.compile(
    rf"""
    (?: [^<]++
      | <style\b{ATTRIBUTES}>[^<]*+</style\s*>
      | <script\b{ATTRIBUTES}>[^<]*+</script\s*>
      | <(?!(?:style|script)\b)[a-z][^\s/>"'<={V}]*+{ATTRIBUTES}/?>
      | </[a-z][^\s/>"'<={V}]*+\s*>
      | <!--(?!\[if\b)(?:-?>|-->|[^{V}>\[].*?-->|\[[^{V}]{{3}}.*?-->)
      | <!--\[if\b[^<>{V}]*+>
      | <!(?!--)[^<>{V}]*+>
      | <(?=[\s\d])
    )*+
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
DOUBTFUL = re.compile(
    rf"""
    {VALUE_MARK}(?:{VALUE_MARK}|-)*+>              # a value could end in the hyphens that end a comment
    | &[a-z0-9\#]*+{VALUE_MARK}                    # or go on with a character's name
    | (?:style|aria-hidden|start)\s*+=\s*+(?:"[^"]*{VALUE_MARK}|'[^']*{VALUE_MARK})
    | <(?:xmp|iframe|noembed|noframes|noscript|plaintext|textarea)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_sound(html: str) -> bool:
    """Whether every mark stands where its value changes nothing but itself."""
    return SOUND.fullmatch(html) is not None and DOUBTFUL.search(html) is None


class HtmlBody(NamedTuple):
    """The HTML part with its links counted; links to targets that hold marks are themselves marks."""

    text: str
    targets: list[Pattern]


def html_body(html: str, *, is_followed: bool = True) -> HtmlBody:
    """The HTML as it is sent, from the HTML as the template gives it: the same for who is not followed."""
    if not is_followed:
        return HtmlBody(html, [])
    targets: list[Pattern] = []

    def counted(target: str) -> str:
        if is_personal(target):
            targets.append(Pattern(target))
            return link_mark(len(targets) - 1)
        return token_mark(Token.CLICK).join(around_click_token(target)) if is_tracked(target) else target

    opened = pixel(token_mark(Token.OPEN).join(around_open_token()))
    return HtmlBody(insert_at_top(rewrite_links(html, counted), opened), targets)


def is_personal(target: str) -> bool:
    """Whether the address that is counted, and so its signature, differs from reader to reader."""
    return bool(VALUES.search(target) or (MARKED.search(target) and is_tracked(target)))


def personal_link(target: Pattern, delivery_id: int, find: Callable[[str], str]) -> bytes:
    """One reader's link, as it stands in an attribute."""
    return quoted_value(escape(counted_url(delivery_id, target.fill(find).strip(SPACE))))


class SaidLink(NamedTuple):
    """A link with marks, and what the text part says of its address: true as long as it would say it of the values."""

    href: Pattern
    words: Pattern
    said: Pattern

    def require_said(self, find: Callable[[str], str]) -> None:
        """Raises `NeedsReference` when something else is to be said of this reader's link."""
        if link_target(self.href.fill(find), self.words.fill(find)) != self.said.fill(find):
            raise NeedsReference


class TextBody(NamedTuple):
    """The text part, and the links whose wording has to be looked at again for each reader."""

    text: str
    links: list[SaidLink]


def text_body(html: str, values: dict[str, Value]) -> TextBody:
    """The text part of HTML with marks. Raises `NeedsReference` when a value would not come out as it went in."""
    reader = _LinkReader()
    text = read_by(reader, html)
    for mark in VALUES.findall("".join(reader.taken_as_is)):
        form = values[mark].form
        if isinstance(form, str) or form & Form.CHANGED:
            raise NeedsReference
    return TextBody(text, reader.links)


class _LinkReader(Reader):
    """Notes where marks stand in what is not treated as running text."""

    def __init__(self) -> None:
        super().__init__()
        self.taken_as_is: list[str] = []
        self.links: list[SaidLink] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.taken_as_is += [value for name, value in attrs if value and name in {"href", "alt"}]
        super().handle_starttag(tag, attrs)

    def close_link(self) -> None:
        words = " ".join("".join(self.words).split())
        if self.href and VALUES.search(self.href + words):
            self.taken_as_is.append(words)
            self.links.append(SaidLink(Pattern(self.href), Pattern(words), Pattern(link_target(self.href, words))))
        super().close_link()
