"""Where goals stand: a table of cases, with more and with less as the better way."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from strategy.models import Direction, Goal, Kpi, KpiReading, Unit
from strategy.progress import GoalState, Progress, even_value, expected_day, progress_of
from workspaces.models import Workspace

START = date(2026, 4, 1)
DUE = START + timedelta(days=100)


def _goal(*, falling: bool = False, closed_at: datetime | None = None) -> Goal:
    """From 10 to 20 in a hundred days; `falling`: from 20 to 10."""
    workspace = Workspace(name="Maren & Moss", time_zone="Europe/Sofia", currency="EUR")
    kpi = Kpi(
        name="Orders", unit=Unit.COUNT, direction=Direction.DOWN if falling else Direction.UP, workspace=workspace
    )
    baseline, target = (Decimal(20), Decimal(10)) if falling else (Decimal(10), Decimal(20))
    return Goal(
        kpi=kpi,
        workspace=workspace,
        baseline=baseline,
        target=target,
        start_date=START,
        due_date=DUE,
        closed_at=closed_at,
    )


def _read(**values: float) -> list[KpiReading]:
    """Readings by day of the goal: `_read(d0=10, d50=15)`; `m3` is three days before its start."""
    days = {name: int(name[1:]) * (-1 if name[0] == "m" else 1) for name in values}
    return [
        KpiReading(day=START + timedelta(days=days[name]), value=Decimal(str(value)))
        for name, value in sorted(values.items(), key=lambda pair: days[pair[0]])
    ]


def _standing(day: int, readings: list[KpiReading], goal: Goal | None = None) -> Progress:
    return progress_of(goal or _goal(), readings, START + timedelta(days=day))


@pytest.mark.parametrize(
    ("day", "up", "down", "state", "rate", "pace"),
    [
        (50, 15, 15, GoalState.ON_TRACK, 0.5, 0.5),
        (50, 14, 16, GoalState.ON_TRACK, 0.4, 0.5),
        (50, 13.9, 16.1, GoalState.AT_RISK, 0.39, 0.5),
        (50, 12, 18, GoalState.AT_RISK, 0.2, 0.5),
        (50, 11.9, 18.1, GoalState.OFF_TRACK, 0.19, 0.5),
        (50, 8, 22, GoalState.OFF_TRACK, -0.2, 0.5),
        (50, 20, 10, GoalState.REACHED, 1.0, 0.5),
        (50, 25, 5, GoalState.REACHED, 1.5, 0.5),
        (0, 10, 20, GoalState.ON_TRACK, 0.0, 0.0),
        (100, 20, 10, GoalState.REACHED, 1.0, 1.0),
        (100, 19, 11, GoalState.ON_TRACK, 0.9, 1.0),
        (101, 20, 10, GoalState.REACHED, 1.0, 1.0),
        (101, 19.9, 10.1, GoalState.MISSED, 0.99, 1.0),
    ],
)
def test_the_state_is_the_way_made_against_the_time_passed(
    day: int, up: float, down: float, state: GoalState, rate: float, pace: float
) -> None:
    for falling, value in ((False, up), (True, down)):
        readings = _read(**{f"d{min(day, 100)}": value})

        progress = _standing(day, readings, _goal(falling=falling))

        assert (progress.state, progress.pace) == (state, pace), falling
        assert progress.rate == pytest.approx(rate)
        assert progress.value == Decimal(str(value))


@pytest.mark.parametrize(
    ("day", "state", "pace"),
    [
        (-1, GoalState.NOT_STARTED, 0.0),
        (0, GoalState.UNKNOWN, 0.0),
        (50, GoalState.UNKNOWN, 0.5),
        (100, GoalState.UNKNOWN, 1.0),
        (101, GoalState.MISSED, 1.0),
    ],
)
def test_without_a_reading_only_time_speaks(day: int, state: GoalState, pace: float) -> None:
    assert _standing(day, []) == Progress(state, None, None, 0.0, pace)


def test_only_readings_from_the_goals_time_count() -> None:
    early, late = _read(m1=19), _read(m1=19, d100=15, d101=20)

    assert _standing(-1, early).state == GoalState.NOT_STARTED
    assert _standing(10, early).state == GoalState.UNKNOWN
    assert (_standing(120, late).state, _standing(120, late).value) == (GoalState.MISSED, Decimal(15))


def test_a_reading_of_a_day_to_come_does_not_count_yet() -> None:
    readings = _read(d10=12, d60=20)

    progress = _standing(50, readings)

    assert (progress.value, progress.day) == (Decimal(12), START + timedelta(days=10))


def test_the_last_reading_counts_not_the_best() -> None:
    assert _standing(50, _read(d10=20, d50=11)).state == GoalState.OFF_TRACK


def test_a_closed_goal_stands_where_it_stood_on_its_last_day_by_the_workspaces_clock() -> None:
    first_hour_of_day_40_in_sofia = datetime(2026, 5, 10, 21, 30, tzinfo=UTC)
    goal = _goal(closed_at=first_hour_of_day_40_in_sofia)

    progress = _standing(90, _read(d39=13, d40=14, d41=20), goal)

    assert goal.closed_date == START + timedelta(days=40)
    assert (progress.state, progress.value, progress.pace) == (GoalState.MISSED, Decimal(14), 0.4)


def test_a_goal_that_was_closed_after_its_target_stays_reached() -> None:
    goal = _goal(closed_at=datetime(2026, 5, 11, 9, tzinfo=UTC))

    assert _standing(90, _read(d40=20, d80=11), goal).state == GoalState.REACHED


@pytest.mark.parametrize(
    ("day", "readings", "words"),
    [
        (-1, {}, "Its time has not begun."),
        (50, {}, "The KPI has no reading from the goal’s time, so nobody can tell."),
        (50, {"d50": 15}, "50% of the way after 50% of the time."),
        (50, {"d50": 13}, "30% of the way after 50% of the time: more than 10% short of an even pace."),
        (50, {"d50": 11}, "10% of the way after 50% of the time: more than 30% short of an even pace."),
        (50, {"d50": 20}, "The target is reached: 100% of the way."),
        (101, {"d50": 13}, "It ended at 30% of the way."),
        (101, {}, "It ended without a single reading."),
    ],
)
def test_the_reason_is_a_sentence(day: int, readings: dict[str, float], words: str) -> None:
    assert _standing(day, _read(**readings)).why == words


def test_every_state_has_a_tone() -> None:
    assert {state.tone for state in GoalState} == {"", "ok", "warn", "bad"}
    assert _standing(50, _read(d50=13)).tone == "warn"


def test_an_even_pace_goes_straight_from_baseline_to_target() -> None:
    values = [even_value(_goal(falling=True), START + timedelta(days=day)) for day in (-5, 0, 25, 100, 120)]

    assert values == [Decimal(20), Decimal(20), Decimal("17.5"), Decimal(10), Decimal(10)]


@pytest.mark.parametrize(
    ("day", "readings", "expected"),
    [
        (50, {"d50": 15}, 100),
        (50, {"d50": 14}, 125),
        (50, {"d40": 14}, 100),
        (50, {"d50": 12.4}, None),  # not before twice the goal's time
        (50, {"d50": 9}, None),  # going the wrong way
        (50, {"d50": 20}, None),  # already there
        (10, {"d10": 12}, None),  # too early to tell
        (50, {"d20": 15}, None),  # it would have been there by now, and no reading says so
        (50, {}, None),
        (101, {"d100": 19}, None),
    ],
)
def test_the_day_of_arrival_is_guessed_only_where_the_way_so_far_says_something(
    day: int, readings: dict[str, float], expected: int | None
) -> None:
    today = START + timedelta(days=day)

    found = expected_day(_goal(), _standing(day, _read(**readings)), today)

    assert found == (None if expected is None else START + timedelta(days=expected))
