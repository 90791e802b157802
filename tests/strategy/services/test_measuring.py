"""Measuring: from the facts, by the workspace's clock, the same however often."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from strategy import services
from strategy.measures import measures, span_ending
from strategy.models import Kpi, KpiReading, ReadingSource, Unit
from strategy.services import KpiRefused
from strategy.tasks import measure_history
from tests.factories.audience import ContactFactory
from tests.factories.strategy import KpiFactory, ReadingFactory
from tests.factories.workspaces import MemberFactory, WorkspaceFactory
from workspaces.models import AuditEntry, Member, Workspace

MIDNIGHT_IN_SOFIA = datetime(2026, 5, 18, 21, tzinfo=UTC)  # the first moment of 19 May there
SECOND = timedelta(seconds=1)


def _joined(workspace: Workspace, at: datetime, consent: str = "given") -> None:
    ContactFactory.create(workspace=workspace, created_at=at, consent=consent)


def _counting(workspace: Workspace, **fields: object) -> Kpi:
    kpi: Kpi = KpiFactory.create(workspace=workspace, source="test.joined", unit=Unit.COUNT, window_days=1, **fields)
    return kpi


def _values(kpi: Kpi) -> dict[date, int]:
    return {reading.day: int(reading.value) for reading in kpi.readings.order_by("day")}


def test_a_day_ends_at_midnight_of_the_workspace(workspace: Workspace) -> None:
    kpi = _counting(workspace)
    _joined(workspace, MIDNIGHT_IN_SOFIA - SECOND)
    _joined(workspace, MIDNIGHT_IN_SOFIA)
    _joined(workspace, MIDNIGHT_IN_SOFIA + timedelta(days=1) - SECOND)

    for day in (date(2026, 5, 18), date(2026, 5, 19)):
        services.measure_kpi(kpi=kpi, day=day, now=MIDNIGHT_IN_SOFIA)

    assert _values(kpi) == {date(2026, 5, 18): 1, date(2026, 5, 19): 2}


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 5, 18), 24), (date(2026, 10, 25), 25)])
def test_a_day_lasts_as_long_as_its_clock_says(workspace: Workspace, day: date, hours: int) -> None:
    span = span_ending(day, 1, workspace)

    assert span.end.astimezone(UTC) - span.start.astimezone(UTC) == timedelta(hours=hours)


def test_a_span_reaches_back_so_many_days_and_holds_the_day_itself(workspace: Workspace) -> None:
    span = span_ending(date(2026, 5, 18), 7, workspace)

    assert span.start.isoformat() == "2026-05-12T00:00:00+03:00"
    assert span.end.isoformat() == "2026-05-19T00:00:00+03:00"


def test_a_rate_keeps_its_interval_and_how_many_it_is_of(workspace: Workspace, now: datetime) -> None:
    kpi = KpiFactory.create(workspace=workspace, source="test.agreed")
    for consent in ("given", "given", "given", "unknown"):
        _joined(workspace, now, consent)

    reading = services.measure_kpi(kpi=kpi, day=now.astimezone(workspace.zone).date(), now=now)

    assert reading is not None
    assert (reading.value, reading.sample_size, reading.source) == (Decimal("0.75"), 4, ReadingSource.MEASURED)
    assert reading.low is not None
    assert reading.high is not None
    assert Decimal(0) < reading.low < reading.value < reading.high < Decimal(1)


def test_what_was_counted_in_full_has_no_interval(workspace: Workspace) -> None:
    kpi = _counting(workspace)

    reading = services.measure_kpi(kpi=kpi, day=date(2026, 5, 18), now=MIDNIGHT_IN_SOFIA)

    assert reading is not None
    assert (reading.value, reading.low, reading.high, reading.sample_size) == (Decimal(0), None, None, None)


def test_measuring_again_gives_the_same_reading(workspace: Workspace, now: datetime) -> None:
    kpi = KpiFactory.create(workspace=workspace, source="test.agreed")
    for consent in ("given", "unknown", "unknown"):
        _joined(workspace, now - timedelta(days=2), consent)
    day = now.astimezone(workspace.zone).date()
    fields = ("pk", "day", "value", "low", "high", "sample_size", "source")

    services.measure_kpi(kpi=kpi, day=day, now=now)
    first = KpiReading.objects.values_list(*fields).get()
    services.measure_kpi(kpi=kpi, day=day, now=now + timedelta(days=3))

    assert KpiReading.objects.values_list(*fields).get() == first


def test_facts_that_arrive_late_change_the_reading_of_their_day(workspace: Workspace) -> None:
    kpi = _counting(workspace)
    services.measure_kpi(kpi=kpi, day=date(2026, 5, 18), now=MIDNIGHT_IN_SOFIA)
    _joined(workspace, MIDNIGHT_IN_SOFIA - SECOND)

    services.measure_kpi(kpi=kpi, day=date(2026, 5, 18), now=MIDNIGHT_IN_SOFIA)

    assert _values(kpi) == {date(2026, 5, 18): 1}


def test_a_reading_goes_when_there_is_nothing_to_measure_any_more(workspace: Workspace, now: datetime) -> None:
    kpi = KpiFactory.create(workspace=workspace, source="test.agreed")
    day = now.astimezone(workspace.zone).date()
    ReadingFactory.create(kpi=kpi, day=day)
    other = ReadingFactory.create(kpi=kpi, day=day - timedelta(days=1))

    assert services.measure_kpi(kpi=kpi, day=day, now=now) is None

    assert list(kpi.readings.all()) == [other]


def test_a_kpi_that_is_entered_cannot_be_measured(workspace: Workspace, now: datetime) -> None:
    with pytest.raises(KpiRefused, match="enter its readings by hand"):
        services.measure_kpi(kpi=KpiFactory.create(workspace=workspace), day=now.date(), now=now)


@pytest.mark.django_db
def test_everything_is_yesterday_and_today_of_each_workspace() -> None:
    sofia, auckland = (
        _counting(WorkspaceFactory.create(time_zone=zone)) for zone in ("Europe/Sofia", "Pacific/Auckland")
    )
    evening_of_18_may_in_sofia = datetime(2026, 5, 18, 18, tzinfo=UTC)

    taken = services.measure_everything(now=evening_of_18_may_in_sofia)

    assert taken == 4
    assert list(_values(sofia)) == [date(2026, 5, 17), date(2026, 5, 18)]
    assert list(_values(auckland)) == [date(2026, 5, 18), date(2026, 5, 19)]


def test_everything_leaves_out_what_is_entered_put_away_or_has_lost_its_measure(
    workspace: Workspace, now: datetime
) -> None:
    KpiFactory.create(workspace=workspace)
    _counting(workspace, archived_at=now)
    KpiFactory.create(workspace=workspace, source="gone.for_good")

    assert services.measure_everything(now=now) == 0

    assert not KpiReading.objects.exists()


def test_measuring_twice_leaves_one_reading_a_day(workspace: Workspace, now: datetime) -> None:
    kpi = _counting(workspace)

    for _ in range(2):
        services.measure_everything(now=now)

    assert kpi.readings.count() == 2


def test_on_demand_only_the_own_workspace_is_measured_and_it_is_logged(lead: Member, now: datetime) -> None:
    mine = _counting(lead.workspace)
    theirs = _counting(MemberFactory.create().workspace)

    assert services.measure_now(workspace=lead.workspace, by=lead, now=now) == 2

    assert mine.readings.count() == 2
    assert not theirs.readings.exists()
    entry = AuditEntry.objects.get(action="kpi.measured")
    assert (entry.workspace, entry.detail) == (lead.workspace, {"readings": 2})


def test_history_is_every_day_up_to_today(workspace: Workspace) -> None:
    kpi = _counting(workspace)
    _joined(workspace, MIDNIGHT_IN_SOFIA - timedelta(days=2))

    services.measure_history(kpi=kpi, now=MIDNIGHT_IN_SOFIA, days=3)

    assert _values(kpi) == {
        date(2026, 5, 16): 0,
        date(2026, 5, 17): 1,
        date(2026, 5, 18): 0,
        date(2026, 5, 19): 0,
    }


def test_the_bell_gives_a_new_kpi_its_past_and_bears_strangers_and_repetition(workspace: Workspace) -> None:
    kpi = _counting(workspace)

    for _ in range(2):
        measure_history(kpi_id=kpi.pk, from_a_later_version=True)

    assert kpi.readings.count() == services.HISTORY_DAYS + 1


def test_the_registry_hands_out_a_copy() -> None:
    measures().clear()

    assert "test.joined" in measures()
