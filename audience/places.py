"""Where people are and how they are called by phone: countries, time zones, numbers in E.164."""

import re
from functools import lru_cache
from zoneinfo import available_timezones

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from workspaces.countries import countries

SEPARATORS = re.compile(r"[\s().\-/\u00a0\u202f]")
E164 = re.compile(
    r"\+(?=\d{7,15}$)"  # at most 15 digits with the country code; below 7 no country has subscriber numbers
    r"(?:1|7|2[07]|2[1-6]\d|29[01789]|3[0-469]|3[578]\d|4[0134-9]|42[013]|5[1-8]|5[09]\d|6[0-6]|6[789]\d"
    r"|80[08]|8[1246]|85[02356]|8[78]\d|9[0-58]|9[67]\d|99[2-8])\d+"
)  # ITU-T E.164 and its list of country codes


class PlaceRefused(DomainError):
    """No such country, time zone or phone number."""

    code = "place_refused"
    status = 400


def read_phone(text: str, code: str = "") -> str:
    """A phone number in E.164, as in `+359888123456`; empty for nothing. Raises `PlaceRefused` with the reason.

    `code`, as in `+359`, is that of a number without one.
    """
    number = SEPARATORS.sub("", text)
    if not number:
        return ""
    if number.startswith("00"):
        number = f"+{number[2:]}"
    elif code and not number.startswith("+"):
        number = f"{code}{number.removeprefix('0')}"
    if not E164.fullmatch(number):
        refusal = _("“%(phone)s” is not an international phone number. Write it as in +359 888 123 456.") % {
            "phone": text[:40]
        }
        raise PlaceRefused(refusal, fields={"phone": [refusal]})
    return number


def read_country(text: str) -> str:
    """An ISO 3166-1 code of two letters; empty for nothing. Raises `PlaceRefused`."""
    code = text.strip().upper()
    if code and code not in countries("en"):
        refusal = _("“%(country)s” is not a country code of two letters, as in BG.") % {"country": text[:40]}
        raise PlaceRefused(refusal, fields={"country": [refusal]})
    return code


def country_name(code: str) -> str:
    """The country in the reader's language."""
    return countries(get_language() or "en").get(code, code)


@lru_cache(maxsize=1)
def time_zones() -> list[str]:
    """The zones a person can live in, in alphabetical order."""
    return sorted(
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/"))
    )
