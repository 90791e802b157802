"""Does the database know everything that was sent? A backup restored, a copy, a clock that jumps."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import call_command
from pytest_django import Settings

from campaigns.models import Campaign, CampaignState
from delivery import installation, planning, services
from delivery.installation import (
    ALIVE,
    BEAT,
    SLACK,
    ConfirmRefused,
    Note,
    note_path,
    read_note,
    stand_ready,
    write_note,
)
from delivery.models import DeliveryState, Doubt, Halt, Installation, RestoreHold, Run, RunState
from tests.factories.audience import ContactFactory
from tests.factories.delivery import RunFactory, approved_campaign, settled
from tests.together import together
from workspaces.models import AuditEntry, Member, SystemMail, Workspace


@pytest.fixture(autouse=True)
def _outside(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


def at_work(now: datetime) -> Installation:
    """An installation that has been at work for a day, until now."""
    stand_ready(now - timedelta(days=1))
    for step in (timedelta(minutes=4), timedelta(minutes=2), timedelta(0)):
        Installation.objects.update(clock=now - step - BEAT)
        stand_ready(now - step)
    return Installation.objects.get()


def restored_to(clock: datetime) -> None:
    """The database as a backup had it; what is outside stays."""
    Installation.objects.update(clock=clock)


def doubts() -> list[str]:
    return list(RestoreHold.objects.open().order_by("pk").values_list("doubt", flat=True))


@pytest.mark.usefixtures("workspace")
class TestNoDoubt:
    def test_the_first_start_notes_inside_and_outside_which_installation_it_is(self, now: datetime) -> None:
        stand_ready(now)

        row = Installation.objects.get()
        assert read_note() == Note(row.deployment, row.clock)
        assert doubts() == []

    def test_the_clock_is_entered_every_few_seconds_and_no_more(self, now: datetime) -> None:
        at_work(now)

        stand_ready(now + BEAT - timedelta(seconds=1))
        early = Installation.objects.get().clock
        stand_ready(now + BEAT)

        assert (early, Installation.objects.get().clock) == (now, now + BEAT)

    def test_a_long_rest_is_no_doubt(self, now: datetime) -> None:
        at_work(now)

        stand_ready(now + timedelta(days=3))

        row = Installation.objects.get()
        assert doubts() == []
        assert (row.was_idle_from, row.was_idle_until) == (now, now + timedelta(days=3))

    def test_a_new_database_takes_the_place_of_the_one_before(self, now: datetime) -> None:
        write_note(Note(uuid4(), now))

        stand_ready(now)
        write_note(Note(uuid4(), now))  # a second process that still read the old file
        stand_ready(now + timedelta(seconds=20))

        assert doubts() == []

    def test_another_machine_may_join_while_the_first_is_at_work(self, now: datetime) -> None:
        at_work(now)
        note_path().unlink()

        stand_ready(now + timedelta(seconds=30))

        assert doubts() == []
        assert read_note() is not None

    def test_the_clock_may_be_set_back_a_little(self, now: datetime) -> None:
        at_work(now)

        stand_ready(now - SLACK)

        assert doubts() == []
        assert Installation.objects.get().clock == now

    def test_the_end_of_summer_time_is_no_step_back(self) -> None:
        before, after = datetime(2026, 10, 25, 0, 59, tzinfo=UTC), datetime(2026, 10, 25, 1, 1, tzinfo=UTC)
        at_work(before)

        stand_ready(after)

        assert doubts() == []

    def test_many_processes_at_once_are_one_installation(self, now: datetime) -> None:
        at_work(now)
        first, second = Installation.objects.get(), read_note()

        stand_ready(now + BEAT)
        stand_ready(now + BEAT - timedelta(milliseconds=5))  # whose reading is a little older

        assert doubts() == []
        assert second is not None
        assert second.deployment == first.deployment


@pytest.mark.usefixtures("workspace")
class TestDoubt:
    def test_a_database_that_is_older_than_the_file_was_restored(self, now: datetime) -> None:
        at_work(now)
        restored_to(now - timedelta(hours=2))

        stand_ready(now + timedelta(minutes=1))

        hold = RestoreHold.objects.get()
        assert (hold.doubt, hold.known_until, hold.seen_at) == (Doubt.OLDER, now - timedelta(hours=2), now)

    def test_even_by_seconds(self, now: datetime) -> None:
        at_work(now)
        restored_to(now - timedelta(seconds=3))

        stand_ready(now + timedelta(seconds=1))

        assert doubts() == [Doubt.OLDER]

    def test_a_copy_on_a_machine_that_never_worked_with_it(self, now: datetime) -> None:
        at_work(now)
        note_path().unlink()

        stand_ready(now + ALIVE + timedelta(seconds=1))

        assert doubts() == [Doubt.MOVED]

    def test_a_database_of_another_installation(self, now: datetime) -> None:
        at_work(now)
        write_note(Note(uuid4(), now))

        stand_ready(now + timedelta(seconds=30))

        assert doubts() == [Doubt.STRANGER]

    def test_a_clock_that_went_back(self, now: datetime) -> None:
        at_work(now)

        stand_ready(now - SLACK - timedelta(seconds=1))

        assert doubts() == [Doubt.BACKWARDS]

    @pytest.mark.parametrize(
        "text", ["", "{", '{"deployment": 7}', "[]", json.dumps({"deployment": "x", "clock": "y"})]
    )
    def test_a_file_that_cannot_be_read_counts_as_none(self, now: datetime, text: str) -> None:
        at_work(now)
        note_path().write_text(text)

        stand_ready(now + timedelta(seconds=30))

        assert doubts() == []
        assert read_note() is not None

    def test_it_is_told_once_and_the_next_look_finds_nothing_new(
        self, lead: Member, owner: Member, now: datetime
    ) -> None:
        at_work(now)
        restored_to(now - timedelta(hours=2))

        for seconds in (60, 61, 90, 200):
            stand_ready(now + timedelta(seconds=seconds))

        told = SystemMail.objects.filter(kind="delivery.restored").values_list("to", flat=True)
        assert sorted(told) == sorted([lead.user.email, owner.user.email])
        assert AuditEntry.objects.filter(action="safety.held").count() == 1

    def test_a_disk_that_is_full_stops_nothing(self, now: datetime, settings: Settings, tmp_path: Path) -> None:
        (tmp_path / "installation").write_text("a file where the folder should be")

        stand_ready(now)

        assert Installation.objects.get().clock == now


class TestR19:
    """A backup restored while the original still runs, or from before a send: nothing goes out without a person."""

    def test_nothing_is_sent_until_somebody_confirms(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        ContactFactory.create(workspace=workspace)
        at_work(now)
        run = RunFactory.create(workspace=workspace)
        settled(run, 3, DeliveryState.QUEUED, now, decided_at=None, attempt=0)
        due = approved_campaign(workspace, now)
        restored_to(now - timedelta(minutes=10))

        stand_ready(now + timedelta(seconds=30))
        started = planning.start_due(now + timedelta(seconds=30))

        run.refresh_from_db()
        due.refresh_from_db()
        assert (started, Run.objects.count()) == (0, 1)
        assert (run.state, run.watch.halt) == (RunState.PAUSED, Halt.RESTORED)
        assert (due.state, due.missed_at) == (CampaignState.HELD, due.scheduled_at)
        with pytest.raises(services.RunRefused, match="Confirm first"):
            services.resume(run=run, by=lead, now=now)

    def test_what_becomes_due_meanwhile_waits_and_then_asks(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        ContactFactory.create(workspace=workspace)
        at_work(now)
        restored_to(now - timedelta(minutes=10))
        stand_ready(now + timedelta(seconds=30))
        due = approved_campaign(workspace, now + timedelta(minutes=2))

        waiting = planning.start_due(now + timedelta(minutes=3))
        due.refresh_from_db()
        before = due.state
        installation.confirm_restore(workspace=workspace, by=lead, now=now + timedelta(minutes=4))
        planning.start_due(now + timedelta(minutes=4))

        due.refresh_from_db()
        assert (waiting, before, due.state) == (0, CampaignState.SCHEDULED, CampaignState.HELD)
        assert due.missed_at is not None
        assert not Run.objects.exists()

    def test_after_the_word_of_a_person_sends_start_again_and_stopped_ones_wait_for_theirs(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        ContactFactory.create(workspace=workspace)
        at_work(now)
        run = RunFactory.create(workspace=workspace)
        restored_to(now - timedelta(minutes=10))
        stand_ready(now + timedelta(seconds=30))

        installation.confirm_restore(workspace=workspace, by=lead, now=now + timedelta(minutes=1))

        run.refresh_from_db()
        fresh = approved_campaign(workspace, now + timedelta(minutes=2))
        assert run.state == RunState.PAUSED
        assert planning.start_due(now + timedelta(minutes=2)) == 1
        assert Run.objects.filter(campaign=fresh).exists()
        services.resume(run=run, by=lead, now=now + timedelta(minutes=2))
        entry = AuditEntry.objects.get(action="safety.confirmed")
        assert entry.member == lead

    def test_a_workspace_confirms_for_itself_alone(
        self, workspace: Workspace, outsider: Member, lead: Member, now: datetime
    ) -> None:
        at_work(now)
        restored_to(now - timedelta(minutes=10))
        stand_ready(now + timedelta(seconds=30))

        installation.confirm_restore(workspace=workspace, by=lead, now=now)

        held = RestoreHold.objects.open().values_list("workspace", flat=True)
        assert list(held) == [outsider.workspace_id]
        with pytest.raises(ConfirmRefused, match="nothing to confirm"):
            installation.confirm_restore(workspace=workspace, by=lead, now=now)

    def test_the_operator_confirms_for_all(
        self, workspace: Workspace, outsider: Member, now: datetime, capsys: pytest.CaptureFixture[str]
    ) -> None:
        at_work(now)
        restored_to(now - timedelta(minutes=10))
        stand_ready(now + timedelta(seconds=30))

        call_command("confirm_restore")
        call_command("confirm_restore")

        assert not RestoreHold.objects.open().exists()
        said = capsys.readouterr().out
        assert f"{workspace}: The database is older than what this machine has done. Confirmed." in said
        assert str(outsider.workspace) in said
        assert said.endswith("Nothing is held back.\n")


@pytest.mark.django_db(transaction=True)
def test_of_many_that_notice_it_one_holds(workspace: Workspace, lead: Member, now: datetime) -> None:
    at_work(now)
    run = RunFactory.create(workspace=workspace)
    restored_to(now - timedelta(minutes=10))

    answers = together(*[lambda: stand_ready(now + timedelta(seconds=30))] * 6)

    run.refresh_from_db()
    assert answers == [None] * 6
    assert (run.state, run.epoch, len(doubts())) == (RunState.PAUSED, 2, 1)
    assert SystemMail.objects.filter(to=lead.user.email).count() == 1


def test_a_campaign_is_never_due_in_a_held_workspace(workspace: Workspace, now: datetime) -> None:
    campaign = approved_campaign(workspace, now)
    RestoreHold.objects.create(workspace=workspace, doubt=Doubt.MOVED, known_until=now, seen_at=now, since=now)

    assert planning.start_due(now) == 0
    assert Campaign.objects.get(pk=campaign.pk).state == CampaignState.SCHEDULED
