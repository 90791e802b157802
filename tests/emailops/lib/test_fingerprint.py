"""Equal meaning, equal hash."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emailops.lib.fingerprint import canonical_json, fingerprint

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def _turned(value: Any) -> Any:
    """The same value with every dictionary written in the other order."""
    if isinstance(value, dict):
        return {key: _turned(inner) for key, inner in reversed(value.items())}
    return [_turned(inner) for inner in value] if isinstance(value, list) else value


@given(PLAIN)
def test_the_order_of_keys_does_not_matter(value: Any) -> None:
    assert fingerprint(_turned(value)) == fingerprint(value)


@given(st.lists(st.integers(), min_size=2, unique=True))
def test_the_order_of_a_list_does(values: list[int]) -> None:
    assert fingerprint(values) != fingerprint([*values[1:], values[0]])


@given(PLAIN, PLAIN)
def test_different_values_have_different_forms(one: Any, other: Any) -> None:
    if canonical_json(one) == canonical_json(other):
        assert one == other


@pytest.mark.parametrize(
    ("one", "other"),
    [("1.50", "1.5"), ("100", "1E+2"), ("0", "-0.00"), ("0.10", "0.1"), ("1000000", "1.000000E+6")],
)
def test_equal_decimals_are_one(one: str, other: str) -> None:
    assert fingerprint(Decimal(one)) == fingerprint(Decimal(other))


def test_different_decimals_are_two() -> None:
    assert fingerprint(Decimal("1.5")) != fingerprint(Decimal("1.51"))


def test_decimals_are_written_without_exponent() -> None:
    assert canonical_json({"cost": Decimal("1E+3")}) == '{"cost":"1000"}'


def test_one_moment_is_one_whatever_the_zone() -> None:
    moment = datetime(2026, 5, 18, 9, 30, tzinfo=UTC)
    elsewhere = [moment.astimezone(zone) for zone in (ZoneInfo("Europe/Sofia"), timezone(timedelta(hours=-5)))]

    assert {fingerprint({"at": at}) for at in [moment, *elsewhere]} == {fingerprint({"at": moment})}


def test_another_moment_is_another() -> None:
    moment = datetime(2026, 5, 18, 9, 30, tzinfo=UTC)

    assert fingerprint(moment) != fingerprint(moment + timedelta(microseconds=1))


def test_dates_and_their_text_are_one() -> None:
    assert fingerprint(date(2026, 5, 18)) == fingerprint("2026-05-18")


def test_a_tuple_is_a_list() -> None:
    assert fingerprint((1, 2)) == fingerprint([1, 2])


def test_letters_of_every_script_stand_for_themselves() -> None:
    assert canonical_json(["Мария", "é"]) == '["Мария","é"]'


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
def test_what_has_no_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="canonical form"):
        fingerprint({"value": value})


def test_the_hash_is_sha_256_of_the_canonical_form() -> None:
    """`echo -n '{"a":1}' | sha256sum`"""
    assert fingerprint({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
