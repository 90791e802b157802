"""Typed attribute values: from what people and programs write to what is stored."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from audience.models import AttributeDefinition, AttributeKind
from emailops.lib.errors import DomainError

YES = {"yes", "y", "true", "1", "да", "д", "истина", "on"}
NO = {"no", "n", "false", "0", "нет", "н", "не", "ложь", "off"}
LONGEST_VALUE = 1000
DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%Y/%m/%d")


class AttributeRefused(DomainError):
    """A value does not fit the attribute's kind, or the attribute cannot be made or changed that way."""

    code = "attribute_refused"
    status = 400


def stored_value(definition: AttributeDefinition, value: Any) -> Any:
    """The JSON value to keep: text, number, boolean or ISO date. Raises `AttributeRefused` with a sentence."""
    reader = _READERS[AttributeKind(definition.kind)]
    try:
        return reader(value)
    except (ValueError, TypeError, InvalidOperation) as error:
        raise AttributeRefused(
            _("“%(value)s” is not a %(kind)s for “%(attribute)s”.")
            % {"value": str(value)[:60], "kind": definition.get_kind_display().lower(), "attribute": definition.label}
        ) from error


def _text(value: Any) -> str:
    text = str(value).strip()
    if len(text) > LONGEST_VALUE or "\0" in text:
        raise ValueError
    return text


def _number(value: Any) -> int | float:
    if isinstance(value, bool):
        raise TypeError
    text = str(value).strip().replace("\u00a0", "").replace(" ", "").replace(",", ".")
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError
    return int(number) if number == number.to_integral_value() and "e" not in text.lower() else float(number)


def _date(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value).strip()
    for pattern in DATE_FORMATS:
        try:
            return datetime.strptime(text[:10], pattern).date().isoformat()  # noqa: DTZ007  a date has no zone
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
