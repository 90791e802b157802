"""Verbs on runs that people use: pause, resume, cancel, and a test mail."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import Contact
from campaigns.liquid import RenderFailed
from campaigns.models import Campaign, CampaignState, ContentVersion, Sender
from campaigns.readers import sample_reader
from campaigns.rendering import CompiledContent, personal_context
from campaigns.services import move_campaign
from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.ledger import close_chunks, leave_out_waiting
from delivery.messages import envelope_sender, sample_message, sender_domain
from delivery.models import ACTIVE_RUNS, Reason, Run, RunState
from delivery.pace.pacing import charge
from delivery.pace.queues import ring_run
from delivery.shouts import shout
from delivery.signing import signer_for
from delivery.transports import open_session
from delivery.transports.choice import NoWayOut, choose, note_success, note_trouble
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
def pause(*, run: Run, by: Member | None, now: datetime, reason: str = "") -> None:
    """Stop a run; each worker stops after the message in its hands. `reason` is shown on the page.

    Raises `RunRefused` unless it is on its way.
    """
    run = _locked(run)
    if run.state not in ACTIVE_RUNS:
        raise RunRefused(_("The campaign is not being sent, so there is nothing to pause."))
    run.state, run.epoch, run.trouble, run.retry_at = RunState.PAUSED, run.epoch + 1, reason, None
    run.save(update_fields=["state", "epoch", "trouble", "retry_at"])
    shout(run)
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
    if run.planned_at:
        ring_run(run)
    else:
        enqueue("delivery.plan_run", run_id=run.pk)


@transaction.atomic
def cancel(*, run: Run, by: Member, now: datetime) -> None:
    """End a run for good; those still waiting are left out. Raises `RunRefused` once it has ended."""
    run = _locked(run)
    if run.state in {RunState.DONE, RunState.CANCELLED}:
        raise RunRefused(_("The campaign has ended already."))
    run.state, run.epoch, run.finished_at = RunState.CANCELLED, run.epoch + 1, now
    run.trouble, run.retry_at = "", None
    run.save(update_fields=["state", "epoch", "finished_at", "trouble", "retry_at"])
    shout(run)
    close_chunks(run)
    leave_out_waiting(run, Reason.CANCELLED, now)
    move_campaign(campaign=run.campaign, to=CampaignState.CANCELLED, by=by, now=now, finished_at=now)


def _locked(run: Run) -> Run:
    return Run.objects.select_for_update(of=("self",)).with_parts().get(pk=run.pk)


@transaction.atomic
def ask_for_test(*, campaign: Campaign, contact: Contact | None, by: Member, now: datetime) -> None:
    """Have a worker mail `by` what `contact` would get; without one, what a made-up reader would.

    Raises `SampleRefused` without content or sender.
    """
    _parts_of(campaign)
    contact_id = contact.pk if contact else None
    record("campaign.test_asked", campaign, by=by, now=now, as_contact=contact_id)
    enqueue("delivery.send_test", campaign_id=campaign.pk, contact_id=contact_id, member_id=by.pk)


def send_test(*, campaign: Campaign, contact: Contact | None, to: Member, now: datetime) -> None:
    """Hand a test mail over, and write down whether the server took it or what it said instead."""
    reader = contact or sample_reader(campaign, now)
    try:
        outcome = _hand_over_test(campaign, reader, to, now)
    except (NoWayOut, RelayTrouble, RenderFailed, SampleRefused) as trouble:
        outcome = Outcome(Fate.LATER, None, str(trouble))
    was_sent = outcome.fate == Fate.ACCEPTED
    action = "campaign.test_sent" if was_sent else "campaign.test_failed"
    record(action, campaign, by=to, now=now, as_contact=reader.pk, words="" if was_sent else outcome.text)


def _hand_over_test(campaign: Campaign, contact: Contact, to: Member, now: datetime) -> Outcome:
    content, sender = _parts_of(campaign)
    mail = CompiledContent(content).render(
        personal_context(contact, campaign.workspace, unsubscribe_url=NO_UNSUBSCRIBE)
    )
    message = sample_message(mail, contact, to.user.email, sender, subject_prefix=_("[Test]"))
    way = choose(campaign.workspace, now)
    charge(campaign.workspace, way.transport_id, to.user.email, now)
    signer = None if way.signs_itself else signer_for(campaign.workspace, sender_domain(sender))
    try:
        with open_session(way.mail, signer) as session:
            session.ready()
            outcome = session.send(message, sender=envelope_sender(sender), recipient=to.user.email)
    except RelayTrouble as trouble:
        note_trouble(way, trouble, now)
        raise
    if outcome.fate == Fate.ACCEPTED:
        note_success(way, now)
    return outcome


def _parts_of(campaign: Campaign) -> tuple[ContentVersion, Sender]:
    if campaign.content is None or campaign.sender is None:
        raise SampleRefused(_("Write the mail and choose a sender first."))
    return campaign.content, campaign.sender
