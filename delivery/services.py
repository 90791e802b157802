"""Verbs on runs that people use: pause, resume, cancel, and a test mail."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import Contact
from campaigns.models import Campaign, CampaignState
from campaigns.rendering import CompiledContent, personal_context
from campaigns.services import move_campaign
from delivery.messages import sample_message
from delivery.models import DeliveryState, Reason, Run, RunState
from delivery.transports import Fate, open_session
from emailops.lib.errors import DomainError
from emailops.lib.queue import enqueue
from workspaces.audit import record
from workspaces.models import Member

NO_UNSUBSCRIBE = "https://example.invalid/this-is-a-test"


class RunRefused(DomainError):
    """The run is not in a state in which this makes sense."""

    code = "run_refused"


class SampleRefused(DomainError):
    """The test mail cannot be made or was not taken."""

    code = "sample_refused"


@transaction.atomic
def pause(*, run: Run, by: Member, now: datetime) -> None:
    """Stop a run; each worker stops after the message in its hands. Raises `RunRefused` unless it is sending."""
    run = _locked(run)
    if run.state not in {RunState.SENDING, RunState.PLANNING}:
        raise RunRefused(_("The campaign is not being sent, so there is nothing to pause."))
    run.state, run.epoch = RunState.PAUSED, run.epoch + 1
    run.save(update_fields=["state", "epoch"])
    move_campaign(campaign=run.campaign, to=CampaignState.PAUSED, by=by, now=now)


@transaction.atomic
def resume(*, run: Run, by: Member, now: datetime) -> None:
    """Go on with a paused run. Raises `RunRefused` unless it is paused."""
    run = _locked(run)
    if run.state != RunState.PAUSED:
        raise RunRefused(_("The campaign is not paused."))
    run.state = RunState.SENDING if run.planned_at else RunState.PLANNING
    run.epoch, run.trouble, run.retry_at = run.epoch + 1, "", None
    run.save(update_fields=["state", "epoch", "trouble", "retry_at"])
    move_campaign(campaign=run.campaign, to=CampaignState.SENDING, by=by, now=now)
    enqueue("delivery.send_run" if run.planned_at else "delivery.plan_run", run_id=run.pk)


@transaction.atomic
def cancel(*, run: Run, by: Member, now: datetime) -> None:
    """End a run for good; those still waiting are left out. Raises `RunRefused` once it has ended."""
    run = _locked(run)
    if run.state in {RunState.DONE, RunState.CANCELLED}:
        raise RunRefused(_("The campaign has ended already."))
    run.state, run.epoch, run.finished_at = RunState.CANCELLED, run.epoch + 1, now
    run.save(update_fields=["state", "epoch", "finished_at"])
    waiting = (DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DEFERRED)
    left_out = run.deliveries.filter(state__in=waiting)
    left_out.update(state=DeliveryState.SKIPPED, reason=Reason.CANCELLED, lane=None, decided_at=now)
    move_campaign(campaign=run.campaign, to=CampaignState.CANCELLED, by=by, now=now, finished_at=now)


def _locked(run: Run) -> Run:
    return Run.objects.select_for_update(of=("self",)).with_parts().get(pk=run.pk)


@transaction.atomic
def ask_for_test(*, campaign: Campaign, contact: Contact, by: Member, now: datetime) -> None:
    """Have a worker mail `by` what `contact` would get. Raises `SampleRefused` without content or sender."""
    if campaign.content is None or campaign.sender is None:
        raise SampleRefused(_("Write the mail and choose a sender first."))
    record("campaign.test_asked", campaign, by=by, now=now, as_contact=contact.pk)
    enqueue("delivery.send_test", campaign_id=campaign.pk, contact_id=contact.pk, member_id=by.pk)


def send_test(*, campaign: Campaign, contact: Contact, to: Member) -> None:
    """Hand a test mail over. Raises `RelayTrouble`, or `SampleRefused` with the server's words."""
    if campaign.content is None or campaign.sender is None:
        raise SampleRefused(_("Write the mail and choose a sender first."))
    context = personal_context(contact, campaign.workspace, unsubscribe_url=NO_UNSUBSCRIBE)
    mail = CompiledContent(campaign.content).render(context)
    message = sample_message(mail, contact, to.user.email, campaign.sender, subject_prefix=_("[Test]"))
    with open_session() as session:
        outcome = session.send(message, sender=campaign.sender.email, recipient=to.user.email)
    if outcome.fate != Fate.ACCEPTED:
        raise SampleRefused(outcome.text)
