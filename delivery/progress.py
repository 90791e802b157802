"""How far a send is, altogether and by mailbox provider.

All figures are the ledger's. The list is written provider by provider (`delivery.planning`), so where the chunks of
each begin tells to whose part of the ledger a row belongs, also one that is held singly to be tried again: the scan
that counts everything puts each row in its place by its id, without looking at the address.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min

from delivery.counted import counted_once
from delivery.models import Run
from delivery.pace.groups import LABELS
from delivery.queries import LedgerLine, RunCounts, counts_of, ledger_lines, stretch_of

LARGE = 50_000
"""People. A smaller run is counted in a few milliseconds, so for everybody who looks anew."""


@dataclass(frozen=True, slots=True)
class GroupProgress:
    """The part of a send that goes to one mailbox provider. Always: people = decided + pending.

    `people` are those of its list who were not left out, so all groups together are the run's `to_send`. `pending` are
    those waiting, being handed over and to be tried again; `rate` is messages settled a minute, in the last minute.
    """

    group: str
    people: int
    sent: int
    failed: int
    unknown: int
    pending: int
    rate: float

    @property
    def label(self) -> str:
        return str(LABELS.get(self.group, self.group))

    @property
    def decided(self) -> int:
        return self.people - self.pending

    @property
    def done_rate(self) -> float:
        return self.decided / self.people


@dataclass(frozen=True, slots=True)
class Progress:
    """A run in numbers, and its groups, the largest first. A list that was never laid into chunks has no groups."""

    counts: RunCounts
    groups: list[GroupProgress]


def run_progress(run: Run, now: datetime) -> Progress:
    """Two queries. Of a large run none or two: all who look share figures a few seconds old.

    Pausing, going on, cancelling and ending show in the figures at once.
    """
    if (run.matched_count or 0) <= LARGE:
        return _read(_tally(run, now))
    return _read(counted_once(f"run:{run.pk}:{run.epoch}:{run.state}", lambda: _tally(run, now)))


def _tally(run: Run, now: datetime) -> dict[str, Any]:
    """What JSON can hold of the ledger: its lines, the groups in the order of their places, seconds of the rate."""
    begun = run.chunks.values_list("domain_group").annotate(first=Min("first_id")).order_by("first")
    starts = dict(begun)
    lines = ledger_lines(run, now, list(starts.values()))
    rows = [[*line[:5], *(at and at.isoformat() for at in line[5:])] for line in lines]
    return {"groups": list(starts), "lines": rows, "stretch": stretch_of(run, now).total_seconds()}


def _read(tally: dict[str, Any]) -> Progress:
    lines = [LedgerLine(*row[:5], *(at and datetime.fromisoformat(at) for at in row[5:])) for row in tally["lines"]]
    stretch = timedelta(seconds=tally["stretch"])
    found = [
        _group(name, counts_of((line for line in lines if line.place == place), stretch))
        for place, name in enumerate(tally["groups"], start=1)
    ]
    groups = sorted((group for group in found if group.people), key=lambda group: (-group.people, group.group))
    return Progress(counts_of(lines, stretch), groups)


def _group(name: str, counts: RunCounts) -> GroupProgress:
    return GroupProgress(name, counts.to_send, counts.sent, counts.failed, counts.unknown, counts.pending, counts.rate)
