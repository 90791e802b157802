"""Reading notices: grouped by what they are about, newest first."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from workspaces.live import announce
from workspaces.models import Member, Notice
from workspaces.notices.kinds import NoticeKind, Place, Told, kind_of, places
from workspaces.notices.telling import TOPIC

GROUPS_A_PAGE = 25
LINES_A_GROUP = 5
"""So many of the newest notices of an object are said; of the others the number."""

Key = tuple[str, int]
Ids = Collection[int] | QuerySet[Any, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One notice in words."""

    notice: Notice
    kind: NoticeKind
    told: Told


@dataclass(frozen=True, slots=True)
class Group:
    """What there is to say about one object; `more` notices are not said."""

    key: Key
    place: Place
    lines: list[Line]
    total: int
    unread: int

    @property
    def latest(self) -> Line:
        return self.lines[0]

    @property
    def more(self) -> int:
        return self.total - len(self.lines)


def unread_count(member: Member) -> int:
    """The number of objects about which there is something new. One query."""
    fresh = Notice.objects.for_member(member).unread()
    return fresh.values("about_type", "about_id").distinct().count()


def pages_of_groups(member: Member, *, only_unread: bool = False) -> "Paginator[Any]":
    """The objects that there are notices about, the newest first, page by page."""
    mine = Notice.objects.for_member(member)
    rows = mine.values("about_type", "about_id").annotate(
        latest=Max("at"), newest=Max("pk"), total=Count("pk"), unread=Count("pk", filter=Q(read_at=None))
    )
    shown = rows.filter(unread__gt=0) if only_unread else rows
    return Paginator(shown.order_by("-latest", "-newest"), GROUPS_A_PAGE)


def groups_on(page: "Page[Any]", member: Member) -> list[Group]:
    """The groups of one page; an object that is gone has none. A query, and two for each kind of object and notice."""
    rows = list(page.object_list)
    wanted = Q(pk=None)
    for row in rows:
        wanted |= Q(about_type=row["about_type"], about_id=row["about_id"])
    numbered = Window(
        RowNumber(), partition_by=[F("about_type"), F("about_id")], order_by=[F("at").desc(), F("pk").desc()]
    )
    found = Notice.objects.for_member(member).filter(wanted).annotate(nth=numbered).filter(nth__lte=LINES_A_GROUP)
    counts = {(row["about_type"], row["about_id"]): (row["total"], row["unread"]) for row in rows}
    return _in_groups(member, list(found.select_related("by__user")), counts)


def groups_of(member: Member, notices: "QuerySet[Notice]") -> list[Group]:
    """These notices in groups, all of them said."""
    found = list(notices.select_related("by__user"))
    counts: dict[Key, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for notice in found:
        total, unread = counts[_key(notice)]
        counts[_key(notice)] = (total + 1, unread + (notice.read_at is None))
    return _in_groups(member, found, counts)


def _in_groups(member: Member, notices: Sequence[Notice], counts: Mapping[Key, tuple[int, int]]) -> list[Group]:
    lines, where = _lines(member, notices), _places(member, notices)
    by_key: dict[Key, list[Line]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (line.notice.at, line.notice.pk), reverse=True):
        by_key[_key(line.notice)].append(line)
    return [
        Group(key, where[key], said, total=counts[key][0], unread=counts[key][1])
        for key, said in by_key.items()
        if key in where
    ]


def lines_of(member: Member, notices: Sequence[Notice]) -> list[tuple[Line, Place]]:
    """Each notice in words, with the place it is about; those that cannot be said any more are left out."""
    where = _places(member, notices)
    return [(line, where[_key(line.notice)]) for line in _lines(member, notices) if _key(line.notice) in where]


def _lines(member: Member, notices: Sequence[Notice]) -> list[Line]:
    told: dict[int, Told] = {}
    for key, some in _sorted_out(notices, lambda notice: notice.kind).items():
        told |= kind_of(key).tell(member, some)
    return [Line(notice, kind_of(notice.kind), told[notice.pk]) for notice in notices if notice.pk in told]


def _places(member: Member, notices: Sequence[Notice]) -> dict[Key, Place]:
    found: dict[Key, Place] = {}
    for about_type, some in _sorted_out(notices, lambda notice: notice.about_type).items():
        where = places(member, about_type, {notice.about_id for notice in some})
        found |= {(about_type, pk): place for pk, place in where.items()}
    return found


def _sorted_out(notices: Iterable[Notice], key: Any) -> dict[str, list[Notice]]:
    found: dict[str, list[Notice]] = defaultdict(list)
    for notice in notices:
        found[key(notice)].append(notice)
    return found


def _key(notice: Notice) -> Key:
    return notice.about_type, notice.about_id


def mark_read(*, member: Member, now: datetime, about: Key | None = None) -> int:
    """Mark what a member was told of an object (None: of everything) as read. Repeating is harmless.

    Returns how many it were; what is read is not mailed any more.
    """
    fresh = Notice.objects.filter(member=member).unread()
    return _read(member, fresh.about(*about) if about else fresh, now)


def mark_shown(*, member: Member, shown: "Mapping[str, Ids]", now: datetime) -> int:
    """The same for what a member was told of all the objects that one page shows, by kind. One query."""
    about = Q(pk=None)
    for about_type, ids in shown.items():
        about |= Q(about_type=about_type, about_id__in=ids)
    return _read(member, Notice.objects.filter(about, member=member).unread(), now)


def _read(member: Member, fresh: "QuerySet[Notice]", now: datetime) -> int:
    count = fresh.update(read_at=now)
    if count:
        announce(member.workspace, TOPIC, member.pk)
    return count
