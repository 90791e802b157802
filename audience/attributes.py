"""Typed attribute values: from what people and programs write to what is stored."""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from audience.models import AttributeDefinition, AttributeKind
from emailops.lib.errors import DomainError

YES = {"yes", "y", "true", "1", "да", "д", "истина", "on"}
NO = {"no", "n", "false", "0", "нет", "н", "не", "ложь", "off"}
LONGEST_VALUE = 1000
LARGEST_POWER = 300  # of ten; beyond it a number is no float and so no JSON
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")  # 1,234: a thousand in London, one and a bit in Sofia
DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%Y/%m/%d")


class TwoReadings(ValueError):
    """A number whose comma may separate thousands or decimals."""


class AttributeRefused(DomainError):
    """A value does not fit the attribute's kind, or the attribute cannot be made or changed that way."""

    code = "attribute_refused"
    status = 400


def stored_value(definition: AttributeDefinition, value: Any) -> Any:
    """The JSON value to keep: text, number, boolean or ISO date. Raises `AttributeRefused` with a sentence."""
    reader = _READERS[AttributeKind(definition.kind)]
    try:
        return reader(value)
    except TwoReadings as error:
        raise AttributeRefused(
            _("“%(value)s” for “%(attribute)s” can be read in two ways. Write it without a comma, or with a point.")
            % {"value": str(value)[:60], "attribute": definition.label}
        ) from error
    except (ValueError, TypeError, InvalidOperation) as error:
        raise AttributeRefused(
            _("“%(value)s” is not a %(kind)s for “%(attribute)s”.")
            % {"value": str(value)[:60], "kind": definition.get_kind_display().lower(), "attribute": definition.label}
        ) from error


def shown_value(definition: AttributeDefinition, value: Any) -> str:
    """A stored value in the reader's notation."""
    if definition.kind == AttributeKind.BOOLEAN and isinstance(value, bool):
        return _("Yes") if value else _("No")
    if definition.kind == AttributeKind.DATE and isinstance(value, str):
        return date_format(date.fromisoformat(value), "DATE_FORMAT")
    if definition.kind == AttributeKind.NUMBER and isinstance(value, int | float):
        return number_format(value, force_grouping=True)
    return str(value)


def _text(value: Any) -> str:
    if isinstance(value, list | dict):
        raise TypeError
    text = str(value).strip()
    if len(text) > LONGEST_VALUE or "\0" in text:
        raise ValueError
    return text


def _number(value: Any) -> int | float:
    if isinstance(value, bool):
        raise TypeError
    text = str(value).strip()
    if THOUSANDS.fullmatch(text):
        raise TwoReadings
    number = Decimal(text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace(",", "."))
    if not number.is_finite() or number.adjusted() > LARGEST_POWER:
        raise ValueError
    return int(number) if number == number.to_integral_value() and "e" not in text.lower() else float(number)


def _date(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    day = re.split(r"[T\s]", str(value).strip(), maxsplit=1)[0]
    for pattern in DATE_FORMATS:
        try:
            return datetime.strptime(day, pattern).date().isoformat()  # noqa: DTZ007  a date has no zone
        except ValueError:
            continue
    raise ValueError


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise ValueError


_READERS = {
    AttributeKind.TEXT: _text,
    AttributeKind.NUMBER: _number,
    AttributeKind.DATE: _date,
    AttributeKind.BOOLEAN: _boolean,
}
