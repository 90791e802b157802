"""Figures of KPIs and goals in the reader's notation. Rates are kept as fractions and read as percentages."""

from decimal import ROUND_HALF_UP, Decimal
from math import isfinite

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from strategy.models import Unit
from workspaces.templatetags.ui import money, percent

HUNDRED = 100
NOTHING = "–"


def figure(value: Decimal | float | None, unit: str, currency: str) -> str:
    """A figure in its unit: `31.6%`, `€41,286`, `32,480`; a dash when there is none, ∞ for an open end."""
    if value is None:
        return NOTHING
    if not isfinite(value):
        return "∞" if value > 0 else "−∞"
    amount = Decimal(value)
    if unit == Unit.RATE:
        return percent(amount, _digits(amount * HUNDRED, 1 if abs(amount) >= Decimal("0.1") else 2))
    if unit == Unit.MONEY:
        return money(amount, currency)
    digits = _digits(amount, 2 if abs(amount) < HUNDRED else 0)
    return number_format(_rounded(amount, digits), digits)


def change(difference: Decimal, before: Decimal, unit: str) -> str:
    """How far a figure moved, without its sign: rates in percentage points, everything else as a share of before."""
    if unit == Unit.RATE:
        digits = _digits(difference * HUNDRED, 1 if abs(difference) >= Decimal("0.001") else 2)
        return _("%(value)s points") % {"value": percent(abs(difference), digits).rstrip("%")}
    if not before:
        return _("from nothing")
    return percent(abs(difference / before))


def unit_sign(unit: str, currency: str) -> str:
    """What people read beside a box into which they type a figure; empty for plain numbers."""
    return {Unit.RATE.value: "%", Unit.MONEY.value: currency}.get(unit, "")


def _digits(amount: Decimal, most: int) -> int:
    """How many digits an amount needs after the point, at most so many: no zeros at the end."""
    exponent = _rounded(amount, most).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _rounded(amount: Decimal, digits: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
