"""Places between places, for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emailops.lib.ranks import BASE, DIGITS, STEP_DIGITS, rank_between

KEYS = st.text(st.sampled_from(DIGITS), min_size=1, max_size=12).filter(lambda key: not key.endswith(DIGITS[0]))


def test_the_digits_are_in_the_order_of_their_bytes() -> None:
    assert sorted(DIGITS) == list(DIGITS)
    assert len(set(DIGITS)) == BASE


@given(KEYS, KEYS)
def test_the_new_key_stands_strictly_between(one: str, other: str) -> None:
    if one == other:
        return
    before, after = sorted((one, other))

    key = rank_between(before, after)

    assert before < key < after
    assert not key.endswith(DIGITS[0])


@given(KEYS)
def test_there_is_room_at_both_ends(key: str) -> None:
    assert rank_between("", key) < key < rank_between(key, "")
    assert not rank_between("", key).endswith(DIGITS[0])
    assert not rank_between(key, "").endswith(DIGITS[0])


def test_the_first_key_stands_in_the_middle() -> None:
    assert rank_between("", "") == DIGITS[BASE // 2]


@given(st.lists(st.floats(0, 1), max_size=200))
def test_any_history_of_insertions_keeps_the_order(places: list[float]) -> None:
    keys: list[str] = []

    for place in places:
        at = round(place * len(keys))
        before, after = keys[at - 1] if at else "", keys[at] if at < len(keys) else ""
        keys.insert(at, rank_between(before, after))

    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert not any(key.endswith(DIGITS[0]) for key in keys)


def test_ten_thousand_appends_stay_short() -> None:
    keys = [rank_between("", "")]

    for _count in range(10_000):
        keys.append(rank_between(keys[-1], ""))

    assert keys == sorted(keys)
    assert max(map(len, keys)) <= STEP_DIGITS


def test_ten_thousand_prepends_stay_short() -> None:
    keys = [rank_between("", "")]

    for _count in range(10_000):
        keys.append(rank_between("", keys[-1]))

    assert keys == sorted(keys, reverse=True)
    assert max(map(len, keys)) <= STEP_DIGITS


def test_moving_to_the_same_spot_again_and_again_grows_slowly() -> None:
    """Halving costs one digit of base 62 every five moves."""
    before, after = rank_between("", ""), rank_between(rank_between("", ""), "")

    for _count in range(600):
        after = rank_between(before, after)

    assert before < after
    assert len(after) <= 600 / 5 + STEP_DIGITS


@pytest.mark.parametrize("ends", [("V", "V"), ("W", "V"), ("Va", "V")])
def test_there_is_nothing_between_keys_in_the_wrong_order(ends: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="does not sort before"):
        rank_between(*ends)


def test_beyond_the_last_short_key_there_is_still_room() -> None:
    top, bottom = DIGITS[-1] * STEP_DIGITS, DIGITS[0] * (STEP_DIGITS - 1) + DIGITS[1]

    assert rank_between(top, "") > top
    assert rank_between("", bottom) < bottom
