"""The address of a page, by the name of its route: `reverse` for pages that hold hundreds of links."""

import re
from functools import lru_cache
from html import escape

from django.conf import settings
from django.urls import NoReverseMatch, get_script_prefix, reverse

PLAIN = re.compile(r"[-a-zA-Z0-9_]+")  # what every kind of text in a route takes, and what an address shows unchanged
FIRST_PROBE = 7_310_000_001


def address(name: str, /, **values: object) -> str:
    """What `django.urls.reverse(name, kwargs=values)` returns, and it raises the same.

    Where each value stands in the address of a route is found once, by asking for it with values made up for that; a
    row's address is then put together. Whatever this is not sure to do alike is left to `reverse`: values other than
    whole numbers and plain words, routes that take only some of them, addresses that HTML would have to escape.
    """
    if all(map(_is_plain, values.values())):
        kinds = tuple((key, type(value)) for key, value in values.items())
        shape = _shape(settings.ROOT_URLCONF, get_script_prefix(), name, kinds)
        if shape is not None:
            return shape % values
    return reverse(name, kwargs=values)


def _is_plain(value: object) -> bool:
    if type(value) is int:
        return value >= 0
    return type(value) is str and PLAIN.fullmatch(value) is not None


@lru_cache(maxsize=4_000)  # a few times the routes there are
def _shape(_routes: str, _prefix: str, name: str, kinds: tuple[tuple[str, type], ...]) -> str | None:
    """An address with a place for each value, to be filled by `%`; none if that is not safe to do."""
    probes = {key: _probe(FIRST_PROBE + number, kind) for number, (key, kind) in enumerate(kinds)}
    try:
        found = reverse(name, kwargs=probes)
    except NoReverseMatch:
        return None
    if escape(found) != found or any(found.count(str(probe)) != 1 for probe in probes.values()):
        return None
    found = found.replace("%", "%%")
    for key, probe in probes.items():
        found = found.replace(str(probe), f"%({key})s")
    return found


def _probe(number: int, kind: type) -> int | str:
    return number if kind is int else f"probe-{number}"
