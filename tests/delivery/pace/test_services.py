"""Limits, warm-ups and the speed of a send: what may be said, what is written down."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from delivery.models import LimitScope, Run, RunState, SpeedLimit, WarmUp
from delivery.pace.services import SpeedRefused, end_warm_up, set_limit, set_speed_limit, start_warm_up
from tests.factories.delivery import RunFactory
from tests.factories.pace import SpeedLimitFactory, WarmUpFactory
from tests.together import together
from workspaces.models import AuditEntry, Member

EVERYTHING = (LimitScope.WORKSPACE, 0, "")
GMAIL = (LimitScope.GROUP, 0, "gmail")


def audited() -> list[tuple[str, Any]]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", "detail"))


class TestTheSpeedOfARun:
    @pytest.mark.parametrize("state", [RunState.PLANNING, RunState.SENDING, RunState.PAUSED])
    def test_it_moves_while_the_run_goes_or_rests(self, lead: Member, now: datetime, state: str) -> None:
        run = RunFactory.create(workspace=lead.workspace, state=state)

        set_speed_limit(run=run, per_minute=600, by=lead, now=now)

        assert Run.objects.get().speed_limit == 600
        assert audited() == [("campaign.speed_set", {"per_minute": 600, "before": None})]

    def test_it_can_be_lifted(self, lead: Member, now: datetime) -> None:
        run = RunFactory.create(workspace=lead.workspace, speed_limit=600)

        set_speed_limit(run=run, per_minute=None, by=lead, now=now)

        assert Run.objects.get().speed_limit is None

    def test_saying_it_again_changes_nothing(self, lead: Member, now: datetime) -> None:
        run = RunFactory.create(workspace=lead.workspace, speed_limit=600)

        set_speed_limit(run=run, per_minute=600, by=lead, now=now)

        assert audited() == []

    def test_a_run_that_has_ended_has_no_speed(self, lead: Member, now: datetime) -> None:
        run = RunFactory.create(workspace=lead.workspace, done=True)

        with pytest.raises(SpeedRefused, match="has ended"):
            set_speed_limit(run=run, per_minute=600, by=lead, now=now)

    @pytest.mark.parametrize("per_minute", [0, -5, 10_000_001])
    def test_a_number_that_makes_no_sense_is_refused(self, lead: Member, now: datetime, per_minute: int) -> None:
        run = RunFactory.create(workspace=lead.workspace)

        with pytest.raises(SpeedRefused) as refused:
            set_speed_limit(run=run, per_minute=per_minute, by=lead, now=now)

        assert list(refused.value.fields) == ["per_minute"]


class TestLimits:
    def test_one_is_set_moved_and_lifted(self, lead: Member, now: datetime) -> None:
        for numbers in ({"per_minute": 60}, {"per_minute": 90, "per_day": 1000}, {}):
            set_limit(workspace=lead.workspace, about=GMAIL, by=lead, now=now, **numbers)

        assert not SpeedLimit.objects.exists()
        assert [action for action, _detail in audited()] == ["speed_limit.set", "speed_limit.set", "speed_limit.lifted"]

    def test_saying_what_holds_changes_nothing(self, lead: Member, now: datetime) -> None:
        SpeedLimitFactory.create(workspace=lead.workspace, per_minute=600)

        set_limit(workspace=lead.workspace, about=EVERYTHING, by=lead, now=now, per_minute=600)
        set_limit(workspace=lead.workspace, about=GMAIL, by=lead, now=now)

        assert audited() == []

    def test_another_workspaces_limit_stays(self, lead: Member, outsider: Member, now: datetime) -> None:
        SpeedLimitFactory.create(workspace=outsider.workspace, per_minute=600)

        set_limit(workspace=lead.workspace, about=EVERYTHING, by=lead, now=now)

        assert SpeedLimit.objects.get().per_minute == 600

    @pytest.mark.parametrize(
        ("about", "numbers", "field"),
        [
            ((LimitScope.GROUP, 0, "nobody"), {"per_minute": 5}, "group"),
            ((LimitScope.SERVER, 99, ""), {"per_minute": 5}, "transport_id"),
            (EVERYTHING, {"per_minute": 0}, "per_minute"),
            (EVERYTHING, {"per_day": 1_000_000_001}, "per_day"),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, lead: Member, now: datetime, about: tuple[str, int, str], numbers: dict[str, int], field: str
    ) -> None:
        with pytest.raises(SpeedRefused) as refused:
            set_limit(workspace=lead.workspace, about=about, by=lead, now=now, **numbers)

        assert list(refused.value.fields) == [field]

    @pytest.mark.django_db(transaction=True)
    def test_two_who_limit_at_once_leave_one_limit(self, lead: Member, now: datetime) -> None:
        def limit(per_minute: int) -> Any:
            return lambda: set_limit(workspace=lead.workspace, about=GMAIL, by=lead, now=now, per_minute=per_minute)

        done = together(limit(60), limit(120))

        assert all(isinstance(each, SpeedLimit) for each in done)
        assert SpeedLimit.objects.get().per_minute in {60, 120}


class TestWarmUps:
    SCHEDULE = {"first_day_count": 500, "growth_percent": 40, "target_count": 100_000}

    def start(self, by: Member, now: datetime, start: date | None = None, **schedule: int) -> WarmUp:
        return start_warm_up(
            workspace=by.workspace,
            transport_id=0,
            schedule={**self.SCHEDULE, **schedule},
            start_date=start or now.date(),
            by=by,
            now=now,
        )

    def test_one_begins_and_a_second_takes_its_place(self, lead: Member, now: datetime) -> None:
        self.start(lead, now)

        self.start(lead, now, growth_percent=100)

        assert WarmUp.objects.get().growth_percent == 100
        assert [action for action, _detail in audited()] == ["warm_up.set", "warm_up.set"]

    def test_it_ends(self, lead: Member, now: datetime) -> None:
        end_warm_up(warm_up=WarmUpFactory.create(workspace=lead.workspace), by=lead, now=now)

        assert not WarmUp.objects.exists()
        assert [action for action, _detail in audited()] == ["warm_up.ended"]

    @pytest.mark.parametrize(
        ("schedule", "field"),
        [
            ({"growth_percent": 0}, "growth_percent"),
            ({"growth_percent": 301}, "growth_percent"),
            ({"first_day_count": 0}, "first_day_count"),
            ({"target_count": 500}, "target_count"),
            ({"target_count": 2_000_000_000}, "target_count"),
        ],
    )
    def test_a_schedule_that_goes_nowhere_is_refused(
        self, lead: Member, now: datetime, schedule: dict[str, int], field: str
    ) -> None:
        with pytest.raises(SpeedRefused) as refused:
            self.start(lead, now, None, **schedule)

        assert list(refused.value.fields) == [field]

    def test_a_schedule_that_is_over_is_refused(self, lead: Member, now: datetime) -> None:
        with pytest.raises(SpeedRefused, match="would be over by now"):
            self.start(lead, now, start=now.date() - timedelta(days=60))
