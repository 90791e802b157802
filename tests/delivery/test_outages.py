"""A run in which nothing moves is noticed, told of once, and asks before it goes on after its day."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db.models import F
from pytest_django import Settings

from delivery import services
from delivery.breakers import look_at
from delivery.installation import stand_ready
from delivery.models import Delivery, DeliveryState, Halt, Installation, Run, RunState
from delivery.outages import its_time_is_over
from delivery.watches import watch_over
from sprints.models import SendBrief
from tests.factories.delivery import RunFactory, approved_campaign, settled
from tests.factories.pace import use_up_the_day
from workspaces.models import Member, SystemMail, Workspace

NOON = datetime(2026, 5, 19, 9, tzinfo=UTC)  # twelve o'clock in Sofia, a Tuesday
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _outside(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """Sends since noon on the one day that was approved; nine were sent, five wait."""
    workspace.time_zone = "Europe/Sofia"
    workspace.save()
    campaign = approved_campaign(workspace, NOON)
    campaign.state = "sending"
    campaign.save()
    made: Run = RunFactory.create(workspace=workspace, campaign=campaign, started_at=NOON)
    settled(made, 9, DeliveryState.SENT, NOON)
    settled(made, 5, DeliveryState.QUEUED, NOON, decided_at=None, attempt=0)
    return made


def look(run: Run, now: datetime) -> Run:
    run = Run.objects.with_parts().get(pk=run.pk)
    look_at(run, now)
    run.refresh_from_db()
    return run


def told(kind: str) -> int:
    return SystemMail.objects.filter(kind=f"delivery.{kind}").values("object_id").distinct().count()


class TestStuck:
    def test_who_waits_longer_than_the_limit_is_told_of_once(self, run: Run, lead: Member) -> None:
        for minutes in (0, 10):
            look(run, NOON + minutes * MINUTE)
        before = told("stuck")

        for minutes in (11, 12, 20):
            look(run, NOON + minutes * MINUTE)

        assert (before, SystemMail.objects.filter(kind="delivery.stuck", to=lead.user.email).count()) == (0, 1)

    def test_it_is_told_again_when_it_moved_meanwhile(self, run: Run, lead: Member) -> None:
        for minutes in (0, 11):
            look(run, NOON + minutes * MINUTE)
        _hand_over_the_first(run, NOON + 12 * MINUTE)

        for minutes in (12, 24):
            look(run, NOON + minutes * MINUTE)

        assert SystemMail.objects.filter(kind="delivery.stuck", to=lead.user.email).count() == 2

    def test_a_run_that_moves_behind_the_head_of_the_queue_is_not_stuck(self, run: Run) -> None:
        look(run, NOON)
        settled(run, 1, DeliveryState.SENT, NOON + 9 * MINUTE)

        look(run, NOON + 11 * MINUTE)

        assert told("stuck") == 0

    def test_known_trouble_is_not_told_of_again(self, run: Run) -> None:
        look(run, NOON)
        Run.objects.update(trouble="The mail server cannot be used at the moment.")

        look(run, NOON + 11 * MINUTE)

        assert told("stuck") == 0

    def test_a_run_that_waits_for_the_volume_of_tomorrow_is_not_stuck(self, run: Run) -> None:
        use_up_the_day(run, NOON)

        for minutes in range(0, 180, 10):
            look(run, NOON + minutes * MINUTE)

        assert told("stuck") == 0

    @pytest.mark.parametrize(("used_up", "expected"), [("other", 0), ("gmail", 1)])
    def test_a_used_up_provider_excuses_only_who_reads_there(
        self, run: Run, lead: Member, used_up: str, expected: int
    ) -> None:
        use_up_the_day(run, NOON, group=used_up)
        look(run, NOON)

        look(run, NOON + 11 * MINUTE)

        assert SystemMail.objects.filter(kind="delivery.stuck", to=lead.user.email).count() == expected

    def test_those_who_are_put_off_are_not_stuck(self, run: Run) -> None:
        Delivery.objects.filter(state=DeliveryState.QUEUED).update(
            state=DeliveryState.DEFERRED, attempt=1, next_attempt_at=NOON + timedelta(hours=2)
        )
        run.chunks.update(mark=F("last_id"))
        look(run, NOON)

        look(run, NOON + 60 * MINUTE)

        assert told("stuck") == 0


def _hand_over_the_first(run: Run, at: datetime) -> None:
    first = run.deliveries.filter(state=DeliveryState.QUEUED).earliest("pk")
    Delivery.objects.filter(pk=first.pk).update(state=DeliveryState.SENT, decided_at=at)
    run.chunks.update(mark=first.pk, taken=F("taken") + 1)


class TestWorkersAway:
    def test_a_run_without_workers_asks_once_its_day_is_over(self, run: Run) -> None:
        look(run, NOON)

        evening = look(run, NOON + timedelta(hours=8, minutes=59))
        night = look(run, NOON + timedelta(hours=9))

        assert (evening.state, night.state) == (RunState.SENDING, RunState.PAUSED)
        assert watch_over(run).halt == Halt.INTERRUPTED
        assert "Nothing went out between 19 May 2026, 12:00 and 19 May 2026, 21:00" in night.trouble

    def test_what_waits_for_the_volume_of_tomorrow_goes_on_by_itself(self, run: Run) -> None:
        use_up_the_day(run, NOON)
        midnight = NOON + timedelta(hours=12)

        for minutes in range(0, 12 * 60, 10):
            look(run, NOON + minutes * MINUTE)
        tomorrow = look(run, midnight + MINUTE)

        assert tomorrow.state == RunState.SENDING

    def test_a_person_who_lets_it_go_on_by_night_is_not_asked_again(self, run: Run, lead: Member) -> None:
        look(run, NOON)
        stopped = look(run, NOON + timedelta(hours=10))
        services.resume(run=stopped, by=lead, now=NOON + timedelta(hours=10))
        look(run, NOON + timedelta(hours=10))

        still = look(run, NOON + timedelta(hours=11))

        assert still.state == RunState.SENDING

    def test_a_short_rest_at_the_end_of_the_day_asks_nothing(self, run: Run) -> None:
        evening = NOON + timedelta(hours=8, minutes=50)
        look(run, evening)

        assert look(run, evening + 30 * MINUTE).state == RunState.SENDING


class TestMachineOff:
    """Nothing at all was running, so nobody could notice before it was back."""

    def test_a_run_asks_that_was_interrupted_over_night(self, run: Run, lead: Member) -> None:
        _at_work_until(NOON + 2 * MINUTE)

        stand_ready(NOON + timedelta(hours=21))

        run.refresh_from_db()
        assert (run.state, watch_over(run).halt) == (RunState.PAUSED, Halt.INTERRUPTED)
        assert "Nothing went out between 19 May 2026, 12:02 and 20 May 2026, 09:00" in run.trouble
        assert SystemMail.objects.filter(kind="delivery.halted", to=lead.user.email).count() == 1

    @pytest.mark.usefixtures("run")
    def test_it_goes_on_by_itself_within_its_day(self) -> None:
        _at_work_until(NOON)

        stand_ready(NOON + timedelta(hours=4))

        assert Run.objects.get().state == RunState.SENDING

    def test_it_goes_on_by_itself_on_another_day_that_was_approved(self, run: Run) -> None:
        _approve_until(run, "2026-05-21")
        _at_work_until(NOON)

        stand_ready(NOON + timedelta(hours=21))

        assert Run.objects.get().state == RunState.SENDING

    @pytest.mark.usefixtures("run")
    def test_half_an_hour_is_no_outage(self) -> None:
        _at_work_until(NOON + timedelta(hours=8, minutes=45))

        stand_ready(NOON + timedelta(hours=9, minutes=15))

        assert Run.objects.get().state == RunState.SENDING


def _at_work_until(moment: datetime) -> None:
    stand_ready(moment - timedelta(minutes=1))
    Installation.objects.update(clock=moment - timedelta(seconds=30))
    stand_ready(moment)


def _approve_until(run: Run, last: str) -> None:
    SendBrief.objects.filter(story=run.campaign.story).update(window_end=last)
    for request in run.campaign.story.decisions.all():
        request.request.snapshot["stories"][0]["brief"]["window"][1] = last
        request.request.save(update_fields=["snapshot"])


@pytest.mark.parametrize(
    ("moment", "is_over"),
    [
        (datetime(2026, 5, 19, 17, 59, tzinfo=UTC), False),  # 20:59
        (datetime(2026, 5, 19, 18, 0, tzinfo=UTC), True),  # 21:00, night
        (datetime(2026, 5, 20, 7, 0, tzinfo=UTC), True),  # the day after
    ],
)
def test_when_its_time_is_over(run: Run, moment: datetime, is_over: bool) -> None:
    assert its_time_is_over(run, watch_over(run), moment) is is_over


def test_a_send_that_began_by_night_may_go_on_by_night(run: Run) -> None:
    watch = watch_over(run)
    watch.since = datetime(2026, 5, 18, 22, 0, tzinfo=UTC)  # one o'clock at night

    assert not its_time_is_over(run, watch, datetime(2026, 5, 19, 2, 0, tzinfo=UTC))


def test_the_night_is_by_the_workspaces_clock_on_the_day_clocks_change(run: Run, workspace: Workspace) -> None:
    _approve_until(run, "2026-12-31")
    watch = watch_over(run)
    watch.since = datetime(2026, 10, 24, 9, tzinfo=UTC)

    assert its_time_is_over(run, watch, datetime(2026, 10, 25, 5, 59, tzinfo=UTC))  # 7:59, already winter time
    assert not its_time_is_over(run, watch, datetime(2026, 10, 25, 6, 0, tzinfo=UTC))
