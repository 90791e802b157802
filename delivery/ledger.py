"""The ledger's moves: claim, intend, settle, release. Each is one guarded statement: of two workers one succeeds.

A row is never sent twice knowingly: `sending` is committed before the message is handed over, and a row found in
`sending` without a living worker becomes `unknown`, never `queued`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from audience.models import Consent, Contact, Suppression, address_hash
from delivery.models import Delivery, DeliveryState, Lane, Reason, Run, RunState
from delivery.transports import Fate, Outcome

LANE_KEYS = 0x454F_0001 << 32  # our part of PostgreSQL's space of advisory lock keys
RETRY_AFTER = (
    timedelta(minutes=5),  # greylisting asks for about this much
    timedelta(minutes=30),  # RFC 5321 section 4.5.4.1 suggests at least this
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=24),
    timedelta(hours=24),
    timedelta(hours=40),
)
FINAL_STATES = {
    Fate.ACCEPTED: (DeliveryState.SENT, ""),
    Fate.ADDRESS_REFUSED: (DeliveryState.FAILED, Reason.REFUSED),
    Fate.CONTENT_REFUSED: (DeliveryState.FAILED, Reason.CONTENT_REFUSED),
    Fate.NEEDS_SMTPUTF8: (DeliveryState.FAILED, Reason.NEEDS_SMTPUTF8),
    Fate.UNKNOWN: (DeliveryState.UNKNOWN, Reason.CONNECTION_LOST),
}


@contextmanager
def open_lane(run: Run, now: datetime) -> Iterator[Lane]:
    """A lane for this process, locked in PostgreSQL while the process lives. Gives back what it did not send."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('delivery_lane', 'id'))")
        key = int(cursor.fetchone()[0])
        cursor.execute("SELECT pg_advisory_lock(%s)", [LANE_KEYS | key])  # before the row: the reaper must find it held
    lane = Lane.objects.create(pk=key, run=run, opened_at=now)
    try:
        yield lane
    finally:
        release(lane)
        lane.delete()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LANE_KEYS | key])


def claim(run: Run, lane: Lane, *, limit: int, now: datetime) -> list[Delivery]:
    """Take up the next rows of a run that nobody holds. Empty when there are none, or the run does not send."""
    with transaction.atomic():
        waiting = Delivery.objects.filter(run=run, run__state=RunState.SENDING).waiting(now)
        picked = waiting.order_by("pk").select_for_update(skip_locked=True, of=("self",))[:limit]
        keys = list(picked.values_list("pk", flat=True))
        Delivery.objects.filter(pk__in=keys).waiting(now).update(state=DeliveryState.CLAIMED, lane=lane.pk)
    held = Delivery.objects.filter(pk__in=keys, lane=lane.pk, state=DeliveryState.CLAIMED)
    return list(held.select_related("contact").order_by("pk"))


def intend(delivery: Delivery, lane: Lane, run: Run) -> bool:
    """Commit that this message is about to be handed over. False when it must not be: the last look before SMTP.

    Looks at the run (paused, cancelled: its epoch moved), at the contact's consent and at suppression.
    """
    running = Run.objects.filter(pk=OuterRef("run_id"), state=RunState.SENDING, epoch=run.epoch)
    willing = Contact.objects.filter(pk=OuterRef("contact_id"), consent=Consent.GIVEN, suppression="")
    suppressed = Suppression.objects.for_workspace(run.workspace).of(delivery.address)
    held = Delivery.objects.filter(pk=delivery.pk, lane=lane.pk, state=DeliveryState.CLAIMED)
    allowed = held.filter(Exists(running), Exists(willing), ~Exists(suppressed))
    delivery.attempt += 1
    return bool(allowed.update(state=DeliveryState.SENDING, attempt=delivery.attempt))


def skip_unwilling(delivery: Delivery, lane: Lane, now: datetime) -> None:
    """Say why a message that `intend` refused is left out, if the contact is the reason and not the run."""
    contact = Contact.objects.filter(pk=delivery.contact_id or 0).first()
    reason = ""
    if contact is None:
        reason = Reason.CONTACT_GONE
    elif contact.consent == Consent.WITHDRAWN:
        reason = Reason.UNSUBSCRIBED
    elif contact.suppression or Suppression.objects.filter(
        workspace=delivery.workspace_id, address_hash=address_hash(delivery.address)
    ):
        reason = Reason.SUPPRESSED
    elif contact.consent != Consent.GIVEN:
        reason = Reason.NO_CONSENT
    if reason:
        held = Delivery.objects.filter(pk=delivery.pk, lane=lane.pk, state=DeliveryState.CLAIMED)
        held.update(state=DeliveryState.SKIPPED, reason=reason, lane=None, decided_at=now)


def settle(delivery: Delivery, lane: Lane, outcome: Outcome, now: datetime) -> None:
    """Write what became of a message that was being handed over."""
    held = Delivery.objects.filter(pk=delivery.pk, lane=lane.pk, state=DeliveryState.SENDING)
    reply = {"reply_code": outcome.code, "reply_text": outcome.text, "lane": None}
    if outcome.fate == Fate.LATER:
        held.update(**reply, **_later(delivery, now))
        return
    state, reason = FINAL_STATES[outcome.fate]
    held.update(**reply, state=state, reason=reason, decided_at=now)


def _later(delivery: Delivery, now: datetime) -> dict[str, object]:
    if delivery.attempt > len(RETRY_AFTER):
        return {"state": DeliveryState.FAILED, "reason": Reason.GAVE_UP, "decided_at": now}
    return {"state": DeliveryState.DEFERRED, "next_attempt_at": now + RETRY_AFTER[delivery.attempt - 1]}


def fail(delivery: Delivery, lane: Lane, reason: Reason, now: datetime) -> None:
    """Give up on a claimed row before anything was handed over."""
    held = Delivery.objects.filter(pk=delivery.pk, lane=lane.pk, state=DeliveryState.CLAIMED)
    held.update(state=DeliveryState.FAILED, reason=reason, lane=None, decided_at=now)


def take_back(delivery: Delivery, lane: Lane) -> None:
    """Undo an intent after trouble before the final dot: the message was surely not delivered."""
    held = Delivery.objects.filter(pk=delivery.pk, lane=lane.pk, state=DeliveryState.SENDING)
    held.update(state=DeliveryState.QUEUED, lane=None, attempt=delivery.attempt - 1)


def release(lane: Lane) -> None:
    """Put back what a lane took up and did not begin."""
    Delivery.objects.filter(lane=lane.pk, state=DeliveryState.CLAIMED).update(state=DeliveryState.QUEUED, lane=None)


def reap(now: datetime) -> int:
    """Settle the rows of workers that died. Returns how many lanes were dead.

    A lane is dead when its lock can be had. What it had only taken up waits again; what it was handing over is unknown.
    """
    dead = 0
    for lane in Lane.objects.order_by("pk"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LANE_KEYS | lane.pk])
            if not cursor.fetchone()[0]:
                continue
            try:
                _bury(lane, now)
                dead += 1
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LANE_KEYS | lane.pk])
    return dead


@transaction.atomic
def _bury(lane: Lane, now: datetime) -> None:
    release(lane)
    Delivery.objects.filter(lane=lane.pk, state=DeliveryState.SENDING).update(
        state=DeliveryState.UNKNOWN, reason=Reason.WORKER_LOST, lane=None, decided_at=now
    )
    lane.delete()
