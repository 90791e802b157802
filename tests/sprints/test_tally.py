"""How turned cards are counted."""

import pytest

from sprints.decks import BUILT_IN, PASS, UNSURE, DeckRefused, read_cards, whole_points
from sprints.tally import nearest, tally

FIBONACCI = BUILT_IN[0].cards


def test_the_outermost_voters_are_named_and_the_middle_is_proposed() -> None:
    found = tally([("Elena", "3"), ("Ivo", "8"), ("Nika", "3"), ("Tomas", "5")], FIBONACCI)

    assert (found.lowest, found.highest) == (("Elena", "Nika"), ("Ivo",))
    assert (found.median, found.proposed, found.spread, found.agreement) == (4.0, "5", 5.0, 0.5)
    assert dict(found.counts)["3"] == 2


def test_passes_and_doubts_count_as_no_points() -> None:
    found = tally([("Elena", "5"), ("Ivo", PASS), ("Nika", UNSURE)], FIBONACCI)

    assert (found.voters, found.passed, found.unsure, found.median, found.agreement) == (1, 1, 1, 5.0, 1.0)


def test_nobody_speaks_first_when_all_agree() -> None:
    found = tally([("Elena", "5"), ("Ivo", "5")], FIBONACCI)

    assert found.is_unanimous
    assert (found.lowest, found.highest, found.spread) == ((), (), 0.0)


def test_a_round_of_passes_has_no_middle() -> None:
    found = tally([("Elena", PASS)], FIBONACCI)

    assert (found.median, found.agreement, found.spread, found.proposed) == (None, None, None, "")


def test_of_two_cards_as_near_the_higher_is_proposed() -> None:
    assert nearest(4.0, FIBONACCI) == "5"
    assert nearest(4.0, [("S", 2.0), ("M", 3.0)]) == "M"


def test_half_a_point_is_planned_as_a_whole_one() -> None:
    assert [whole_points(points) for points in (0.0, 0.5, 1.0, 13.0)] == [0, 1, 1, 13]


@pytest.mark.parametrize("deck", BUILT_IN, ids=lambda deck: deck.key)
def test_the_usual_decks_keep_the_rules_of_own_ones(deck: object) -> None:
    written = "\n".join(f"{label}={points}" for label, points in deck.cards)  # type: ignore[attr-defined]  # a deck

    assert read_cards(written) == list(deck.cards)  # type: ignore[attr-defined]  # a deck


def test_cards_are_read_as_people_write_them() -> None:
    assert read_cards("S = 1\n\n M=2,5 \n8") == [("S", 1.0), ("M", 2.5), ("8", 8.0)]


@pytest.mark.parametrize(
    "text",
    ["", "1", "1\n1", "2\n1", "a\n2", "x=1\nX=2", "1\n101", "1\n-1", "1\n1.25", "nan\n1", "inf\n1", "?=1\n2",
     "pass=1\n2", f"{'x' * 13}=1\n2", "\n".join(map(str, range(17)))],
)  # fmt: skip
def test_cards_that_make_no_deck_are_refused(text: str) -> None:
    with pytest.raises(DeckRefused) as refusal:
        read_cards(text)

    assert "cards" in refusal.value.fields
