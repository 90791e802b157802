"""The links of a rendered mail, read as a browser reads them."""

import re
from collections.abc import Callable, Iterator
from html import escape, unescape

TAG = re.compile(
    r"""
    <!--(?!\[if\b)(?:-?>|.*?(?:-->|\Z))  # a comment; what Outlook reads in its conditions is none
    |
    <(?P<name>[a-z][^\s/>]*)(?P<inside>(?:[^>"']|"[^"]*(?:"|\Z)|'[^']*(?:'|\Z))*+)
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
ATTRIBUTE = re.compile(r"""(?P<key>[^\s"'>/=]+)(?:\s*=\s*(?P<value>"[^"]*"|'[^']*'|[^\s"'>][^\s>]*))?""")
LINKS = {"a", "area"}
SPACE = " \t\n\f\r"  # what HTML strips from an address


def links_in(html: str) -> Iterator[str]:
    """The target of every link, in order, as a browser reads it."""
    for tag in TAG.finditer(html):
        href = _href(tag)
        if href is not None:
            yield _target(href)


def rewrite_links(html: str, rewrite: Callable[[str], str]) -> str:
    """The same HTML with each link's target replaced by what `rewrite` returns for it. Comments stay as they are."""

    def rewritten(tag: re.Match[str]) -> str:
        href = _href(tag)
        if href is None:
            return tag.group()
        start, end = href.span("value")
        inside = tag["inside"]
        return f'<{tag["name"]}{inside[:start]}"{escape(rewrite(_target(href)))}"{inside[end:]}'

    return TAG.sub(rewritten, html)


def _href(tag: re.Match[str]) -> re.Match[str] | None:
    """The first `href` of a link's tag, which is the one that counts; None for comments, anchors and other tags."""
    if (tag["name"] or "").lower() not in LINKS:
        return None
    attributes = ATTRIBUTE.finditer(tag["inside"])
    return next((found for found in attributes if found["key"].lower() == "href" and found["value"] is not None), None)


def _target(href: re.Match[str]) -> str:
    value = href["value"]
    return unescape(value[1:-1] if value[0] in "\"'" else value).strip(SPACE)
