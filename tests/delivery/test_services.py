"""Verbs on runs, and the test mail."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaigns.models import Campaign, CampaignState
from delivery import services
from delivery.models import DeliveryState, Reason, Run, RunState, SigningKey
from delivery.queries import last_test
from delivery.services import RunRefused, SampleRefused
from tests.conftest import Bell
from tests.delivery.conftest import Clock
from tests.factories.delivery import DeliveryFactory, RunFactory, SentCampaignFactory, SigningKeyFactory, run_to
from tests.smtp_sink import Phase, Sink
from tools.verifiers import dkimpy_accepts
from workspaces.models import AuditEntry, Member, Workspace

ENDED = [RunState.DONE, RunState.CANCELLED]


def test_pausing_stops_run_and_campaign_and_raises_the_epoch(workspace: Workspace, lead: Member, now: datetime) -> None:
    run, _rows = run_to(workspace, 1)

    services.pause(run=run, by=lead, now=now)

    run.refresh_from_db()
    run.campaign.refresh_from_db()
    assert (run.state, run.epoch, run.campaign.state) == (RunState.PAUSED, 2, CampaignState.PAUSED)
    assert AuditEntry.objects.get().action == "campaign.paused"


@pytest.mark.parametrize("state", [RunState.PAUSED, *ENDED])
def test_what_does_not_move_cannot_be_paused(
    workspace: Workspace, lead: Member, now: datetime, state: RunState
) -> None:
    run = RunFactory.create(workspace=workspace, state=state)

    with pytest.raises(RunRefused):
        services.pause(run=run, by=lead, now=now)


@pytest.mark.parametrize(
    "goes_on",
    [(True, RunState.SENDING, "delivery.send_run"), (False, RunState.PLANNING, "delivery.plan_run")],
)
def test_resuming_goes_on_where_it_stopped(
    workspace: Workspace,
    lead: Member,
    now: datetime,
    bells: list[Bell],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    goes_on: tuple[bool, RunState, str],
) -> None:
    planned, state, bell = goes_on
    run = RunFactory.create(
        workspace=workspace,
        state=RunState.PAUSED,
        trouble="535 Wrong password",
        retry_at=now,
        planned_at=now if planned else None,
        campaign__state=CampaignState.PAUSED,
    )

    with django_capture_on_commit_callbacks(execute=True):
        services.resume(run=run, by=lead, now=now)

    run.refresh_from_db()
    assert (run.state, run.epoch, run.trouble, run.retry_at) == (state, 2, "", None)
    assert bells == [(bell, {"run_id": run.pk})]


@pytest.mark.parametrize("state", [RunState.SENDING, RunState.PLANNING, *ENDED])
def test_only_a_paused_run_can_be_resumed(workspace: Workspace, lead: Member, now: datetime, state: RunState) -> None:
    run = RunFactory.create(workspace=workspace, state=state)

    with pytest.raises(RunRefused):
        services.resume(run=run, by=lead, now=now)


@pytest.mark.parametrize("state", [RunState.PLANNING, RunState.SENDING, RunState.PAUSED])
def test_cancelling_leaves_out_whoever_still_waits(
    workspace: Workspace, lead: Member, now: datetime, state: RunState
) -> None:
    campaign_state = CampaignState.PAUSED if state == RunState.PAUSED else CampaignState.SENDING
    run = RunFactory.create(workspace=workspace, state=state, trouble="away", campaign__state=campaign_state)
    sent = DeliveryFactory.create(run=run, state=DeliveryState.SENT)
    waits = DeliveryFactory.create(run=run)

    services.cancel(run=run, by=lead, now=now)

    run.refresh_from_db()
    waits.refresh_from_db()
    sent.refresh_from_db()
    assert (run.state, run.finished_at, run.trouble) == (RunState.CANCELLED, now, "")
    assert (waits.state, waits.reason, waits.decided_at) == (DeliveryState.SKIPPED, Reason.CANCELLED, now)
    assert sent.state == DeliveryState.SENT
    run.campaign.refresh_from_db()
    assert (run.campaign.state, run.campaign.finished_at) == (CampaignState.CANCELLED, now)


@pytest.mark.parametrize("state", ENDED)
def test_what_has_ended_cannot_be_cancelled(workspace: Workspace, lead: Member, now: datetime, state: RunState) -> None:
    run = RunFactory.create(workspace=workspace, state=state)

    with pytest.raises(RunRefused):
        services.cancel(run=run, by=lead, now=now)


@pytest.fixture
def campaign(workspace: Workspace) -> Campaign:
    made: Campaign = SentCampaignFactory.create(workspace=workspace, state=CampaignState.DRAFT, launched_at=None)
    return made


def test_asking_for_a_test_rings_a_worker(
    campaign: Campaign,
    lead: Member,
    now: datetime,
    bells: list[Bell],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    reader = DeliveryFactory.create(run__workspace=campaign.workspace).contact

    with django_capture_on_commit_callbacks(execute=True):
        services.ask_for_test(campaign=campaign, contact=reader, by=lead, now=now)

    assert bells == [
        ("delivery.send_test", {"campaign_id": campaign.pk, "contact_id": reader.pk, "member_id": lead.pk})
    ]
    test = last_test(campaign)
    assert test is not None
    assert (test.state, test.to, test.at) == ("asked", lead.user.email, now)


def test_there_is_no_test_of_what_is_not_written(campaign: Campaign, lead: Member, now: datetime) -> None:
    reader = DeliveryFactory.create(run__workspace=campaign.workspace).contact
    campaign.content = None

    with pytest.raises(SampleRefused):
        services.ask_for_test(campaign=campaign, contact=reader, by=lead, now=now)


def test_the_test_goes_to_the_one_who_asked_as_the_reader_would_get_it(
    campaign: Campaign, lead: Member, sink: Sink, clock: Clock
) -> None:
    reader = DeliveryFactory.create(run__workspace=campaign.workspace, contact__first_name="Ann").contact

    services.send_test(campaign=campaign, contact=reader, to=lead, now=clock())

    (received,) = sink.taken
    assert received.recipient == lead.user.email
    assert received.parsed["Subject"] == "[Test] Glow in three steps, Ann"
    test = last_test(campaign)
    assert test is not None
    assert (test.state, test.words) == ("sent", "")


@pytest.mark.parametrize(
    ("phase", "answer"), [(Phase.RCPT, "550 5.1.1 Nobody here"), (Phase.BANNER, "554 5.7.1 Go away")]
)
def test_a_test_that_was_not_taken_says_so_in_the_servers_words(
    campaign: Campaign, lead: Member, sink: Sink, clock: Clock, phase: Phase, answer: str
) -> None:
    reader = DeliveryFactory.create(run__workspace=campaign.workspace).contact
    sink.says(phase, answer)

    services.send_test(campaign=campaign, contact=reader, to=lead, now=clock())

    test = last_test(campaign)
    assert test is not None
    assert (test.state, test.words) == ("failed", answer)


def test_a_test_that_cannot_be_filled_in_says_so(workspace: Workspace, lead: Member, sink: Sink, clock: Clock) -> None:
    broken = SentCampaignFactory.create(workspace=workspace, content="{{ 1 | divided_by: 0 }}")
    reader = DeliveryFactory.create(run__workspace=workspace).contact

    services.send_test(campaign=broken, contact=reader, to=lead, now=clock())

    test = last_test(broken)
    assert test is not None
    assert test.state == "failed"
    assert "cannot be filled in" in test.words
    assert sink.taken == []


def test_the_newest_test_is_the_one_that_is_shown(campaign: Campaign, lead: Member, sink: Sink, clock: Clock) -> None:
    reader = DeliveryFactory.create(run__workspace=campaign.workspace).contact
    services.send_test(campaign=campaign, contact=reader, to=lead, now=clock())
    clock.forward(timedelta(minutes=1))

    services.ask_for_test(campaign=campaign, contact=reader, by=lead, now=clock())

    test = last_test(campaign)
    assert test is not None
    assert test.state == "asked"


def test_a_campaign_without_a_test_has_none(campaign: Campaign) -> None:
    assert last_test(campaign) is None


def test_runs_say_whether_they_move(workspace: Workspace) -> None:
    assert [Run(state=state).is_moving for state in RunState] == [True, True, False, False, False]
    assert [Run(state=state).has_ended for state in RunState] == [False, False, False, True, True]


def test_a_test_mail_is_signed_as_the_campaign_will_be(
    workspace: Workspace, lead: Member, now: datetime, sink: Sink
) -> None:
    key = SigningKeyFactory.create(workspace=workspace, active=True)

    services.send_test(campaign=SentCampaignFactory.create(workspace=workspace), contact=None, to=lead, now=now)

    assert dkimpy_accepts(sink.taken[0].raw, {key.record_name: key.record}) == {key.selector}


def test_a_test_mail_whose_key_cannot_be_read_is_not_sent(
    workspace: Workspace, lead: Member, now: datetime, sink: Sink
) -> None:
    campaign = SentCampaignFactory.create(workspace=workspace)
    key = SigningKeyFactory.create(workspace=workspace, active=True)
    SigningKey.objects.filter(pk=key.pk).update(private=b"damaged")

    services.send_test(campaign=campaign, contact=None, to=lead, now=now)

    test = last_test(campaign)
    assert test
    assert (test.state, sink.taken) == ("failed", [])
    assert key.selector in test.words
