"""Verbs on runs that people use: pause, resume, cancel, send again, and a test mail."""

from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import Contact
from campaigns.liquid import RenderFailed
from campaigns.models import Campaign, CampaignState, ContentVersion, Sender
from campaigns.readers import sample_reader
from campaigns.rendering import CompiledContent, personal_context
from campaigns.services import move_campaign
from delivery import ledger
from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.messages import envelope_sender, sample_message, sender_domain
from delivery.models import ACTIVE_RUNS, Delivery, DeliveryQuerySet, DeliveryState, Reason, RestoreHold, Run, RunState
from delivery.pace.pacing import charge
from delivery.pace.queues import ring_run
from delivery.sender_faults import PATTERN
from delivery.shouts import shout
from delivery.signing import signer_for
from delivery.transports import open_session
from delivery.transports.choice import NoWayOut, choose, note_success, note_trouble
from delivery.watches import begin_anew
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
    """Go on with a paused run. What made it stop by itself is forgiven, and counts no more.

    Raises `RunRefused` unless it is paused, or while the database itself is in doubt.
    """
    run = _locked(run)
    if run.state != RunState.PAUSED:
        raise RunRefused(_("The campaign is not paused."))
    _require_no_doubt(run)
    begin_anew(run, by=by, now=now)
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
    ledger.close_chunks(run)
    ledger.leave_out_waiting(run, Reason.CANCELLED, now)
    move_campaign(campaign=run.campaign, to=CampaignState.CANCELLED, by=by, now=now, finished_at=now)


class Again(StrEnum):
    """Whom a message may be sent to again: those of whom nobody knows, or those refused because of the sender."""

    UNKNOWN = "unknown"
    SENDER_FAULT = "sender_fault"


def sendable_again(run: Run, what: Again) -> DeliveryQuerySet:
    """The rows that `send_again` would send to now."""
    if what == Again.UNKNOWN:
        return Delivery.objects.filter(run=run, state=DeliveryState.UNKNOWN)
    refused = (Reason.REFUSED, Reason.CONTENT_REFUSED, Reason.GAVE_UP)
    failed = Delivery.objects.filter(run=run, state=DeliveryState.FAILED, reason__in=refused)
    return failed.filter(reply_text__regex=PATTERN)


@transaction.atomic
def send_again(*, run: Run, what: Again, by: Member, now: datetime) -> int:
    """Send again to these people, who may have it already if nobody knows. Returns how many.

    The Message-ID stays, and consent and suppression are looked at again. A run that has ended goes on for them; a
    paused one waits to be resumed. Raises `RunRefused` if there is nobody, the run was cancelled or has no list yet,
    or the sandbox is about to tell.
    """
    run = _locked(run)
    if run.state not in {RunState.SENDING, RunState.PAUSED, RunState.DONE}:
        raise RunRefused(_("Nobody can be sent to again: the campaign was cancelled, or its list is not made yet."))
    if what == Again.UNKNOWN and settings.MAIL_SANDBOX:
        raise RunRefused(_("The sandbox knows what it has; wait a moment, and it is settled by itself."))
    _require_no_doubt(run)
    count = ledger.send_again(sendable_again(run, what), now)
    if not count:
        raise RunRefused(_("There is nobody left to send to again."))
    record("run.sent_again", run.campaign, by=by, now=now, what=what, people=count)
    if run.state == RunState.DONE:
        _reopen(run, by, now)
    ring_run(run)
    return count


def _reopen(run: Run, by: Member, now: datetime) -> None:
    run.state, run.epoch, run.finished_at = RunState.SENDING, run.epoch + 1, None
    run.save(update_fields=["state", "epoch", "finished_at"])
    begin_anew(run, by=by, now=now)
    move_campaign(campaign=run.campaign, to=CampaignState.SENDING, by=by, now=now, finished_at=None)


def _require_no_doubt(run: Run) -> None:
    if RestoreHold.objects.for_workspace(run.workspace).open().exists():
        raise RunRefused(
            _("The database may not know everything that was sent. Confirm first, under Safety limits, that it does.")
        )


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
        personal_context(
            contact,
            campaign.workspace,
            unsubscribe_url=NO_UNSUBSCRIBE,
            preferences_url=NO_UNSUBSCRIBE,
            survey_url=NO_UNSUBSCRIBE,
        )
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
