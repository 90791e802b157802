"""The menu, made of entries that each app registers for itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerField, Model, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workspaces.models import Member
from workspaces.permissions import Can

GROUPS: dict[str, "str | Promise"] = {"": "", "plan": _("Plan"), "send": _("Send"), "audience": _("Audience")}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu. `count` gives the rows whose number stands beside it; `alert` paints it as something to do.

    The rows are not fetched: the numbers of all entries of a menu are counted by the database in one query.

    `also` are further nouns whose pages belong to the entry, besides that of its own page.
    """

    key: str
    group: str
    order: int
    label: "str | Promise"
    icon: str
    url_name: str
    can: Can
    count: "Callable[[Member], QuerySet[Any]] | None" = None
    alert: bool = False
    also: tuple[str, ...] = ()

    def holds(self, page: str) -> bool:
        """Whether a page (`strategy:kpi_detail`) is about one of the entry's nouns."""
        app, _colon, name = self.url_name.partition(":")
        return page.partition("_")[0] in {f"{app}:{noun}" for noun in (name.partition("_")[0], *self.also)}


@dataclass(frozen=True, slots=True)
class Tab:
    """A part of the settings, registered by the app it belongs to."""

    order: int
    label: "str | Promise"
    url_name: str
    can: Can


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as one member sees it."""

    label: "str | Promise"
    icon: str
    href: str
    is_current: bool
    count: int
    alert: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A titled group of links."""

    title: "str | Promise"
    links: list[Link]


COUNT = "count_"  # before the key: a member has fields of its own

_entries: dict[str, Entry] = {}
_tabs: dict[str, Tab] = {}


def register_entry(entry: Entry) -> None:
    _entries[entry.key] = entry


def register_tab(tab: Tab) -> None:
    _tabs[tab.url_name] = tab


def tabs(member: Member) -> list[Tab]:
    """The parts of the settings this member may open."""
    return sorted((tab for tab in _tabs.values() if member.may(tab.can)), key=lambda tab: tab.order)


def sidebar(request: HttpRequest, member: Member) -> list[Group]:
    """The groups with the entries this member may open."""
    match = request.resolver_match
    current = f"{match.namespace}:{match.url_name}" if match else ""
    entries = sorted((e for e in _entries.values() if member.may(e.can)), key=lambda e: e.order)
    chosen, counts = _current_entry(entries, current), _counts(entries, member)
    return [
        Group(title, links)
        for key, title in GROUPS.items()
        if (links := [_link(entry, member, chosen, counts) for entry in entries if entry.group == key])
    ]


class _Number(Subquery):
    """How many rows a query has, inside another query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def _counts(entries: list[Entry], member: Member) -> dict[str, int]:
    """The numbers beside the entries, in one query."""
    asked = {COUNT + entry.key: _Number(_bare(entry.count(member))) for entry in entries if entry.count}
    if not asked:
        return {}
    row: Any = Member.objects.filter(pk=member.pk).values(**asked).get()  # its keys are made here
    return dict(row)


def _bare(rows: "QuerySet[Model]") -> "QuerySet[Any]":
    return rows.order_by().values("pk")


def _current_entry(entries: list[Entry], current: str) -> Entry | None:
    """The entry of this very page, else the first that holds it (`contact_list` holds `contact_edit`)."""
    exact = [entry for entry in entries if entry.url_name == current]
    return next(iter(exact), None) or next((entry for entry in entries if entry.holds(current)), None)


def _link(entry: Entry, member: Member, chosen: Entry | None, counts: dict[str, int]) -> Link:
    return Link(
        label=entry.label,
        icon=entry.icon,
        href=reverse(entry.url_name, kwargs={"workspace": member.workspace.slug}),
        is_current=entry is chosen,
        count=counts.get(COUNT + entry.key, 0),
        alert=entry.alert,
    )
