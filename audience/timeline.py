"""Everything that happened between a contact and us, newest first; each app adds what it knows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

from audience.models import Contact


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline. `href` leads to what it is about, if it has a page."""

    at: datetime
    icon: str
    title: str
    detail: str = ""
    href: str = ""
    tone: str = ""


TimelineSource = Callable[[Contact, int], Iterable[Moment]]
_sources: list[TimelineSource] = []


def register_timeline(source: TimelineSource) -> None:
    """Add what an app knows. The source yields at most so many moments, the newest."""
    _sources.append(source)


def timeline(contact: Contact, *, limit: int = 100) -> list[Moment]:
    moments = (moment for source in _sources for moment in source(contact, limit))
    return nlargest(limit, moments, key=lambda moment: moment.at)
