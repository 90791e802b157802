"""Three queues, so that who waits for one mail never waits behind a million of them.

- transactional: the product's own mail, test mails, confirmations. A worker of its own serves nothing else.
- triggered: runs of at most `SMALL_RUN` people: answers to what somebody did, sellers' mailings.
- bulk: everything else.

Tasks of a run end within 20 seconds, so a small run waits no longer than that where one worker serves both.
"""

from datetime import timedelta
from enum import StrEnum

from delivery.models import Run
from emailops.lib.queue import enqueue

SMALL_RUN = 1_000
"""People. At an ordinary server's 50 a second that is one task of 20 seconds."""


class Queue(StrEnum):
    """A name of a Celery queue, the one that goes first first."""

    TRANSACTIONAL = "transactional"
    TRIGGERED = "triggered"
    BULK = "bulk"


RATE_KEPT = {Queue.BULK: 0.1}
"""Share of each bucket's burst that a queue leaves to those before it, so that they find something at once."""
QUOTA_KEPT = {Queue.BULK: 0.02}
"""The same of a day's volume."""


def queue_of(run: Run) -> Queue:
    """Where a run belongs, by the number of people on its list; bulk while it has none."""
    is_small = run.matched_count is not None and run.matched_count <= SMALL_RUN
    return Queue.TRIGGERED if is_small else Queue.BULK


def ring_run(run: Run, *, expires_in: timedelta | None = None) -> None:
    """Have a worker of the right queue send for a run."""
    enqueue("delivery.send_run", expires_in=expires_in, queue=queue_of(run), run_id=run.pk)
