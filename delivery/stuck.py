"""Why nothing moves in a run: from facts to words, without a query."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from delivery.pace.queues import Queue

RING_IS_AWAY = timedelta(minutes=1)  # it looks every three seconds


@dataclass(frozen=True, slots=True)
class Standstill:
    """What is known of a run in which nothing was settled for `idle_for`.

    `waiting` could be taken up now, `in_hand` are being handed over, `deferred` wait for `next_attempt_at`.
    `lanes_here` are workers that hold a lane of this run, `lanes_elsewhere` of other runs. `bells` are tasks in the
    run's `queue`, None when Redis does not answer. `ring_at` is the last time that anything looked for work. `limit`
    says for which limit of speed the run waits, if it does.
    """

    now: datetime
    idle_for: timedelta
    waiting: int = 0
    in_hand: int = 0
    deferred: int = 0
    next_attempt_at: datetime | None = None
    lanes_here: int = 0
    lanes_elsewhere: int = 0
    queue: str = Queue.BULK
    bells: int | None = 0
    ring_at: datetime | None = None
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is the matter, and what to do; nothing to do where it is only a matter of time."""

    what: str
    advice: str = ""

    @property
    def is_alarming(self) -> bool:
        return bool(self.advice)


def explain(seen: Standstill) -> Explanation:
    """The likeliest reason, and what a person can do about it."""
    if seen.ring_at is None or seen.now - seen.ring_at > RING_IS_AWAY:
        return _nothing_looks(seen)
    if seen.limit:
        return Explanation(seen.limit)
    if seen.deferred and not (seen.waiting or seen.in_hand):
        return _all_put_off(seen)
    if seen.lanes_here or seen.in_hand:
        return _slow_server(seen)
    return _nobody_takes_it_up(seen)


def _nothing_looks(seen: Standstill) -> Explanation:
    since = ""
    if seen.ring_at is not None:
        since = _("since %(at)s") % {"at": _clock(seen.ring_at)} + " "
    what = _("Nothing has looked for work %(since)sbecause beat or the default worker does not run.") % {"since": since}
    return Explanation(what, _("Start them; the send then goes on by itself."))


def _all_put_off(seen: Standstill) -> Explanation:
    at = _clock(seen.next_attempt_at) if seen.next_attempt_at else _("later")
    words = ngettext(
        "The last %(count)s was asked to come back later; the next attempt is %(at)s.",
        "The last %(count)s were asked to come back later; the next attempt is %(at)s.",
        seen.deferred,
    )
    return Explanation(words % {"count": number_format(seen.deferred), "at": at})


def _slow_server(seen: Standstill) -> Explanation:
    what = _("A worker waits for the mail server, which takes very long to answer.")
    return Explanation(what, _("Ask whoever runs the mail server; the worker gives up each message after ten minutes."))


def _nobody_takes_it_up(seen: Standstill) -> Explanation:
    of = {"queue": seen.queue}
    if seen.bells is None:
        return Explanation(_("Redis does not answer, so no worker hears of the work."), _("Start Redis again."))
    if seen.lanes_elsewhere:
        busy = ngettext(
            "All sending workers are busy: %(count)s with another send.",
            "All sending workers are busy: %(count)s with other sends.",
            seen.lanes_elsewhere,
        )
        return Explanation(
            busy % {"count": seen.lanes_elsewhere}, _("Start more workers for the queue “%(queue)s”.") % of
        )
    if seen.bells:
        what = _("No sending worker is running: nobody empties the queue “%(queue)s”.") % of
        return Explanation(what, _("Start a worker for the queue “%(queue)s”; the send then goes on by itself.") % of)
    what = _("Sending workers hear of the work, and yet none takes it up.")
    return Explanation(what, _("Read the log of the worker for the queue “%(queue)s”: it says what fails.") % of)


def _clock(at: datetime) -> str:
    """By the clock that is in force."""
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT")
