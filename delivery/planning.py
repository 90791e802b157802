"""From a due campaign to a frozen list: the run, and the ledger rows in one statement."""

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from audience.models import Consent, Contact
from audience.segments.compile import contacts_in
from audience.segments.definition import SegmentBroken, read_definition
from campaigns.models import Campaign, CampaignState
from campaigns.preflight import preflight, stops
from campaigns.services import move_campaign, send_facts
from delivery.late import hold_as_missed, is_late
from delivery.ledger import make_chunks
from delivery.models import DeliveryState, Reason, RestoreHold, Run, RunState
from delivery.pace.groups import GroupOf, group_sql
from delivery.pace.queues import ring_run
from delivery.services import pause
from delivery.wishes import unwilling
from emailops.lib.queue import enqueue
from sprints.standing import NotApproved, unapproved_reasons
from workspaces.audit import record
from workspaces.systemmail import post

logger = logging.getLogger(__name__)
FRESH = timedelta(minutes=5)  # for so long after the start its check holds; a run may wait for its list much longer


def start_due(now: datetime) -> int:
    """Start, or hold back, every campaign whose time has come. Returns how many. Safe to call in parallel."""
    taken = 0
    ready = Campaign.objects.due(now).exclude(workspace__in=RestoreHold.objects.open().values("workspace"))
    for pk in ready.order_by("scheduled_at", "pk").values_list("pk", flat=True):
        try:
            taken += _start_one(pk, now)
        except Exception:  # the poller's outermost loop: one campaign's trouble must not stop all others
            logger.exception("Campaign %s could not be started", pk)
    return taken


@transaction.atomic
def _start_one(pk: int, now: datetime) -> bool:
    locked = Campaign.objects.due(now).select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
    if locked is None:
        return False  # another worker has it
    start_run(Campaign.objects.with_parts().get(pk=pk), now)
    return True


def start_run(campaign: Campaign, now: datetime) -> Run | None:
    """Begin to send a scheduled campaign, if it is still exactly what was approved; hold it back otherwise.

    The check is made here, by the worker, and not only on the page: the plan may have changed since it was scheduled.
    One that is much too late, because nothing ran at its time, asks first.
    """
    reason = _reason_to_hold(campaign, now)
    if is_late(campaign, now):
        hold_as_missed(campaign, now, also=reason)
        return None
    if reason:
        move_campaign(campaign=campaign, to=CampaignState.HELD, by=None, now=now, held_reason=reason)
        to = campaign.created_by.user.email
        post("delivery.held", workspace=campaign.workspace, object_id=campaign.pk, to=to, now=now)
        return None
    if campaign.content is None:
        raise ValueError("preflight lets no campaign without content pass")
    run = Run.objects.create(
        workspace=campaign.workspace,
        campaign=campaign,
        content=campaign.content,
        unknown_policy=campaign.unknown_policy,
        started_at=now,
    )
    move_campaign(campaign=campaign, to=CampaignState.SENDING, by=None, now=now, launched_at=now)
    enqueue("delivery.plan_run", run_id=run.pk)
    return run


def _reason_to_hold(campaign: Campaign, now: datetime) -> str:
    """Why a campaign must not go out now; empty when it may."""
    problems = stops(preflight(campaign, now))
    if problems:
        return " ".join(f"{problem.title}: {problem.detail}" for problem in problems)
    # Preflight looks at the time it was scheduled for. After an outage that may be long ago, and the window over.
    return _unapproved(campaign, now)


def _unapproved(campaign: Campaign, now: datetime) -> str:
    reasons = unapproved_reasons(story=campaign.story, facts=send_facts(campaign, at=now, now=now))
    return _("Not what the owner approved: %(reasons)s") % {"reasons": " ".join(reasons)} if reasons else ""


def plan_run(run_id: int, now: datetime) -> None:
    """Write the ledger: one row for everybody who matches, waiting or left out. Repeating is harmless.

    Pauses the run, with the reason, when the segment no longer works, or when something changed since the start.
    """
    try:
        _plan(run_id, now)
    except (SegmentBroken, NotApproved) as refusal:
        pause(run=Run.objects.get(pk=run_id), by=None, now=now, reason=str(refusal))


@transaction.atomic
def _plan(run_id: int, now: datetime) -> None:
    waiting = Run.objects.select_for_update(of=("self",), skip_locked=True).with_parts()
    run = waiting.filter(pk=run_id, state=RunState.PLANNING).first()
    if run is None:
        return  # done, stopped, or in the hands of another worker
    if now - run.started_at > FRESH and (reason := _unapproved(run.campaign, now)):
        raise NotApproved(reason)
    people = contacts_in(run.workspace, read_definition(run.campaign.segment.definition), now)
    run.matched_count = _insert_rows(run, people, now)
    make_chunks(run, group_sql("address"))
    run.state, run.planned_at = RunState.SENDING, now
    run.save(update_fields=["matched_count", "state", "planned_at"])
    record("run.planned", run, by=None, now=now, matched=run.matched_count)
    ring_run(run)


def _insert_rows(run: Run, people: QuerySet[Contact], now: datetime) -> int:
    """INSERT … SELECT over the segment, group by group, as chunks need them. Returns the number of rows."""
    judged = people.annotate(ledger_reason=_reason_to_skip(run, now)).values_list(
        Value(run.workspace_id), Value(run.pk), F("pk"), F("address"), _state_for("ledger_reason"), F("ledger_reason"),
        Value(0), Value(""), Case(When(~Q(ledger_reason=""), then=Value(now)), default=Value(None)),
    )  # fmt: skip
    select, params = judged.order_by(GroupOf("address"), "pk").query.sql_with_params()
    columns = "workspace_id, run_id, contact_id, address, state, reason, attempt, reply_text, decided_at"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO delivery_delivery ({columns}) {select} ON CONFLICT DO NOTHING", params)
        return int(cursor.rowcount)


def _reason_to_skip(run: Run, now: datetime) -> Case:
    return Case(
        When(consent=Consent.WITHDRAWN, then=Value(Reason.CONSENT_WITHDRAWN.value)),
        When(~Q(suppression=""), then=Value(Reason.SUPPRESSED.value)),
        When(~Q(consent=Consent.GIVEN), then=Value(Reason.NO_CONSENT.value)),
        *unwilling(run, now),
        default=Value(""),
    )


def _state_for(reason: str) -> Case:
    return Case(
        When(**{reason: ""}, then=Value(DeliveryState.QUEUED.value)), default=Value(DeliveryState.SKIPPED.value)
    )
