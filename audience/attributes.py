"""Typed attribute values: from what people and programs write to what is stored."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import list_currencies
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from audience.models import CENTS, MONEY_DIGITS, AttributeDefinition, AttributeKind
from emailops.lib.errors import DomainError
from workspaces.templatetags.ui import exact_money

YES = {"yes", "y", "true", "1", "да", "д", "истина", "on"}
NO = {"no", "n", "false", "0", "нет", "н", "не", "ложь", "off"}
LONGEST_VALUE = 1000
LARGEST_POWER = 300  # of ten; beyond it a number is no float and so no JSON
GROUPED = re.compile(r"[+-]?\d{1,3}(?:(?:,\d{3})+\.\d+|(?:\.\d{3})+,\d+)")
CURRENCY = re.compile(r"^[A-Z]{3}\b\s*|^[A-Z]{3}(?=\d)|\s*[A-Z]{3}$|\s*[€$£₽¥]\s*|\s*(?:лв|руб|р)\.?$", re.IGNORECASE)
SIGNS = {
    "€": {"EUR"}, "£": {"GBP"}, "₽": {"RUB"}, "¥": {"JPY", "CNY"}, "лв": {"BGN"}, "руб": {"RUB"}, "р": {"RUB"},
    "$": {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"},
}  # fmt: skip
"""What a sign beside an amount stands for, where it is not the code of a currency."""
SEVERAL = re.compile(r"\s*[;|\n]\s*")
SEVERAL_BY_COMMA = re.compile(r"\s*,\s*")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")  # 1,234: a thousand in London, one and a bit in Sofia
DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%Y/%m/%d")


class TwoReadings(ValueError):
    """A number whose comma may separate thousands or decimals."""


class OtherCurrency(ValueError):
    """An amount in money of another kind; its text is what was written."""


class AttributeRefused(DomainError):
    """A value does not fit the attribute's kind, or the attribute cannot be made or changed that way."""

    code = "attribute_refused"
    status = 400


def stored_value(definition: AttributeDefinition, value: Any) -> Any:
    """The JSON value to keep: text, number, boolean, ISO date, key of a choice or keys of several.

    Raises `AttributeRefused` with a sentence.
    """
    kind = AttributeKind(definition.kind)
    if kind in _CHOOSERS:
        return _CHOOSERS[kind](definition, value)
    try:
        return _money(definition, value) if kind == AttributeKind.MONEY else _READERS[kind](value)
    except OtherCurrency as error:
        raise AttributeRefused(
            _("“%(value)s” for “%(attribute)s” is not in %(currency)s. Convert it, or write the amount alone.")
            % {
                "value": str(value)[:60],
                "attribute": definition.shown_label,
                "currency": definition.workspace.currency,
            }
        ) from error
    except TwoReadings as error:
        raise AttributeRefused(
            _("“%(value)s” for “%(attribute)s” can be read in two ways. Write it without a comma, or with a point.")
            % {"value": str(value)[:60], "attribute": definition.shown_label}
        ) from error
    except (ValueError, TypeError, InvalidOperation) as error:
        raise AttributeRefused(
            _("“%(value)s” is not a %(kind)s for “%(attribute)s”.")
            % {
                "value": str(value)[:60],
                "kind": definition.get_kind_display().lower(),
                "attribute": definition.shown_label,
            }
        ) from error


def shown_value(definition: AttributeDefinition, value: Any) -> str:
    """A stored value in the reader's notation; one left over from another kind as it is."""
    kinds, show = _SHOWN.get(definition.kind, ((), None))
    return show(definition, value) if show and isinstance(value, kinds) else str(value)


_SHOWN: dict[str, tuple[tuple[type, ...], Callable[[AttributeDefinition, Any], str]]] = {
    AttributeKind.BOOLEAN: ((bool,), lambda _definition, value: _("Yes") if value else _("No")),
    AttributeKind.DATE: ((str,), lambda _definition, value: date_format(date.fromisoformat(value), "DATE_FORMAT")),
    AttributeKind.NUMBER: ((int, float), lambda _definition, value: number_format(value, force_grouping=True)),
    AttributeKind.MONEY: (
        (int, float),
        lambda definition, value: exact_money(Decimal(str(value)), definition.workspace.currency),
    ),
    AttributeKind.CHOICE: ((str,), lambda definition, value: definition.choice_label(value)),
    AttributeKind.LIST: (
        (list,),
        lambda definition, value: ", ".join(definition.choice_label(str(key)) for key in value),
    ),
}


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


def _money(definition: AttributeDefinition, value: Any) -> int | float:
    """An amount in the workspace's currency: no more decimals than it has, no more digits than an order.

    That currency may stand beside it, and no other. Where it has both signs, the last one divides the decimals.
    """
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str):
        for written in CURRENCY.findall(text):
            _require_currency(written.strip().rstrip(".").lower(), definition.workspace.currency)
        text = _bare_amount(text)
    amount = Decimal(str(_number(text)))
    if amount != amount.quantize(Decimal(1).scaleb(-CENTS)) or amount.adjusted() >= MONEY_DIGITS - CENTS:
        raise ValueError
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _require_currency(written: str, currency: str) -> None:
    """An unknown word is no currency: reading the number then says so."""
    meant = SIGNS.get(written) or ({written.upper()} & list_currencies())
    if not meant:
        raise ValueError(written)
    if currency not in meant:
        raise OtherCurrency(written)


def _bare_amount(text: str) -> str:
    text = re.sub(r"[\s\u00a0\u202f'’]", "", CURRENCY.sub("", text.strip()))
    if not GROUPED.fullmatch(text):
        return text
    return text.replace("," if text.rfind(".") > text.rfind(",") else ".", "")


def _choice(definition: AttributeDefinition, value: Any) -> str:
    """The key of a choice that is named by its key, or by its label in any language."""
    named = str(value).strip().casefold() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    for choice in definition.choices:
        names = (choice["key"], choice["label"], *choice.get("labels", {}).values())
        if named and named in {name.casefold() for name in names}:
            return str(choice["key"])
    raise AttributeRefused(
        _("“%(value)s” is not one of the choices of “%(attribute)s”. They are: %(choices)s.")
        % {
            "value": str(value)[:60],
            "attribute": definition.shown_label,
            "choices": ", ".join(definition.choice_label(choice["key"]) for choice in definition.choices) or "–",
        }
    )


def parts_of(text: str) -> list[str]:
    """Several values in one text: divided by semicolons, bars or lines, and by commas where there is none of these."""
    divided = SEVERAL.split(text) if SEVERAL.search(text) else SEVERAL_BY_COMMA.split(text)
    return [part for part in divided if part]


def _several(definition: AttributeDefinition, value: Any) -> list[str]:
    """The keys of several choices, once each and in the order of the definition; text is divided as in `parts_of`."""
    parts = value if isinstance(value, list) else parts_of(str(value).strip())
    chosen = {_choice(definition, part) for part in parts if str(part).strip()}
    if not chosen:
        raise AttributeRefused(
            _("Name at least one choice for “%(attribute)s”.") % {"attribute": definition.shown_label}
        )
    return [choice["key"] for choice in definition.choices if choice["key"] in chosen]


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
_CHOOSERS: dict[str, Callable[[AttributeDefinition, Any], Any]] = {
    AttributeKind.CHOICE: _choice,
    AttributeKind.LIST: _several,
}
