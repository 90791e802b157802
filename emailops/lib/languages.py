"""Two languages at once: the reader's, in which a workspace wrote its words, and one that the product itself speaks.

They differ while the product has no complete catalogue of a language. Then its own words, dates and refusals are all in
English, and none of them half so; what the workspace wrote is shown in the reader's language all the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.utils import translation

_readers: ContextVar[str] = ContextVar("readers_language", default="")


def interface_language(code: str) -> str:
    """The language in which the product speaks to somebody of this one."""
    return code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


@contextmanager
def speaking_to(code: str) -> Iterator[None]:
    """Speak to a reader of this language: the workspace's words in it, the product's as far as it speaks it."""
    before = _readers.set(code)
    try:
        with translation.override(interface_language(code)):
            yield
    finally:
        _readers.reset(before)


def readers_language() -> str:
    """In which language to show what a workspace wrote: the reader's, or that of whoever is signed in."""
    return _readers.get() or translation.get_language() or ""
