"""Days in words, for pages that name the same few of them hundreds of times."""

from datetime import date
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.translation import get_language


def day_in_words(day: date, form: str = "DATE_FORMAT") -> str:
    """What `django.utils.formats.date_format` says of a day, in the reader's language.

    Not for moments: what is said of these depends on the time zone as well.
    """
    return _said(day, form, get_language())


@lru_cache(maxsize=4_000)  # a few years of days in a few languages and forms
def _said(day: date, form: str, _language: str | None) -> str:
    return date_format(day, form)
