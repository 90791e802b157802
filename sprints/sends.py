"""What became of the sends made for stories. Whatever sends mail registers; a retrospective asks."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils.functional import Promise

from sprints.models import Story


@dataclass(frozen=True, slots=True)
class Loss:
    """So many people who were not written to, or of whom nobody knows, and why."""

    kind: "str | Promise"
    reason: "str | Promise"
    count: int


@dataclass(frozen=True, slots=True)
class StorySend:
    """One send: how many matched, how many were sent, and the losses, most first. `address` is the page about it."""

    story_id: int
    name: str
    started_at: datetime
    matched: int
    sent: int
    window_end: date | None
    losses: list[Loss] = field(default_factory=list)
    address: str = ""


Sends = Callable[[Collection[Story], datetime], Iterable[StorySend]]
_sources: list[Sends] = []


def register_sends(take: Sends) -> None:
    """Add a source: it gets stories and the time, and gives the sends made for them."""
    if take not in _sources:
        _sources.append(take)


def sends_of(stories: Collection[Story], now: datetime) -> list[StorySend]:
    """All sends made for these stories, the first first. As many queries as the sources take."""
    found = [send for take in _sources for send in take(stories, now)] if stories else []
    return sorted(found, key=lambda send: (send.started_at, send.story_id))
