"""From a figure with its interval to a verdict: no verdict without evidence, in either direction."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emailops.lib.statistics import Estimate, wilson_interval
from insights.verdicts import SMALLEST_SAMPLE, Judged, judge
from sprints.models import OutcomeVerdict
from strategy.models import Unit
from tests.factories.insights import NOON, hypothesis

TODAY = NOON.date()
REACHED, PARTLY, NOT_REACHED, UNCLEAR = (
    OutcomeVerdict.REACHED, OutcomeVerdict.PARTLY, OutcomeVerdict.NOT_REACHED, OutcomeVerdict.UNCLEAR,
)  # fmt: skip


def judged(value: float, low: float, high: float, *, unit: Unit = Unit.RATE, **promise: object) -> Judged:
    """The verdict on a measured figure; promised was a rise from 3 % to 4 %, of which half a point is worth it."""
    estimate = Estimate(value, low, high, 1200)
    return judge(hypothesis(**promise), estimate, unit=unit, currency="EUR", today=TODAY)


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [
        (0.045, 0.035, 0.055, REACHED),
        (0.040, 0.031, 0.050, REACHED),
        (0.045, 0.030, 0.060, UNCLEAR),
        (0.045, 0.020, 0.070, UNCLEAR),
        (0.038, 0.031, 0.045, PARTLY),
        (0.038, 0.029, 0.047, UNCLEAR),
        (0.032, 0.031, 0.039, UNCLEAR),
        (0.032, 0.030, 0.034, NOT_REACHED),
        (0.020, 0.010, 0.030, NOT_REACHED),
        (0.020, 0.010, 0.040, UNCLEAR),
    ],
)
def test_the_interval_decides_and_not_the_figure(
    value: float, low: float, high: float, verdict: OutcomeVerdict
) -> None:
    assert judged(value, low, high).verdict == verdict


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [
        (0.010, 0.005, 0.018, REACHED),
        (0.013, 0.009, 0.017, PARTLY),
        (0.030, 0.022, 0.040, NOT_REACHED),
        (0.010, 0.000, 0.030, UNCLEAR),
    ],
)
def test_less_is_better_where_that_was_promised(value: float, low: float, high: float, verdict: OutcomeVerdict) -> None:
    assert judged(value, low, high, baseline=0.02, expected=0.01, minimum_effect=0.005).verdict == verdict


@pytest.mark.parametrize(("high", "verdict"), [(0.029, NOT_REACHED), (0.03, NOT_REACHED), (0.0301, UNCLEAR)])
def test_where_any_effect_is_worth_it_no_effect_is_not(high: float, verdict: OutcomeVerdict) -> None:
    assert judged(0.025, 0.02, high, minimum_effect=0.0).verdict == verdict


@pytest.mark.parametrize(("clicks", "mails"), [(0, 1), (1, 1), (1, 3), (2, 20), (29, 29), (2, 30), (4, 100)])
def test_a_few_mails_give_no_verdict_whatever_they_brought(clicks: int, mails: int) -> None:
    verdict = judge(hypothesis(), wilson_interval(clicks, mails), unit=Unit.RATE, currency="EUR", today=TODAY)

    assert verdict.verdict == UNCLEAR
    assert f"{mails} mails are too few" in verdict.reason


@pytest.mark.parametrize("days", [1, 28])
def test_before_the_day_agreed_on_there_is_no_verdict(days: int) -> None:
    early = judged(0.09, 0.08, 0.10, check_date=TODAY + timedelta(days=days))

    assert early == Judged(UNCLEAR, "So far 9%; the day to look at it has not come.")


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ((0.045, 0.035, 0.055), "4.5%, between 3.5% and 5.5%, against 3% before: as much as promised."),
        ((0.038, 0.031, 0.045), "3.8%, between 3.1% and 4.5%: better than 3%, but 4% was promised."),
        ((0.020, 0.010, 0.030), "2%, between 1% and 3%: even the better end is not worth it after 3%."),
        (
            (0.045, 0.020, 0.070),
            "4.5%, anywhere between 2% and 7%: 1,200 mails are too few to say what it was worth.",
        ),
    ],
)
def test_the_reason_says_it_in_figures(figures: tuple[float, float, float], reason: str) -> None:
    assert judged(*figures).reason == reason


def test_money_is_told_in_the_businesss_currency() -> None:
    reason = judged(900.0, 700.0, 1100.0, unit=Unit.MONEY, baseline=0.0, expected=500.0, minimum_effect=100.0).reason

    assert reason == "€900, between €700 and €1,100, against €0 before: as much as promised."


def test_a_figure_without_a_spread_is_told_with_open_ends() -> None:
    open_ended = judged(
        900.0, float("-inf"), float("inf"), unit=Unit.MONEY, baseline=0.0, expected=500.0, minimum_effect=100.0
    )

    assert open_ended.verdict == UNCLEAR
    assert "anywhere between −∞ and ∞" in open_ended.reason


@given(
    successes=st.integers(0, 3000),
    failures=st.integers(0, 3000),
    baseline=st.integers(0, 100),
    expected=st.integers(0, 100),
    effect=st.integers(0, 50),
)
def test_no_verdict_goes_beyond_the_evidence(
    successes: int, failures: int, baseline: int, expected: int, effect: int
) -> None:
    if baseline == expected:
        expected += 1
    promise = hypothesis(baseline=baseline / 100, expected=expected / 100, minimum_effect=effect / 100)
    estimate = wilson_interval(successes, successes + failures)

    verdict = judge(promise, estimate, unit=Unit.RATE, currency="EUR", today=TODAY).verdict

    rises = promise.expected > promise.baseline
    surely_better = estimate.low > promise.baseline if rises else estimate.high < promise.baseline
    best = estimate.high - promise.baseline if rises else promise.baseline - estimate.low
    if verdict in {REACHED, PARTLY}:
        assert surely_better
    if verdict == NOT_REACHED:
        assert best <= promise.minimum_effect
    if successes + failures < SMALLEST_SAMPLE:
        assert verdict == UNCLEAR
    elif surely_better and promise.minimum_effect == 0:
        assert verdict in {REACHED, PARTLY}
