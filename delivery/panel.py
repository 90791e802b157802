"""How far a send is, as its panel shows it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import UnknownPolicy
from delivery.halt_words import HaltWords, halt_words, warning_words
from delivery.models import DeliveryState, Reason, Run, RunState, Watch
from delivery.pace.outlook import Outlook, said, used_up
from delivery.pace.services import FASTEST
from delivery.pace.slowing import SlowedGroup, slowed_groups
from delivery.progress import GroupProgress, Progress, run_progress
from delivery.queries import RunCounts
from delivery.services import Again, sendable_again
from delivery.speed_forms import RunSpeedForm
from delivery.standstill import why_it_stands_still
from delivery.stuck import Explanation

SECONDS_SAID_EXACTLY = 90


@dataclass(frozen=True, slots=True)
class Share:
    """One part of the ledger: its key as a filter, its name, how many, and the colour it is shown in."""

    key: str
    label: str
    count: int
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Because:
    """Why so many were not written to: the filter that shows them, and the words."""

    state: str
    reason: str
    state_label: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class GroupLine:
    """The part of a send to one mailbox provider, and the mail servers over which it asks for less."""

    progress: GroupProgress
    slowed: list[SlowedGroup]

    @property
    def tone(self) -> str:
        """The colour of the bar."""
        return "warn" if self.slowed else "" if self.progress.pending else "ok"

    @property
    def rate_words(self) -> str:
        """In one unit for all lines, so that they can be compared; empty when nothing went out in the last minute."""
        return a_minute(self.progress.rate) if self.progress.rate else ""


@dataclass(frozen=True, slots=True)
class SendAgain:
    """An offer to send again: to how many, what is the matter with them, and what it means."""

    what: Again
    count: int
    title: str
    meaning: str
    otherwise: str = ""


@dataclass(frozen=True)
class RunPanel:
    """A run and its ledger at one moment. Two queries, when the counts are first asked for."""

    run: Run
    now: datetime

    @cached_property
    def progress(self) -> Progress:
        return run_progress(self.run, self.now)

    @property
    def counts(self) -> RunCounts:
        return self.progress.counts

    @property
    def groups(self) -> list[GroupLine]:
        """The send by mailbox provider, the largest first."""
        return [
            GroupLine(group, [slowed for slowed in self.slowed if slowed.group == group.group])
            for group in self.progress.groups
        ]

    @property
    def shares(self) -> list[Share]:
        """Everybody who matched, in five parts."""
        counts = self.counts
        return [
            Share(DeliveryState.SENT, _("Sent"), counts.sent, "ok"),
            Share("pending", _("Waiting"), counts.pending),
            Share(DeliveryState.SKIPPED, _("Left out"), counts.skipped),
            Share(DeliveryState.FAILED, _("Failed"), counts.failed, "bad" if counts.failed else ""),
            Share(DeliveryState.UNKNOWN, _("Not known"), counts.unknown, "warn" if counts.unknown else ""),
        ]

    @property
    def reasons(self) -> list[Because]:
        """Why people were not written to, most first."""
        rows = sorted(self.counts.reasons.items(), key=lambda row: (-row[1], row[0]))
        return [
            Because(state, reason, str(DeliveryState(state).label), str(Reason(reason).label), count)
            for (state, reason), count in rows
        ]

    @cached_property
    def slowed(self) -> list[SlowedGroup]:
        """Groups that get less for a while because their servers asked for it."""
        return slowed_groups(self.run.workspace, self.now) if self.run.state == RunState.SENDING else []

    @cached_property
    def used_up(self) -> list[str]:
        """Sentences about what may go out today and is used up."""
        is_asked = self.run.state == RunState.SENDING and self._outlook.has_volumes
        return used_up(self.run.workspace, self.now) if is_asked else []

    @property
    def speed_form(self) -> RunSpeedForm:
        return RunSpeedForm(initial={"per_minute": self.run.speed_limit})

    @property
    def speed_words(self) -> str:
        """What the speed of the run means for those who wait; empty without a limit or when nobody waits."""
        waiting = self.counts.waiting
        if not self.run.speed_limit or not waiting:
            return ""
        span = said(self._outlook.span_for(waiting, self.run.speed_limit, self.days_left))
        return ngettext(
            "At this speed the %(count)s who waits takes %(span)s.",
            "At this speed the %(count)s who wait take %(span)s.",
            waiting,
        ) % {"count": number_format(waiting), "span": span}

    @cached_property
    def _outlook(self) -> Outlook:
        return Outlook(self.run.workspace, self.now)

    @cached_property
    def days_left(self) -> int:
        """On how many days those who wait get it, as far as limits a day say."""
        return self._outlook.days_left_for(self.counts.waiting)

    @property
    def half(self) -> int | None:
        """Half as fast as now, in messages a minute; None when nobody knows how fast that is."""
        speed = self.run.speed_limit or round(self.counts.rate)
        return speed // 2 if speed >= 2 else None

    @property
    def double(self) -> int | None:
        """Twice the limit that holds."""
        return min(self.run.speed_limit * 2, FASTEST) if self.run.speed_limit else None

    @property
    def _watch(self) -> Watch | None:
        return getattr(self.run, "watch", None)

    @cached_property
    def halt(self) -> HaltWords | None:
        """Why the run stopped by itself, while it stands; None when it did not."""
        watch = self._watch
        if watch is None or not watch.halt or self.run.state != RunState.PAUSED:
            return None
        return halt_words(watch.halt, watch.facts, self.run.workspace.zone)

    @property
    def warning(self) -> str:
        """How many complain, if that is more than is good."""
        watch = self._watch
        return warning_words(watch.warning) if watch and watch.warning else ""

    @cached_property
    def standstill(self) -> Explanation | None:
        """Why nothing moves, if nothing has for long."""
        return why_it_stands_still(self.run, self.counts, self.now)

    @property
    def says_when_again(self) -> bool:
        """Whether the line of figures says when those put off are tried again; else the explanation does."""
        return self.standstill is None or self.standstill.is_alarming

    @cached_property
    def again(self) -> list[SendAgain]:
        """To whom a message may be sent again, and what that means for them."""
        if self.run.state not in {RunState.SENDING, RunState.PAUSED, RunState.DONE}:
            return []
        offers = [self._unknown_again(), self._fault_again()]
        return [offer for offer in offers if offer is not None]

    def _unknown_again(self) -> SendAgain | None:
        count = 0 if settings.MAIL_SANDBOX else self.counts.unknown
        if not count:
            return None
        after = ""
        if self.run.unknown_policy == UnknownPolicy.RESEND and self.run.state == RunState.SENDING:
            after = _("Without you, they are sent again a day after that by themselves.")
        return SendAgain(
            Again.UNKNOWN,
            count,
            ngettext("Of %(count)s person nobody knows", "Of %(count)s people nobody knows", count)
            % {"count": number_format(count)},
            _("The mail server did not answer, so each may have the mail or not. Whoever has it gets it twice."),
            after,
        )

    def _fault_again(self) -> SendAgain | None:
        if not self.counts.failed:
            return None
        count = sendable_again(self.run, Again.SENDER_FAULT).count()
        if not count:
            return None
        return SendAgain(
            Again.SENDER_FAULT,
            count,
            ngettext("%(count)s was refused because of us", "%(count)s were refused because of us", count)
            % {"count": number_format(count)},
            _("Their servers did not trust the sender, so nobody has the mail. Send again once that is mended."),
        )

    @property
    def tone(self) -> str:
        """The colour of the bar."""
        if self.run.state == RunState.DONE:
            return "ok"
        return "warn" if self.run.trouble or self.run.state == RunState.PAUSED else ""

    @property
    def rate_words(self) -> str:
        """How fast it goes; empty when nothing went out in the last minute."""
        return pace_words(self.counts.rate) if self.run.is_moving else ""

    @property
    def time_left_words(self) -> str:
        """How long it will take, on days where a day does not bring them all; empty when nobody can tell."""
        if self.run.state != RunState.SENDING or not self.counts.waiting:
            return ""
        if self.days_left > 1:
            return about(timedelta(days=self.days_left))
        return about(self.counts.time_left) if self.counts.time_left else ""


def pace_words(rate: float) -> str:
    """Messages a minute as people say it; empty when there are none."""
    if not rate:
        return ""
    if rate >= 120:
        return _("%(count)s a second") % {"count": number_format(round(rate / 60))}
    return a_minute(rate)


def a_minute(rate: float) -> str:
    return _("%(count)s a minute") % {"count": number_format(max(round(rate), 1))}


def about(span: timedelta) -> str:
    """A span as people say it: about 40 seconds, about 12 minutes, about 3 hours, about 4 days."""
    seconds = span.total_seconds()
    if seconds <= SECONDS_SAID_EXACTLY:
        tens = max(round(seconds / 10) * 10, 10)
        return _("about %(count)d seconds left") % {"count": tens}
    minutes = round(seconds / 60)
    if minutes < 90:
        said = ngettext("about %(count)d minute left", "about %(count)d minutes left", minutes)
        return said % {"count": minutes}
    hours = round(minutes / 60)
    if hours >= 48:
        days = round(hours / 24)
        return ngettext("about %(count)s day left", "about %(count)s days left", days) % {"count": number_format(days)}
    return ngettext("about %(count)d hour left", "about %(count)d hours left", hours) % {"count": hours}
