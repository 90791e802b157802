"""The links of a rendered mail."""

import re
from collections.abc import Callable, Iterator
from html import escape, unescape

LINK = re.compile(
    r"""(?P<head><(?:a|area)\b(?:[^>"']|"[^"]*"|'[^']*')*?\bhref\s*=\s*)(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')""",
    re.IGNORECASE,
)


def links_in(html: str) -> Iterator[str]:
    """The target of every link, in order, as a browser reads it."""
    for found in LINK.finditer(html):
        yield _target(found)


def rewrite_links(html: str, rewrite: Callable[[str], str]) -> str:
    """The same HTML with each link's target replaced by what `rewrite` returns for it."""
    return LINK.sub(lambda found: f'{found["head"]}"{escape(rewrite(_target(found)))}"', html)


def _target(found: re.Match[str]) -> str:
    return unescape(found["double"] if found["double"] is not None else found["single"]).strip()
