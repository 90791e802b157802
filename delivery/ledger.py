"""The ledger's moves: claim, intend, settle, reap. Each is one guarded statement: of two workers one succeeds.

A row is never sent twice knowingly: `sending` is committed before the message is handed over, and a row found in
`sending` without a living worker becomes `unknown`, never `queued`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction

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
SPREAD = 0.1  # a wait is up to this share longer, so that what was put off together does not come back together
FINAL_STATES = {
    Fate.ACCEPTED: (DeliveryState.SENT, ""),
    Fate.ADDRESS_REFUSED: (DeliveryState.FAILED, Reason.REFUSED),
    Fate.CONTENT_REFUSED: (DeliveryState.FAILED, Reason.CONTENT_REFUSED),
    Fate.NEEDS_SMTPUTF8: (DeliveryState.FAILED, Reason.NEEDS_SMTPUTF8),
    Fate.UNBUILDABLE: (DeliveryState.FAILED, Reason.RENDER_FAILED),
    Fate.UNKNOWN: (DeliveryState.UNKNOWN, Reason.CONNECTION_LOST),
}

# Written out because it runs for every message: building it through the ORM took half of a worker's time. Subqueries of
# one value leave the planner nothing to join, which would take it longer than the update itself.
INTEND = """
UPDATE delivery_delivery AS held SET state = 'sending', attempt = %(attempt)s
WHERE held.id = %(pk)s AND held.lane = %(lane)s AND held.state = 'claimed'
  AND (SELECT run.state = 'sending' AND run.epoch = %(epoch)s FROM delivery_run AS run WHERE run.id = held.run_id)
  AND (SELECT person.consent = 'given' AND person.suppression = ''
       FROM audience_contact AS person WHERE person.id = held.contact_id)
  AND (SELECT count(*) = 0 FROM audience_suppression AS never
       WHERE never.workspace_id = held.workspace_id AND never.address_hash = %(address_hash)s)
"""


@contextmanager
def open_lane(run: Run, clock: Callable[[], datetime]) -> Iterator[Lane]:
    """A lane for this process, locked in PostgreSQL while the process lives.

    At the end what was only taken up waits again. A row that an error left in the middle becomes unknown, as if the
    process had died. If even that cannot be written, the lock goes with the session and `reap` finds the lane.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('delivery_lane', 'id'))")
        key = int(cursor.fetchone()[0])
        cursor.execute("SELECT pg_advisory_lock(%s)", [LANE_KEYS | key])  # before the row: the reaper must find it held
    lane = Lane.objects.create(pk=key, run=run, opened_at=clock())
    try:
        yield lane
    finally:
        _bury(key, clock())
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
    delivery.attempt += 1
    given: dict[str, int | str] = {
        "attempt": delivery.attempt,
        "pk": delivery.pk,
        "lane": lane.pk,
        "epoch": run.epoch,
        "address_hash": address_hash(delivery.address),
    }
    with connection.cursor() as cursor:
        cursor.execute(INTEND, given)
        return bool(cursor.rowcount)


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
    return {"state": DeliveryState.DEFERRED, "next_attempt_at": now + _wait(delivery)}


def _wait(delivery: Delivery) -> timedelta:
    share = (delivery.pk * 7919 + delivery.attempt * 104_729) % 1000 / 1000  # the same for the same row, unlike others
    return RETRY_AFTER[delivery.attempt - 1] * (1 + SPREAD * share)


def fail(delivery: Delivery, lane: Lane, reason: Reason, now: datetime) -> None:
    """Give up on a claimed row before anything was handed over."""
    held = Delivery.objects.filter(pk=delivery.pk, lane=lane.pk, state=DeliveryState.CLAIMED)
    held.update(state=DeliveryState.FAILED, reason=reason, lane=None, decided_at=now)


def leave_out_waiting(run: Run, reason: Reason, now: datetime) -> int:
    """Leave out everybody of a run who still waits or is only taken up. Returns how many."""
    left = run.deliveries.filter(state__in=(DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DEFERRED))
    return left.update(state=DeliveryState.SKIPPED, reason=reason, lane=None, decided_at=now)


def take_back(delivery: Delivery, lane: Lane) -> None:
    """Undo an intent after trouble before the final dot: the message was surely not delivered."""
    held = Delivery.objects.filter(pk=delivery.pk, lane=lane.pk, state=DeliveryState.SENDING)
    held.update(state=DeliveryState.QUEUED, lane=None, attempt=delivery.attempt - 1)


def reap(now: datetime) -> int:
    """Settle the rows of workers that died. Returns how many lanes were dead.

    A lane is dead when its lock can be had. What it had only taken up waits again; what it was handing over is unknown.
    """
    dead = 0
    for key in Lane.objects.order_by("pk").values_list("pk", flat=True):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LANE_KEYS | key])
            if not cursor.fetchone()[0]:
                continue
            try:
                _bury(key, now)
                dead += 1
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LANE_KEYS | key])
    return dead


@transaction.atomic
def _bury(key: int, now: datetime) -> None:
    held = Delivery.objects.filter(lane=key)
    held.filter(state=DeliveryState.CLAIMED).update(state=DeliveryState.QUEUED, lane=None)
    held.filter(state=DeliveryState.SENDING).update(
        state=DeliveryState.UNKNOWN, reason=Reason.WORKER_LOST, lane=None, decided_at=now
    )
    Lane.objects.filter(pk=key).delete()
