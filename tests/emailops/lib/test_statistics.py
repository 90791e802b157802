"""Intervals, against published tables and against repeated chance."""

from math import inf, isinf
from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emailops.lib.statistics import Estimate, difference_interval, total_interval, wilson_interval

SINGLE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]
"""R. G. Newcombe, "Two-sided confidence intervals for the single proportion: comparison of seven methods", Stat. Med.
17 (1998) 857-872, Table I, method 3, which is E. B. Wilson's of 1927 without continuity correction."""

DIFFERENCE = [
    ((56, 48), (70, 80), 0.0524, 0.3339),
    ((9, 3), (10, 10), 0.1705, 0.8090),
    ((6, 2), (7, 7), 0.0582, 0.8062),
    ((5, 0), (56, 29), -0.0381, 0.1926),
    ((0, 0), (10, 20), -0.1611, 0.2775),
    ((0, 0), (10, 10), -0.2775, 0.2775),
    ((10, 0), (10, 20), 0.6791, 1.0000),
    ((10, 0), (10, 10), 0.6075, 1.0000),
]
"""R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
methods", Stat. Med. 17 (1998) 873-890, Table II, method 10, contrasts (a) to (h)."""

COUNTS = st.integers(0, 2000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@pytest.mark.parametrize(("successes", "trials", "low", "high"), SINGLE)
def test_one_proportion_agrees_with_the_published_table(successes: int, trials: int, low: float, high: float) -> None:
    found = wilson_interval(successes, trials)

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    assert (found.value, found.sample_size) == (successes / trials, trials)


@pytest.mark.parametrize(("successes", "trials", "low", "high"), DIFFERENCE)
def test_a_difference_agrees_with_the_published_table(
    successes: tuple[int, int], trials: tuple[int, int], low: float, high: float
) -> None:
    found = difference_interval(successes, trials)

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    assert found.sample_size == sum(trials)


@given(COUNTS)
def test_a_proportion_lies_inside_its_interval_and_the_interval_inside_0_and_1(counts: tuple[int, int]) -> None:
    found = wilson_interval(*counts)

    assert 0 <= found.low <= found.value <= found.high <= 1


@given(COUNTS, COUNTS)
def test_a_difference_lies_inside_its_interval_and_the_interval_inside_minus_1_and_1(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    found = difference_interval((one[0], other[0]), (one[1], other[1]))

    assert -1 - 1e-12 <= found.low <= found.value <= found.high <= 1 + 1e-12


@given(COUNTS, COUNTS)
def test_turning_the_groups_round_turns_the_difference_round(one: tuple[int, int], other: tuple[int, int]) -> None:
    there = difference_interval((one[0], other[0]), (one[1], other[1]))
    back = difference_interval((other[0], one[0]), (other[1], one[1]))

    assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low))


def test_without_trials_nothing_is_known() -> None:
    assert wilson_interval(0, 0) == Estimate(0.0, 0.0, 1.0, 0)
    assert difference_interval((0, 0), (0, 0)) == Estimate(0.0, -1.0, 1.0, 0)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 10), (11, 10), (1, 0), (0, -1)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="not a proportion"):
        wilson_interval(successes, trials)


def test_more_confidence_needs_a_wider_interval() -> None:
    widths = [
        found.high - found.low for c in (0.8, 0.9, 0.95, 0.99) if (found := wilson_interval(30, 100, confidence=c))
    ]

    assert widths == sorted(widths)


def test_more_trials_give_a_narrower_interval() -> None:
    widths = [found.high - found.low for n in (10, 100, 1000, 10_000) if (found := wilson_interval(n // 10, n))]

    assert widths == sorted(widths, reverse=True)


def _successes(chance: Random, trials: int, share: float) -> int:
    return sum(chance.random() < share for _trial in range(trials))


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2, 0.5])
def test_the_interval_of_a_proportion_covers_the_truth_in_95_of_100_cases(share: float) -> None:
    chance, rounds, trials = Random(1927), 2000, 200  # noqa: S311  a repeatable experiment

    covered = fmean(
        found.low <= share <= found.high
        for _round in range(rounds)
        if (found := wilson_interval(_successes(chance, trials, share), trials))
    )

    assert covered == pytest.approx(0.95, abs=0.025)


@pytest.mark.parametrize("shares", [(0.02, 0.03), (0.2, 0.15), (0.5, 0.5)])
def test_the_interval_of_a_difference_covers_the_truth_in_95_of_100_cases(shares: tuple[float, float]) -> None:
    chance, rounds, trials = Random(1998), 2000, (400, 150)  # noqa: S311  a repeatable experiment
    truth = shares[0] - shares[1]

    covered = 0
    for _round in range(rounds):
        first, second = (_successes(chance, n, p) for n, p in zip(trials, shares, strict=True))
        found = difference_interval((first, second), trials)
        covered += found.low <= truth <= found.high

    assert covered / rounds == pytest.approx(0.95, abs=0.025)


def test_the_interval_of_a_total_covers_the_truth_in_95_of_100_cases() -> None:
    """One person in five buys, for 10 to 90: the sum over 400 people is expected to be 4000."""
    chance, rounds, people = Random(7), 1500, 400  # noqa: S311  a repeatable experiment

    covered = 0
    for _round in range(rounds):
        spent = [chance.uniform(10, 90) if chance.random() < 0.2 else 0.0 for _person in range(people)]
        found = total_interval(people, sum(spent), sum(value * value for value in spent))
        covered += found.low <= 4000 <= found.high

    assert covered / rounds == pytest.approx(0.95, abs=0.025)


def test_a_total_has_the_interval_of_the_textbook() -> None:
    """Four people gave 1, 2, 3, 4: variance 5/3, so the sum 10 has the standard error sqrt(4 * 5/3)."""
    found = total_interval(4, 10, 30)

    assert (found.low, found.high) == pytest.approx((10 - 1.959964 * 2.581989, 10 + 1.959964 * 2.581989), rel=1e-5)
    assert (found.value, found.sample_size) == (10, 4)


@pytest.mark.parametrize(("count", "total"), [(0, 0.0), (1, 25.0)])
def test_one_person_says_nothing_about_the_spread(count: int, total: float) -> None:
    found = total_interval(count, total, total * total)

    assert (found.low, found.high) == (-inf, inf)
    assert isinf(found.high)


def test_rounding_never_makes_a_negative_variance() -> None:
    found = total_interval(3, 0.3, 0.03 - 1e-18)

    assert found.low == pytest.approx(0.3)
    assert found.high == pytest.approx(0.3)
