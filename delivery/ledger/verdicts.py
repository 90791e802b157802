"""What a server's answer makes of a row, and when to try again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from delivery.fates import Fate, Outcome
from delivery.models import DeliveryState, Reason

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
    Fate.TOO_BIG: (DeliveryState.FAILED, Reason.TOO_BIG),
    Fate.NEEDS_8BITMIME: (DeliveryState.FAILED, Reason.NEEDS_8BITMIME),
    Fate.NEEDS_SMTPUTF8: (DeliveryState.FAILED, Reason.NEEDS_SMTPUTF8),
    Fate.UNBUILDABLE: (DeliveryState.FAILED, Reason.RENDER_FAILED),
    Fate.UNKNOWN: (DeliveryState.UNKNOWN, Reason.CONNECTION_LOST),
}


@dataclass(slots=True)
class Held:
    """A ledger row in a worker’s hands, with the contact’s part of what its message is filled with.

    `attempt` counts the conversations begun, this one included. `chunk` is the chunk whose mark speaks for the row,
    None for a row that is held by itself. `unwilling` is the reason to leave it out, if there is one. Who is not
    followed gets no pixel, and links that do not lead through us.
    """

    pk: int
    address: str
    attempt: int
    chunk: int | None = None
    context: dict[str, Any] | None = None
    unwilling: str = ""
    is_followed: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row's next state, its reason, and when to try again."""

    state: str
    reason: str = ""
    again_at: datetime | None = None


def verdict(row: Held, outcome: Outcome, now: datetime) -> Verdict:
    if outcome.fate != Fate.LATER:
        return Verdict(*FINAL_STATES[outcome.fate])
    if row.attempt > len(RETRY_AFTER):
        return Verdict(DeliveryState.FAILED, Reason.GAVE_UP)
    return Verdict(DeliveryState.DEFERRED, "", now + _wait(row))


def _wait(row: Held) -> timedelta:
    share = (row.pk * 7919 + row.attempt * 104_729) % 1000 / 1000  # the same for the same row, unlike others
    return RETRY_AFTER[row.attempt - 1] * (1 + SPREAD * share)
