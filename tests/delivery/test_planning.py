"""From a due campaign to a frozen list."""

from datetime import datetime, timedelta

import pytest

from audience.models import Consent, Contact, SuppressionReason
from audience.services import archive_attribute
from campaigns.models import Campaign, CampaignState
from delivery import planning, services
from delivery.models import Delivery, DeliveryState, Reason, Run, RunState
from delivery.planning import FRESH
from sprints.models import SendBrief
from tests.factories.audience import AttributeFactory, ContactFactory, SegmentFactory
from tests.factories.delivery import RunFactory, approved_campaign
from workspaces.models import AuditEntry, Member, SystemMail, Workspace


@pytest.fixture
def readers(workspace: Workspace) -> list[Contact]:
    made: list[Contact] = ContactFactory.create_batch(3, workspace=workspace)
    return made


@pytest.mark.usefixtures("readers")
def test_a_due_campaign_gets_a_run(workspace: Workspace, now: datetime) -> None:
    campaign = approved_campaign(workspace, now)

    assert planning.start_due(now) == 1

    campaign.refresh_from_db()
    run = Run.objects.get()
    assert (run.campaign_id, run.content_id, run.state) == (campaign.pk, campaign.content_id, RunState.PLANNING)
    assert (campaign.state, campaign.launched_at) == (CampaignState.SENDING, now)
    assert planning.start_due(now) == 0


@pytest.mark.usefixtures("readers")
def test_a_campaign_whose_time_has_not_come_stays(workspace: Workspace, now: datetime) -> None:
    approved_campaign(workspace, now)

    assert planning.start_due(now - timedelta(hours=1)) == 0


@pytest.mark.usefixtures("readers")
def test_what_is_not_exactly_what_was_approved_is_held_back_and_its_maker_told(
    workspace: Workspace, now: datetime
) -> None:
    campaign = approved_campaign(workspace, now, offer="half price for everybody")

    planning.start_due(now)

    campaign.refresh_from_db()
    assert campaign.state == CampaignState.HELD
    assert "half price for everybody" in campaign.held_reason
    assert not Run.objects.exists()
    assert SystemMail.objects.get().kind == "delivery.held"


@pytest.mark.usefixtures("readers")
def test_a_send_after_the_approved_window_is_held_back_although_it_was_scheduled_in_time(
    workspace: Workspace, now: datetime
) -> None:
    campaign = approved_campaign(workspace, now)

    planning.start_due(now + timedelta(days=3))

    campaign.refresh_from_db()
    assert campaign.state == CampaignState.HELD
    assert "Window" in campaign.held_reason


@pytest.mark.usefixtures("readers")
def test_a_campaign_that_cannot_be_started_does_not_stop_the_others(
    workspace: Workspace, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    broken, fine = approved_campaign(workspace, now), approved_campaign(workspace, now)
    RunFactory.create(workspace=workspace, campaign=broken)  # a second run of a campaign cannot be

    assert planning.start_due(now) == 1

    fine.refresh_from_db()
    assert fine.state == CampaignState.SENDING
    assert f"Campaign {broken.pk} could not be started" in caplog.text


def plan(workspace: Workspace, now: datetime) -> Run:
    approved_campaign(workspace, now)
    planning.start_due(now)
    run = Run.objects.get()
    planning.plan_run(run.pk, now)
    run.refresh_from_db()
    return run


def test_the_ledger_has_a_row_for_everybody_who_matches_with_the_reason_to_leave_out(
    workspace: Workspace, outsider: Member, now: datetime
) -> None:
    waits = ContactFactory.create(workspace=workspace)
    not_asked = ContactFactory.create(workspace=workspace, consent=Consent.UNKNOWN)
    withdrawn = ContactFactory.create(
        workspace=workspace, consent=Consent.WITHDRAWN, suppression=SuppressionReason.UNSUBSCRIBED
    )
    bounced = ContactFactory.create(workspace=workspace, suppression=SuppressionReason.BOUNCED)
    ContactFactory.create(workspace=outsider.workspace)

    run = plan(workspace, now)

    rows = {row.contact_id: (row.state, row.reason, row.address) for row in Delivery.objects.filter(run=run)}
    assert rows == {
        waits.pk: (DeliveryState.QUEUED, "", waits.address),
        not_asked.pk: (DeliveryState.SKIPPED, Reason.NO_CONSENT, not_asked.address),
        withdrawn.pk: (DeliveryState.SKIPPED, Reason.CONSENT_WITHDRAWN, withdrawn.address),
        bounced.pk: (DeliveryState.SKIPPED, Reason.SUPPRESSED, bounced.address),
    }
    assert (run.state, run.matched_count, run.planned_at) == (RunState.SENDING, 4, now)
    assert set(Delivery.objects.filter(state=DeliveryState.SKIPPED).values_list("decided_at", flat=True)) == {now}


@pytest.mark.usefixtures("readers")
def test_planning_again_writes_nothing(workspace: Workspace, now: datetime) -> None:
    run = plan(workspace, now)
    before, entries = list(Delivery.objects.values()), AuditEntry.objects.count()
    ContactFactory.create(workspace=workspace)

    planning.plan_run(run.pk, now + timedelta(minutes=1))

    assert list(Delivery.objects.values()) == before
    assert AuditEntry.objects.count() == entries


@pytest.mark.usefixtures("readers")
def test_the_list_stays_as_it_was_whoever_comes_and_goes(workspace: Workspace, now: datetime) -> None:
    run = plan(workspace, now)
    ContactFactory.create(workspace=workspace)
    Contact.objects.order_by("pk")[0].delete()

    assert run.deliveries.count() == 3


def test_a_segment_that_broke_after_the_start_pauses_the_run_with_the_reason(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    city = AttributeFactory.create(workspace=workspace, key="city", label="City")
    ContactFactory.create(workspace=workspace, attributes={"city": "Sofia"})
    rule = {"match": "all", "rules": [{"field": "attribute.city", "op": "is", "value": "Sofia"}]}
    approved_campaign(workspace, now, segment=SegmentFactory.create(workspace=workspace, definition=rule))
    planning.start_due(now)
    archive_attribute(definition=city, by=lead, now=now)
    run = Run.objects.get()

    planning.plan_run(run.pk, now)

    run.refresh_from_db()
    assert run.state == RunState.PAUSED
    assert run.trouble
    assert not run.deliveries.exists()
    services.resume(run=run, by=lead, now=now)
    run.refresh_from_db()
    assert run.state == RunState.PLANNING, "resuming tries the list again"


@pytest.mark.usefixtures("readers")
def test_a_list_that_is_made_long_after_the_start_is_checked_again(workspace: Workspace, now: datetime) -> None:
    campaign = approved_campaign(workspace, now)
    planning.start_due(now)
    Campaign.objects.filter(pk=campaign.pk).update(offer="half price for everybody")
    run = Run.objects.get()

    planning.plan_run(run.pk, now + FRESH + timedelta(seconds=1))

    run.refresh_from_db()
    assert run.state == RunState.PAUSED
    assert "half price for everybody" in run.trouble
    assert not run.deliveries.exists()


def test_a_run_for_nobody_is_planned_and_done(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create(workspace=workspace)
    approved_campaign(workspace, now)
    planning.start_due(now)
    Contact.objects.all().delete()
    run = Run.objects.get()

    planning.plan_run(run.pk, now)

    run.refresh_from_db()
    assert (run.state, run.matched_count) == (RunState.SENDING, 0)


def test_the_brief_is_what_binds(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create(workspace=workspace)
    campaign = approved_campaign(workspace, now)
    SendBrief.objects.filter(story=campaign.story).update(offer="something else")

    assert planning.start_due(now) == 1
    assert Run.objects.exists(), "what was approved is what is sent, whatever the story says by now"
