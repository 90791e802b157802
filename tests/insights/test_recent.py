"""The last thirty days beside the thirty before, in steps of six."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from delivery.models import HitKind, Nature, Run
from insights.recent import DAYS, HALF, STEP, STEPS, Rates, Recent
from tests.factories.insights import SOFIA, bought, did, ended_run, sent
from workspaces.models import Workspace

MOMENT = timedelta(microseconds=1)
NOON = datetime(2026, 8, 20, 12, tzinfo=SOFIA)  # after sixty days without a change of the clocks
MIDNIGHT = NOON.replace(hour=0) + timedelta(days=1)  # the end of today
START = MIDNIGHT - timedelta(days=DAYS)
BEFORE = START - timedelta(days=DAYS)


@pytest.fixture
def recent(workspace: Workspace) -> Recent:
    return Recent(workspace, NOON)


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """A run that goes on and on."""
    return ended_run(workspace, BEFORE - timedelta(days=1), finished_at=MIDNIGHT)


class TestSteps:
    @pytest.mark.parametrize(
        ("at", "step"),
        [
            (BEFORE - MOMENT, None),
            (BEFORE, 0),
            (BEFORE + STEP - MOMENT, 0),
            (BEFORE + STEP, 1),
            (START - MOMENT, HALF - 1),
            (START, HALF),
            (MIDNIGHT - MOMENT, STEPS - 1),
            (MIDNIGHT, None),
        ],
    )
    def test_a_message_falls_into_the_step_in_which_it_was_sent(
        self, recent: Recent, run: Run, at: datetime, step: int | None
    ) -> None:
        sent(run, at=at)

        assert recent.sent == [int(number == step) for number in range(STEPS)]

    @pytest.mark.parametrize(
        "today", [datetime(2026, 4, 10, 12, tzinfo=SOFIA), datetime(2026, 11, 10, 12, tzinfo=SOFIA)]
    )
    def test_a_change_of_the_clocks_loses_and_doubles_nothing(self, workspace: Workspace, today: datetime) -> None:
        recent = Recent(workspace, today)
        end = datetime.combine(today.date() + timedelta(days=1), datetime.min.time(), SOFIA)
        run = ended_run(workspace, recent.before.start, finished_at=end)
        inside = [recent.before.start, recent.this.start - MOMENT, recent.this.start, end - MOMENT]
        for at in [recent.before.start - MOMENT, *inside, end]:
            sent(run, at=at)

        assert recent.this.end == end
        assert (sum(recent.sent[:HALF]), sum(recent.sent[HALF:])) == (2, 2)
        assert recent.sent[HALF - 1 : HALF + 1] == [1, 1]

    @pytest.mark.parametrize(("ended", "is_seen"), [(timedelta(hours=23), True), (timedelta(hours=25), False)])
    def test_runs_that_were_over_long_before_are_not_looked_at(
        self, workspace: Workspace, recent: Recent, ended: timedelta, is_seen: bool
    ) -> None:
        run = ended_run(workspace, BEFORE - timedelta(days=9), finished_at=BEFORE - ended)
        sent(run, at=BEFORE + timedelta(hours=1))

        assert any(recent.sent) == is_seen

    def test_a_run_that_still_sends_is_looked_at(self, workspace: Workspace, recent: Recent) -> None:
        sent(ended_run(workspace, NOON, finished_at=None))

        assert sum(recent.sent) == 1


class TestRates:
    def test_a_reaction_counts_in_the_step_of_its_message(self, recent: Recent, run: Run) -> None:
        (row,) = sent(run, at=START + STEP)
        did(row, at=NOON)

        rates = recent.rates(HitKind.CLICK)

        assert rates.did == [int(number == HALF + 1) for number in range(STEPS)]
        assert recent.rates(HitKind.UNSUBSCRIBE).did == [0] * STEPS

    @pytest.mark.parametrize(("at", "counts"), [(START - MOMENT, 1), (START, 0)])
    def test_what_is_done_later_does_not_flatter_the_stretch_before(
        self, recent: Recent, run: Run, at: datetime, counts: int
    ) -> None:
        (row,) = sent(run, at=START - timedelta(days=2))
        did(row, at=at)

        assert sum(recent.rates(HitKind.CLICK).did) == counts

    def test_people_count_once_and_machines_never(self, recent: Recent, run: Run) -> None:
        ann, bob = sent(run, 2, at=START)
        for _time in range(2):
            did(ann, at=NOON)
        did(bob, at=NOON, by=Nature.MACHINE)

        assert sum(recent.rates(HitKind.CLICK).did) == 1

    def test_the_change_has_an_interval(self) -> None:
        rates = Rates(sent=[100] * STEPS, did=[2] * HALF + [8] * HALF)

        change = rates.change

        assert change is not None
        assert change.value == pytest.approx(0.06)
        assert 0 < change.low < change.value < change.high

    @pytest.mark.parametrize("empty", [slice(HALF), slice(HALF, STEPS), slice(STEPS)])
    def test_beside_nothing_nothing_changes(self, empty: slice) -> None:
        sent_in = [10] * STEPS
        sent_in[empty] = [0] * len(sent_in[empty])

        rates = Rates(sent=sent_in, did=[0] * STEPS)

        assert rates.change is None
        assert rates.share(empty) is None

    def test_the_line_leaves_out_steps_without_mail(self) -> None:
        assert Rates(sent=[10, 0, 20], did=[1, 0, 4]).line == [0.1, 0.2]


class TestPeopleAndMoney:
    def test_a_reader_counts_once_in_a_step_and_once_in_all(self, recent: Recent, run: Run) -> None:
        (row,) = sent(run, at=START)
        for at in (START, START + timedelta(hours=1), NOON):
            did(row, at=at)
        did(row, HitKind.OPEN, at=START - MOMENT)
        did(row, HitKind.UNSUBSCRIBE, at=BEFORE)

        assert recent.readers == [0, 0, 0, 0, 1, 1, 0, 0, 0, 1]
        assert recent.readers_in_all == (1, 1)

    def test_revenue_is_counted_when_it_was_paid(self, recent: Recent, run: Run) -> None:
        (row,) = sent(run, at=START - timedelta(days=1))
        did(row, at=START - timedelta(hours=2))
        for at, value in ((START - MOMENT, 10), (START, 30), (START + timedelta(days=20), 99)):
            bought(row.contact, value, at=at)

        assert recent.revenue == [0, 0, 0, 0, 10, 30, 0, 0, 0, 0]

    def test_a_figure_is_counted_once(
        self, recent: Recent, run: Run, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        did(sent(run, at=START)[0], at=NOON)
        figures: list[tuple[int, Callable[[], object]]] = [
            (2, lambda: recent.sent),
            (1, lambda: recent.rates(HitKind.CLICK)),
            (0, lambda: recent.rates(HitKind.UNSUBSCRIBE)),
            (2, lambda: recent.revenue),
            (1, lambda: recent.readers),
            (2, lambda: recent.readers_in_all),
            (0, lambda: (recent.sent, recent.revenue, recent.readers, recent.readers_in_all)),
        ]

        for number, ask in figures:
            with django_assert_num_queries(number):
                ask()
