"""Figures that pages tell: counted at once where that is cheap, and by a worker, beforehand, among very many people.

Each is a count that has to read every row it is about. Up to `LARGE` people that takes milliseconds and the figure is
exact. Beyond, a task counts every few minutes, dear kinds every hour, and pages say when it did. A workspace that
nobody counted for lately, because no worker runs or because it has just become large, is counted while one looks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from audience.models import Contact, KeptFigures
from workspaces.models import Workspace

LARGE = 50_000  # contacts
OFTEN, HOURLY = timedelta(minutes=5), timedelta(hours=1)
EARLY = timedelta(seconds=30)  # a beat may come a little before its time
ROUNDS = 3  # for which figures are told: a worker that missed two is taken for gone
Numbers = dict[str, Any]
Counting = Callable[[Workspace, datetime], Numbers]


@dataclass(frozen=True, slots=True)
class Kind:
    """How figures are counted, and how often."""

    counting: Counting
    every: timedelta


_kinds: dict[str, Kind] = {}


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers by what they are of, an id as a text. `counted_at` is None for those counted just now."""

    numbers: Numbers
    counted_at: datetime | None = None


def register_figures(kind: str, counting: Counting, every: timedelta = OFTEN) -> None:
    """Have figures of a kind kept for large workspaces. What is counted has to be what JSON can hold."""
    _kinds[kind] = Kind(counting, every)


def figures_of(workspace: Workspace, kind: str, now: datetime) -> Figures:
    """Those kept a moment ago, else counted now. A query for what is kept, and those of counting."""
    return kept_figures(workspace, kind, now) or Figures(_kinds[kind].counting(workspace, now))


def kept_figures(workspace: Workspace, kind: str, now: datetime) -> Figures | None:
    """Those that a worker counted lately; None where nobody did. One query."""
    kept = _since(workspace, kind, now - ROUNDS * _kinds[kind].every)
    return Figures(kept.numbers, kept.counted_at) if kept else None


def _since(workspace: Workspace, kind: str, moment: datetime) -> KeptFigures | None:
    return KeptFigures.objects.for_workspace(workspace).filter(kind=kind, counted_at__gt=moment).first()


def keep_figures(clock: Callable[[], datetime]) -> None:
    """Count what is due for every large workspace. Two at once do no harm: the later word stays."""
    for workspace in Workspace.objects.order_by("pk"):
        if is_large(workspace):
            keep_figures_of(workspace, clock)


def keep_figures_of(workspace: Workspace, clock: Callable[[], datetime]) -> None:
    """Count what is due, and keep it as of the moment at which its counting began."""
    for name, kind in _kinds.items():
        now = clock()
        if _since(workspace, name, now - kind.every + EARLY) is None:
            values = {"numbers": kind.counting(workspace, now), "counted_at": now}
            KeptFigures.objects.update_or_create(workspace=workspace, kind=name, defaults=values)


def is_large(workspace: Workspace) -> bool:
    """Whether counting all its people takes long. Reads no more rows than `LARGE`."""
    people = Contact.objects.for_workspace(workspace).order_by().values_list("pk")
    return bool(people[LARGE - 1 : LARGE])
