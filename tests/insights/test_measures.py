"""The measures of KPIs and the metrics of hypotheses: every one over the same story of a few days."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from audience.models import Consent, ConsentEntry
from delivery.models import Delivery, HitKind, Nature
from insights.measures import MEASURES, METRICS, runs_of
from sprints.metrics import StoryMetric, metrics
from strategy.measures import measures
from strategy.models import Direction, Kpi, KpiReading, Unit
from strategy.services import measure_history, measure_kpi
from tests.factories.insights import NOON, bought, did, ended_run, promising_story, sent
from tests.factories.strategy import KpiFactory
from tests.factories.workspaces import WorkspaceFactory
from workspaces.models import Workspace

TODAY = NOON.date()


def test_what_is_offered_is_registered() -> None:
    assert {measure.key for measure in MEASURES} <= set(measures())
    assert {metric.key for metric in METRICS} <= set(metrics())


def kpi_of(workspace: Workspace, source: str, *, days: int = 1) -> Kpi:
    made: Kpi = KpiFactory.create(workspace=workspace, source=source, window_days=days, unit=measures()[source].unit)
    return made


def reading(kpi: Kpi, day: date = TODAY) -> KpiReading | None:
    return measure_kpi(kpi=kpi, day=day, now=NOON + timedelta(days=99))


@pytest.fixture
def day_of_mail(workspace: Workspace) -> None:
    """Ten mails: four opened, two clicked, one led to two orders; one unsubscribed; machines and strangers about."""
    rows = sent(ended_run(workspace), 10)
    for row in rows[:4]:
        did(row, HitKind.OPEN)
    for row in rows[:2]:
        did(row)
    for row in rows[5:]:
        did(row, HitKind.OPEN, by=Nature.MACHINE)
        did(row, by=Nature.MACHINE)
    did(rows[3], HitKind.UNSUBSCRIBE)
    for value in (30, 10):
        bought(rows[0].contact, value, at=NOON + timedelta(hours=2))
    bought(rows[9].contact, 7, at=NOON + timedelta(hours=2))
    for row in rows[:3]:
        assert row.contact is not None
        ConsentEntry.objects.create(
            workspace=workspace, contact=row.contact, consent=Consent.GIVEN, source="form", at=NOON
        )
    bought(sent(ended_run(WorkspaceFactory.create()))[0].contact, 999, at=NOON)


@pytest.mark.usefixtures("day_of_mail")
@pytest.mark.parametrize(
    ("source", "value", "has_interval"),
    [
        ("mail.click_rate", "0.2", True),
        ("mail.open_rate", "0.4", True),
        ("mail.unsubscribe_rate", "0.1", True),
        ("orders.mail_revenue", "40", False),
        ("orders.revenue", "47", False),
        ("orders.repeat_rate", "0.5", True),
        ("audience.engaged", "4", False),
        ("audience.consents", "3", False),
    ],
)
def test_each_measure_counts_what_its_name_says(
    workspace: Workspace, source: str, value: str, has_interval: bool
) -> None:
    found = reading(kpi_of(workspace, source))

    assert found is not None
    assert found.value == Decimal(value)
    assert (found.low is not None and found.low < found.value) == has_interval
    assert (found.sample_size is not None) == has_interval


@pytest.mark.parametrize("source", [measure.key for measure in MEASURES])
def test_of_a_day_without_facts_a_rate_is_none_and_a_count_is_nothing(workspace: Workspace, source: str) -> None:
    found = reading(kpi_of(workspace, source))

    assert (found is None) == (measures()[source].unit == Unit.RATE)
    assert found is None or found.value == 0


@pytest.mark.usefixtures("day_of_mail")
@pytest.mark.parametrize("source", [measure.key for measure in MEASURES])
def test_measuring_twice_gives_the_same_figure(workspace: Workspace, source: str) -> None:
    kpi = kpi_of(workspace, source)

    first, second = reading(kpi), reading(kpi)

    assert first is not None
    assert second is not None
    assert (second.value, second.low, second.high) == (first.value, first.low, first.high)
    assert KpiReading.objects.count() == 1


@pytest.mark.usefixtures("day_of_mail")
@pytest.mark.parametrize("source", [measure.key for measure in MEASURES])
def test_what_happens_later_rewrites_no_day_of_the_past(workspace: Workspace, source: str) -> None:
    kpi = kpi_of(workspace, source)
    before = reading(kpi)
    tomorrow = NOON + timedelta(days=1)

    row = sent(ended_run(workspace, tomorrow))[0]
    did(row)
    bought(row.contact, 500, at=tomorrow + timedelta(hours=2))
    for late in Delivery.objects.for_workspace(workspace):
        did(late, HitKind.OPEN, at=tomorrow)
        did(late, at=tomorrow)
    after = reading(kpi)

    assert before is not None
    assert after is not None
    assert after.value == before.value


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 5, 17, 20, 59, 59, tzinfo=UTC), date(2026, 5, 17)),
        (datetime(2026, 5, 17, 21, 0, tzinfo=UTC), date(2026, 5, 18)),
        (datetime(2026, 5, 18, 20, 59, 59, tzinfo=UTC), date(2026, 5, 18)),
        (datetime(2026, 3, 28, 22, 0, tzinfo=UTC), date(2026, 3, 29)),  # a day of 23 hours in Sofia
        (datetime(2026, 3, 29, 20, 59, 59, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 10, 24, 21, 0, tzinfo=UTC), date(2026, 10, 25)),  # a day of 25 hours
        (datetime(2026, 10, 25, 21, 59, 59, tzinfo=UTC), date(2026, 10, 25)),
    ],
)
def test_a_day_is_that_of_the_business(workspace: Workspace, at: datetime, day: date) -> None:
    kpi = kpi_of(workspace, "mail.open_rate")
    sent(ended_run(workspace, at), at=at)

    days = (day - timedelta(days=1), day, day + timedelta(days=1))

    assert [reading(kpi, each) is not None for each in days] == [False, True, False]


def test_the_window_reaches_back_from_the_day(workspace: Workspace) -> None:
    kpi = kpi_of(workspace, "orders.revenue", days=7)
    person = sent(ended_run(workspace))[0].contact
    for back in (0, 6, 7):
        bought(person, 10 + back, at=NOON - timedelta(days=back))

    found = reading(kpi)

    assert found is not None
    assert found.value == 26


def test_a_whole_history_is_measured_day_by_day(workspace: Workspace) -> None:
    kpi = kpi_of(workspace, "orders.revenue")
    person = sent(ended_run(workspace))[0].contact
    for back in range(3):
        bought(person, back + 1, at=NOON - timedelta(days=back))

    measure_history(kpi=kpi, now=NOON, days=3)

    assert [int(found.value) for found in kpi.readings.order_by("day")] == [0, 3, 2, 1]


class TestMetrics:
    @pytest.mark.parametrize(
        ("key", "value", "direction"),
        [
            ("click_rate", 0.5, Direction.UP),
            ("open_rate", 0.25, Direction.UP),
            ("order_rate", 0.25, Direction.UP),
            ("revenue", 40.0, Direction.UP),
            ("unsubscribe_rate", 0.25, Direction.DOWN),
        ],
    )
    def test_each_is_about_all_sends_of_a_story(
        self, workspace: Workspace, key: str, value: float, direction: Direction
    ) -> None:
        story = promising_story(workspace)
        runs = [ended_run(workspace, NOON + timedelta(days=day), story=story) for day in range(2)]
        first, second = (sent(run, 2) for run in runs)
        did(first[0])
        did(second[0])
        did(first[0], HitKind.OPEN)
        did(second[1], HitKind.UNSUBSCRIBE)
        for _order in range(2):
            bought(first[0].contact, 20, at=NOON + timedelta(hours=2))
        bought(first[1].contact, 99, at=NOON + timedelta(hours=2))
        metric = metrics()[key]

        estimate = metric.take(story, NOON + timedelta(days=9))

        assert runs_of(story) == runs
        assert estimate is not None
        assert (estimate.value, estimate.sample_size) == (value, 4)
        assert estimate.low < value < estimate.high
        assert metric.direction == direction

    @pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
    def test_while_nothing_was_sent_there_is_no_figure(self, workspace: Workspace, metric: StoryMetric) -> None:
        story = promising_story(workspace)
        ended_run(workspace, story=story)

        assert metric.take(story, NOON) is None

    def test_an_order_counts_for_the_story_whose_mail_was_clicked_last(self, workspace: Workspace) -> None:
        ours, theirs = (promising_story(workspace) for _number in range(2))
        first = sent(ended_run(workspace, story=ours))[0]
        second = sent(ended_run(workspace, story=theirs), contact=first.contact)[0]
        did(first, at=NOON)
        did(second, at=NOON + timedelta(hours=1))
        bought(first.contact, at=NOON + timedelta(hours=2))

        revenue = metrics()["revenue"]
        found = [revenue.take(story, NOON + timedelta(days=9)) for story in (ours, theirs)]

        assert [estimate.value if estimate else None for estimate in found] == [0.0, 50.0]
