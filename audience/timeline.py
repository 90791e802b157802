"""Everything that happened between a contact and us, newest first; each app adds what it knows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

from django.utils.functional import Promise

from audience.models import Contact


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline. `href` leads to what it is about, if it has a page; `kind` is what one narrows by."""

    at: datetime
    icon: str
    title: str
    detail: str = ""
    href: str = ""
    tone: str = ""
    kind: str = "contact"


TimelineSource = Callable[[Contact, int], Iterable[Moment]]
_sources: list[TimelineSource] = []
_kinds: dict[str, "str | Promise"] = {}


def register_timeline(source: TimelineSource, kinds: "Mapping[str, str | Promise] | None" = None) -> None:
    """Add what an app knows. The source yields at most so many moments of a kind, the newest; `kinds` names them."""
    _sources.append(source)
    _kinds.update(kinds or {})


def timeline_kinds() -> dict[str, "str | Promise"]:
    """What one can narrow a timeline by, with its words."""
    return dict(_kinds)


def timeline(contact: Contact, *, limit: int = 100, kind: str = "") -> list[Moment]:
    """The newest moments, of all kinds or of one."""
    moments = (moment for source in _sources for moment in source(contact, limit))
    wanted = (moment for moment in moments if kind in ("", moment.kind))
    return nlargest(limit, wanted, key=lambda moment: moment.at)
