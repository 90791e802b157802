"""KPIs: defined once, renamed at will, put away with their history; and readings that people enter."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from strategy import services
from strategy.models import Direction, Goal, Kpi, ReadingSource, Unit
from strategy.services import GoalRefused, KpiRefused
from tests.conftest import Bell
from tests.factories.strategy import GoalFactory, KpiFactory, ReadingFactory
from tests.factories.workspaces import WorkspaceFactory
from workspaces.models import AuditEntry, Member, Workspace

Define = Callable[..., Kpi]


@pytest.fixture
def define(workspace: Workspace, lead: Member, now: datetime) -> Define:
    def call(**given: Any) -> Kpi:
        wanted = {"name": "Repeat purchase", "unit": Unit.RATE, "champion": lead, **given}
        return services.define_kpi(workspace=workspace, by=lead, now=now, **wanted)

    return call


def _enter(kpi: Kpi, by: Member, now: datetime, **given: Any) -> Any:
    wanted = {"day": now.date(), "value": Decimal("0.316"), "source": ReadingSource.ENTERED, **given}
    return services.enter_reading(kpi=kpi, by=by, now=now, **wanted)


def test_a_kpi_is_defined_and_written_into_the_log(define: Define, lead: Member, now: datetime) -> None:
    kpi = define(name="  Repeat purchase ", description="Who orders again")

    assert (kpi.name, kpi.unit, kpi.direction, kpi.champion) == ("Repeat purchase", Unit.RATE, Direction.UP, lead)
    entry = AuditEntry.objects.get(action="kpi.defined")
    assert (entry.target_id, entry.member, entry.at) == (kpi.pk, lead, now)


def test_a_measured_kpi_asks_for_its_past_after_the_commit(
    define: Define, bells: list[Bell], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        kpi = define(source="test.joined", unit=Unit.COUNT)
        assert bells == []

    assert bells == [("strategy.measure_history", {"kpi_id": kpi.pk})]


def test_an_entered_kpi_asks_for_nothing(
    define: Define, bells: list[Bell], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        define()

    assert bells == []


def test_a_measure_brings_its_own_unit(define: Define) -> None:
    assert define(source="test.agreed", unit="").unit == Unit.RATE


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"unit": ""}, "unit"),
        ({"source": "nobody.knows", "unit": ""}, "source"),
        ({"source": "test.joined", "unit": Unit.MONEY}, "unit"),
        ({"window_days": 0}, "window_days"),
        ({"window_days": services.LONGEST_WINDOW + 1}, "window_days"),
    ],
)
def test_a_kpi_that_makes_no_sense_is_refused_with_the_field(define: Define, given: dict[str, Any], field: str) -> None:
    with pytest.raises(KpiRefused) as refusal:
        define(**given)

    assert list(refusal.value.fields) == [field]
    assert not Kpi.objects.exists()
    assert not AuditEntry.objects.filter(action="kpi.defined").exists()


def test_a_name_is_taken_only_once_in_a_workspace(define: Define) -> None:
    KpiFactory.create(name="Repeat purchase", workspace=WorkspaceFactory.create())
    define()

    with pytest.raises(KpiRefused) as refusal:
        define()

    assert list(refusal.value.fields) == ["name"]
    assert Kpi.objects.filter(name="Repeat purchase").count() == 2


def test_the_name_of_a_kpi_that_was_put_away_is_free_again(define: Define, lead: Member, now: datetime) -> None:
    services.archive_kpi(kpi=define(), by=lead, now=now)

    assert define().archived_at is None


def test_a_change_is_kept_with_what_it_was(define: Define, lead: Member, marketer: Member, now: datetime) -> None:
    kpi = define()

    services.change_kpi(
        kpi=kpi, by=lead, now=now, name=" Second orders ", champion=marketer, direction=Direction.UP, description=""
    )

    assert (kpi.name, kpi.champion) == ("Second orders", marketer)
    before = AuditEntry.objects.get(action="kpi.changed").detail["before"]
    assert before == {"name": "Repeat purchase", "champion": str(lead)}


@pytest.mark.parametrize("field", ["unit", "source", "window_days", "archived_at", "workspace"])
def test_what_a_kpi_counts_stays(define: Define, lead: Member, now: datetime, field: str) -> None:
    kpi = define()

    with pytest.raises(KpiRefused) as refusal:
        services.change_kpi(kpi=kpi, by=lead, now=now, name="Other", **{field: "money"})

    assert list(refusal.value.fields) == [field]
    kpi.refresh_from_db()
    assert kpi.name == "Repeat purchase"


def test_a_taken_name_is_refused_and_the_kpi_in_hand_stays_as_it_was(
    define: Define, lead: Member, now: datetime
) -> None:
    define(name="Refunds")
    kpi = define()

    with pytest.raises(KpiRefused):
        services.change_kpi(kpi=kpi, by=lead, now=now, name="Refunds")

    assert kpi.name == "Repeat purchase"


def test_the_direction_turns_only_while_no_open_goal_relies_on_it(lead: Member, now: datetime) -> None:
    free, bound, was_bound = (KpiFactory.create(workspace=lead.workspace) for _ in range(3))
    GoalFactory.create(kpi=bound, workspace=lead.workspace)
    GoalFactory.create(kpi=was_bound, workspace=lead.workspace, closed=True)

    for kpi in (free, was_bound):
        services.change_kpi(kpi=kpi, by=lead, now=now, direction=Direction.DOWN)
    with pytest.raises(KpiRefused) as refusal:
        services.change_kpi(kpi=bound, by=lead, now=now, direction=Direction.DOWN)

    assert list(refusal.value.fields) == ["direction"]
    assert {kpi.direction for kpi in (free, was_bound)} == {Direction.DOWN}
    assert bound.direction == Direction.UP


def test_a_kpi_with_an_open_goal_cannot_be_put_away(lead: Member, now: datetime) -> None:
    goal = GoalFactory.create(workspace=lead.workspace)

    with pytest.raises(KpiRefused, match="Close the goal first"):
        services.archive_kpi(kpi=goal.kpi, by=lead, now=now)

    goal.kpi.refresh_from_db()
    assert goal.kpi.archived_at is None


def test_putting_away_twice_is_written_down_once(lead: Member, now: datetime) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace)

    for later in (0, 1):
        services.archive_kpi(kpi=kpi, by=lead, now=now + timedelta(hours=later))

    kpi.refresh_from_db()
    assert kpi.archived_at == now
    assert AuditEntry.objects.filter(action="kpi.archived").count() == 1


def test_nothing_is_changed_or_entered_on_a_kpi_that_was_put_away(lead: Member, now: datetime) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace, archived_at=now)

    with pytest.raises(KpiRefused, match="put away"):
        services.change_kpi(kpi=kpi, by=lead, now=now, name="Other")
    with pytest.raises(KpiRefused, match="put away"):
        _enter(kpi, lead, now)
    with pytest.raises(KpiRefused, match="put away"):
        services.set_goal(
            workspace=lead.workspace,
            name="Too late",
            kpi=kpi,
            champion=lead,
            by=lead,
            now=now,
            baseline=Decimal(1),
            target=Decimal(2),
            start_date=now.date(),
            due_date=now.date() + timedelta(days=9),
        )


def test_a_reading_is_entered_and_written_into_the_log(lead: Member, now: datetime) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace)

    reading = _enter(kpi, lead, now, source=ReadingSource.API)

    assert (reading.value, reading.source, reading.low, reading.sample_size) == (Decimal("0.316"), "api", None, None)
    detail = AuditEntry.objects.get(action="kpi.reading_entered").detail
    assert detail == {"day": now.date().isoformat(), "value": "0.316"}


def test_a_day_that_is_entered_again_is_replaced(lead: Member, now: datetime) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace)
    ReadingFactory.create(kpi=kpi, day=now.date() - timedelta(days=1))

    for value in ("0.30", "0.32"):
        _enter(kpi, lead, now, value=Decimal(value))

    assert [reading.value for reading in kpi.readings.order_by("day")] == [Decimal("0.316"), Decimal("0.32")]


def test_readings_of_a_measured_kpi_cannot_be_entered(lead: Member, now: datetime) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace, source="test.agreed")

    with pytest.raises(KpiRefused, match="measured from facts"):
        _enter(kpi, lead, now)

    assert not kpi.readings.exists()


def test_today_is_the_workspaces_today(lead: Member) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace)
    just_after_midnight_in_sofia = datetime(2026, 5, 18, 21, 30, tzinfo=UTC)

    _enter(kpi, lead, just_after_midnight_in_sofia, day=date(2026, 5, 19))
    with pytest.raises(KpiRefused) as refusal:
        _enter(kpi, lead, just_after_midnight_in_sofia, day=date(2026, 5, 20))

    assert list(refusal.value.fields) == ["day"]
    assert [reading.day for reading in kpi.readings.all()] == [date(2026, 5, 19)]


@pytest.mark.django_db(transaction=True)
def test_a_goal_and_the_putting_away_of_its_kpi_never_both_succeed(lead: Member, now: datetime) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace)

    def archive() -> None:
        services.archive_kpi(kpi=Kpi.objects.get(pk=kpi.pk), by=lead, now=now)

    def aim() -> None:
        services.set_goal(
            workspace=lead.workspace,
            name="A goal",
            kpi=Kpi.objects.get(pk=kpi.pk),
            champion=lead,
            by=lead,
            now=now,
            baseline=Decimal("0.1"),
            target=Decimal("0.2"),
            start_date=now.date(),
            due_date=now.date() + timedelta(days=30),
        )

    with ThreadPoolExecutor(2) as pool:
        refused = [future.result() for future in [pool.submit(_refused, verb) for verb in (archive, aim)]]

    kpi.refresh_from_db()
    assert refused.count(True) == 1
    assert (kpi.archived_at is None) == Goal.objects.filter(kpi=kpi).exists()


def _refused(verb: Callable[[], None]) -> bool:
    try:
        verb()
    except (KpiRefused, GoalRefused):
        return True
    finally:
        connection.close()
    return False
