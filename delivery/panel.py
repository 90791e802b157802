"""How far a send is, as its panel shows it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from delivery.models import DeliveryState, Reason, Run, RunState
from delivery.queries import RunCounts, run_counts

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


@dataclass(frozen=True)
class RunPanel:
    """A run and its ledger at one moment. One query, when the counts are first asked for."""

    run: Run
    now: datetime

    @cached_property
    def counts(self) -> RunCounts:
        return run_counts(self.run, self.now)

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

    @property
    def tone(self) -> str:
        """The colour of the bar."""
        if self.run.state == RunState.DONE:
            return "ok"
        return "warn" if self.run.trouble or self.run.state == RunState.PAUSED else ""

    @property
    def rate_words(self) -> str:
        """How fast it goes; empty when nothing went out in the last minute."""
        if not self.run.is_moving or not self.counts.rate:
            return ""
        if self.counts.rate >= 120:
            return _("%(count)d a second") % {"count": round(self.counts.rate / 60)}
        return _("%(count)d a minute") % {"count": max(round(self.counts.rate), 1)}

    @property
    def time_left_words(self) -> str:
        """How long it will take; empty when nobody can tell."""
        left = self.counts.time_left if self.run.state == RunState.SENDING else None
        return about(left) if left else ""


def about(span: timedelta) -> str:
    """A span as people say it: about 40 seconds, about 12 minutes, about 3 hours."""
    seconds = span.total_seconds()
    if seconds <= SECONDS_SAID_EXACTLY:
        tens = max(round(seconds / 10) * 10, 10)
        return _("about %(count)d seconds left") % {"count": tens}
    minutes = round(seconds / 60)
    if minutes < 90:
        said = ngettext("about %(count)d minute left", "about %(count)d minutes left", minutes)
        return said % {"count": minutes}
    hours = round(minutes / 60)
    return ngettext("about %(count)d hour left", "about %(count)d hours left", hours) % {"count": hours}
