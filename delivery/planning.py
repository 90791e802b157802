"""From a due campaign to a frozen list: the run, and the ledger rows in one statement."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When

from audience.models import Consent, Contact
from audience.segments.compile import contacts_in
from audience.segments.definition import read_definition
from campaigns.models import Campaign, CampaignState
from campaigns.preflight import preflight, stops
from campaigns.services import move_campaign
from delivery.models import DeliveryState, Reason, Run, RunState
from emailops.lib.queue import enqueue
from workspaces.audit import record
from workspaces.systemmail import post


def start_due(now: datetime) -> int:
    """Start, or hold back, every campaign whose time has come. Returns how many. Safe to call in parallel."""
    taken = 0
    while _start_one(now):
        taken += 1
    return taken


@transaction.atomic
def _start_one(now: datetime) -> bool:
    locked = Campaign.objects.due(now).select_for_update(skip_locked=True).order_by("scheduled_at", "pk").first()
    if locked is None:
        return False
    start_run(Campaign.objects.with_parts().get(pk=locked.pk), now)
    return True


def start_run(campaign: Campaign, now: datetime) -> Run | None:
    """Begin to send a scheduled campaign, if it is still exactly what was approved; hold it back otherwise.

    The check is made here, by the worker, and not only on the page: the plan may have changed since it was scheduled.
    """
    problems = stops(preflight(campaign, now))
    if problems:
        reason = " ".join(f"{problem.title}: {problem.detail}" for problem in problems)
        move_campaign(campaign=campaign, to=CampaignState.HELD, by=None, now=now, held_reason=reason)
        to = campaign.created_by.user.email
        post("delivery.held", workspace=campaign.workspace, object_id=campaign.pk, to=to, now=now)
        return None
    if campaign.content is None:
        raise ValueError("preflight lets no campaign without content pass")
    run = Run.objects.create(workspace=campaign.workspace, campaign=campaign, content=campaign.content, started_at=now)
    move_campaign(campaign=campaign, to=CampaignState.SENDING, by=None, now=now, launched_at=now)
    enqueue("delivery.plan_run", run_id=run.pk)
    return run


@transaction.atomic
def plan_run(run_id: int, now: datetime) -> None:
    """Write the ledger: one row for everybody who matches, waiting or left out. Repeating is harmless."""
    run = Run.objects.select_for_update(of=("self",)).with_parts().get(pk=run_id)
    if run.state != RunState.PLANNING:
        return
    people = contacts_in(run.workspace, read_definition(run.campaign.segment.definition), now)
    run.matched_count = _insert_rows(run, people, now)
    run.state, run.planned_at = RunState.SENDING, now
    run.save(update_fields=["matched_count", "state", "planned_at"])
    record("run.planned", run, by=None, now=now, matched=run.matched_count)
    enqueue("delivery.send_run", run_id=run.pk)


def _insert_rows(run: Run, people: QuerySet[Contact], now: datetime) -> int:
    """INSERT … SELECT over the segment. Returns the number of rows."""
    judged = people.annotate(ledger_reason=_reason_to_skip()).values_list(
        Value(run.workspace_id), Value(run.pk), F("pk"), F("address"), _state_for("ledger_reason"), F("ledger_reason"),
        Value(0), Value(""), Case(When(~Q(ledger_reason=""), then=Value(now)), default=Value(None)),
    )  # fmt: skip
    select, params = judged.order_by().query.sql_with_params()
    columns = "workspace_id, run_id, contact_id, address, state, reason, attempt, reply_text, decided_at"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO delivery_delivery ({columns}) {select} ON CONFLICT DO NOTHING", params)
        return int(cursor.rowcount)


def _reason_to_skip() -> Case:
    return Case(
        When(~Q(suppression=""), then=Value(Reason.SUPPRESSED.value)),
        When(consent=Consent.WITHDRAWN, then=Value(Reason.CONSENT_WITHDRAWN.value)),
        When(~Q(consent=Consent.GIVEN), then=Value(Reason.NO_CONSENT.value)),
        default=Value(""),
    )


def _state_for(reason: str) -> Case:
    return Case(
        When(**{reason: ""}, then=Value(DeliveryState.QUEUED.value)), default=Value(DeliveryState.SKIPPED.value)
    )
