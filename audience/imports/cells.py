"""From the text of a cell to what is stored, for whatever a column can become; a plain reason where it cannot be.

Readers are made once for a file and asked for every cell, so they look things up in advance.
"""

import re
import zoneinfo
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any

from babel import Locale
from django.utils.translation import gettext as _

from audience.attributes import LONGEST_VALUE, parts_of, stored_value
from audience.models import AttributeDefinition, AttributeKind
from emailops.lib.errors import DomainError
from workspaces.models import Language

Reader = Callable[[str], Any]
MOST_TAGS, LONGEST_TAG = 50, 40
LONGEST = {"first_name": 100, "last_name": 100, "full_name": 200, "city": 100, "external_id": 100}  # characters
PHONE = re.compile(r"\+[1-9]\d{6,14}")  # E.164
PHONE_DECORATION = re.compile(r"[\s().\u00a0/-]|(?:ext|доб|вътр)\.?\s*\d+$")
NAMES_OF_COUNTRIES = ("en", "ru", "bg", "de", "fr", "es", "it", "pl", "ro", "el", "tr", "uk")
LANGUAGE_NAMES = {
    "en": {"english", "eng", "английский", "английски", "англ", "englisch", "anglais"},
    "ru": {"russian", "rus", "русский", "руски", "рус", "russisch", "russe"},
    "bg": {"bulgarian", "bul", "болгарский", "български", "бълг", "bulgarisch", "bulgare"},
}


class CellRefused(DomainError):
    """A cell does not hold what its column becomes."""

    code = "row_refused"


def field_reader(column: str, calling_code: str) -> Reader:
    """For one of the contact's own fields. Raises `CellRefused` when asked for a cell that does not fit."""
    special: dict[str, Reader] = {
        "email": str,
        "phone": lambda cell: read_phone(cell, calling_code),
        "country": read_country,
        "language": read_language,
        "time_zone": read_time_zone,
        "tags": read_tags,
        "agreed_on": read_day,
    }
    return special.get(column) or (lambda cell: _short(cell, LONGEST[column]))


def _short(cell: str, most: int) -> str:
    if len(cell) > most:
        raise CellRefused(
            _("“%(text)s…” is too long (at most %(most)d characters).") % {"text": cell[:20], "most": most}
        )
    return cell


def read_phone(cell: str, calling_code: str) -> str:
    """E.164. A number without the code of its country gets `calling_code`."""
    digits = PHONE_DECORATION.sub("", cell)
    digits = f"+{digits[2:]}" if digits.startswith("00") else digits
    if calling_code and not digits.startswith("+"):
        code = calling_code.lstrip("+")
        is_whole = digits.startswith(code) and len(digits) > len(code) + 7
        digits = f"+{digits}" if is_whole else f"+{code}{digits.lstrip('0')}"
    if not PHONE.fullmatch(digits):
        raise CellRefused(
            _("“%(text)s” is not a phone number with its country code, as in +359 88 123 4567.") % {"text": cell[:30]}
        )
    return digits


@cache
def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in NAMES_OF_COUNTRIES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in {"EU", "EZ", "UN", "ZZ", "XA", "XB"}:
                found[name.casefold()] = found[code.casefold()] = code
    return found | {"uk": "GB", "usa": "US", "сша": "US", "рф": "RU", "великобритания": "GB", "england": "GB"}


def read_country(cell: str) -> str:
    """ISO 3166-1 alpha-2, from the code or the name in one of a dozen languages."""
    code = _countries().get(cell.casefold())
    if code is None:
        raise CellRefused(
            _("“%(text)s” is not a country. Write its name or two letters, as in BG.") % {"text": cell[:40]}
        )
    return code


def read_language(cell: str) -> str:
    """One of ours, from its code (also `en-GB`) or name."""
    word = cell.casefold().replace("_", "-")
    code = word.split("-")[0]
    if code in Language.values:
        return code
    for code, names in LANGUAGE_NAMES.items():
        if word in names:
            return code
    raise CellRefused(_("“%(text)s” is not one of our languages: en, ru, bg.") % {"text": cell[:20]})


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def read_time_zone(cell: str) -> str:
    if cell not in _zones():
        raise CellRefused(_("“%(text)s” is not a time zone. Example: Europe/Sofia.") % {"text": cell[:40]})
    return cell


def read_tags(cell: str) -> list[str]:
    tags = list(dict.fromkeys(parts_of(cell)))
    if len(tags) > MOST_TAGS:
        raise CellRefused(
            _("%(count)d tags are too many (at most %(most)d).") % {"count": len(tags), "most": MOST_TAGS}
        )
    return [_short(tag, LONGEST_TAG) for tag in tags]


def read_day(cell: str) -> str:
    """ISO date of a day that has been."""
    probe = AttributeDefinition(label=_("Day of consent"), kind=AttributeKind.DATE)
    day = stored_value(probe, cell)
    if day > date.today().isoformat():  # noqa: DTZ011  a day's difference does not matter
        raise CellRefused(_("“%(text)s” is still to come.") % {"text": cell[:20]})
    return str(day)


def attribute_reader(definition: AttributeDefinition, same: Mapping[str, str]) -> Reader:
    """For an attribute of any kind. Raises `AttributeRefused` when asked for a cell that does not fit.

    `same` says what a written value, in small letters, is taken for; what is taken for nothing reads as None.
    """
    kind = AttributeKind(definition.kind)
    if same:
        return _remembering(lambda cell: _stored_alike(definition, cell, same))
    if kind == AttributeKind.TEXT:
        return lambda cell: cell if len(cell) <= LONGEST_VALUE else stored_value(definition, cell)
    if kind == AttributeKind.NUMBER:
        return _remembering(lambda cell: int(cell) if _is_plain_number(cell) else stored_value(definition, cell))
    return _remembering(lambda cell: stored_value(definition, cell))


def _stored_alike(definition: AttributeDefinition, cell: str, same: Mapping[str, str]) -> Any:
    parts = parts_of(cell) if definition.kind == AttributeKind.LIST else [cell]
    meant = [taken for part in parts if (taken := same.get(part.casefold(), part))]
    if not meant:
        return None
    return stored_value(definition, meant if definition.kind == AttributeKind.LIST else meant[0])


MOST_REMEMBERED = 5000


def _remembering(read: Reader) -> Reader:
    """The same cells come again and again: dates and choices are few."""
    known: dict[str, Any] = {}

    def remembered(cell: str) -> Any:
        if cell in known:
            return known[cell]
        value = read(cell)
        if len(known) < MOST_REMEMBERED:
            known[cell] = value
        return value

    return remembered


def _is_plain_number(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) < 16 and (cell[0] != "0" or cell == "0")
