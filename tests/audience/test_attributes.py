"""From what people and programs write to what is stored, and back to what people read."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from audience.attributes import AttributeRefused, shown_value, stored_value
from audience.models import AttributeDefinition

TEXT, NUMBER, DATE, BOOLEAN = (
    AttributeDefinition(key="a", label="Thing", kind=kind) for kind in ("text", "number", "date", "boolean")
)


@pytest.mark.parametrize(
    ("definition", "given", "stored"),
    [
        (TEXT, "  Sofia ", "Sofia"),
        (TEXT, 5, "5"),
        (TEXT, "x" * 1000, "x" * 1000),
        (NUMBER, "12", 12),
        (NUMBER, "12.0", 12),
        (NUMBER, "-12,5", -12.5),
        (NUMBER, "1 234,5", 1234.5),
        (NUMBER, "1\u00a0234\u202f567", 1234567),
        (NUMBER, "0,125", 0.125),
        (NUMBER, 7, 7),
        (NUMBER, 7.25, 7.25),
        (NUMBER, Decimal("7.50"), 7.5),
        (NUMBER, "1e3", 1000.0),
        (NUMBER, 10**20, 10**20),
        (DATE, "2026-05-18", "2026-05-18"),
        (DATE, "18.05.2026", "2026-05-18"),
        (DATE, "8.5.2026", "2026-05-08"),
        (DATE, "8.5.2026 10:30", "2026-05-08"),
        (DATE, "18/05/2026", "2026-05-18"),
        (DATE, "2026/05/18", "2026-05-18"),
        (DATE, "2026-05-18T09:30:00Z", "2026-05-18"),
        (DATE, date(2026, 5, 18), "2026-05-18"),
        (DATE, datetime(2026, 5, 18, 9, 30, tzinfo=UTC), "2026-05-18"),
        (BOOLEAN, True, True),
        (BOOLEAN, "YES", True),
        (BOOLEAN, "Да", True),
        (BOOLEAN, "1", True),
        (BOOLEAN, 0, False),
        (BOOLEAN, "нет", False),
        (BOOLEAN, "Не", False),
        (BOOLEAN, " off ", False),
    ],
)
def test_a_value_is_stored_in_its_kind(definition: AttributeDefinition, given: Any, stored: Any) -> None:
    found = stored_value(definition, given)

    assert (found, type(found)) == (stored, type(stored))


@pytest.mark.parametrize(
    ("definition", "given"),
    [
        (TEXT, "x" * 1001),
        (TEXT, "a\0b"),
        (TEXT, ["Sofia"]),
        (TEXT, {"city": "Sofia"}),
        (NUMBER, "many"),
        (NUMBER, ""),
        (NUMBER, True),
        (NUMBER, "NaN"),
        (NUMBER, "inf"),
        (NUMBER, "1e400"),
        (NUMBER, float("inf")),
        (NUMBER, "9" * 5000),
        (NUMBER, [1]),
        (NUMBER, "1,234"),
        (NUMBER, "-12,345,678"),
        (NUMBER, "1,234.5"),
        (DATE, "2026-13-01"),
        (DATE, "31.02.2026"),
        (DATE, "05/18/2026"),
        (DATE, "2026-05-1812"),
        (DATE, "tomorrow"),
        (DATE, ""),
        (DATE, 20260518),
        (DATE, ["2026-05-18"]),
        (BOOLEAN, "perhaps"),
        (BOOLEAN, 2),
        (BOOLEAN, None),
        (BOOLEAN, [True]),
    ],
)
def test_a_value_of_another_kind_is_refused_with_a_sentence(definition: AttributeDefinition, given: Any) -> None:
    with pytest.raises(AttributeRefused, match="Thing") as refusal:
        stored_value(definition, given)

    assert len(str(refusal.value)) < 200


def test_a_number_that_can_be_read_in_two_ways_says_so() -> None:
    """1,234 is more than a thousand in London and less than two in Sofia."""
    with pytest.raises(AttributeRefused, match="two ways"):
        stored_value(NUMBER, "1,234")


@given(st.sampled_from([TEXT, NUMBER, DATE, BOOLEAN]), st.text() | st.floats() | st.integers() | st.booleans())
def test_whatever_is_stored_can_be_stored_again(definition: AttributeDefinition, given: Any) -> None:
    try:
        stored = stored_value(definition, given)
    except AttributeRefused:
        return

    assert stored_value(definition, stored) == stored


@pytest.mark.parametrize(
    ("definition", "stored", "language", "shown"),
    [
        (TEXT, "Sofia", "en", "Sofia"),
        (NUMBER, 1234567, "en", "1,234,567"),
        (NUMBER, 1234.5, "ru", "1\u00a0234,5"),
        (DATE, "2026-05-18", "en", "18 May 2026"),
        (DATE, "2026-05-18", "ru", "18 мая 2026 г."),
        (BOOLEAN, True, "en", "Yes"),
        (BOOLEAN, False, "en", "No"),
        (BOOLEAN, "left over", "en", "left over"),
    ],
)
def test_a_stored_value_is_shown_in_the_readers_notation(
    definition: AttributeDefinition, stored: Any, language: str, shown: str
) -> None:
    with translation.override(language):
        assert shown_value(definition, stored) == shown
