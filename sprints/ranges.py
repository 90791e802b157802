"""Ranges of days and of amounts in the reader's notation."""

from datetime import date
from decimal import Decimal

from babel.numbers import format_compact_currency
from django.utils.translation import get_language

from emailops.lib.days import day_in_words
from workspaces.templatetags.ui import money

COMPACT_FROM = 10_000  # two amounts from here on are too long for a tile, and nobody reads their last digits


def days_between(first: date, last: date) -> str:
    """A window of days without the year: `26 May – 5 June`; one day is one day."""
    start, end = (day_in_words(day, "MONTH_DAY_FORMAT") for day in (first, last))
    return start if first == last else f"{start} – {end}"


def money_between(low: Decimal, high: Decimal, currency: str) -> str:
    """A range of amounts, short from ten thousand on: `€900–€1,200`, `€18.4K–€23.9K`."""
    shown = [_compact(amount, currency) if high >= COMPACT_FROM else money(amount, currency) for amount in (low, high)]
    return shown[0] if low == high else "–".join(shown)


def _compact(amount: Decimal, currency: str) -> str:
    locale = (get_language() or "en").replace("-", "_")
    return str(format_compact_currency(amount, currency, locale=locale, fraction_digits=1))
