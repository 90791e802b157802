"""Verbs on events: keep what contacts did."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import Contact, Event, Source
from audience.profiles import refresh_profiles
from audience.services.money import checked_money
from audience.services.whose import Became, People, Taken, Whose, people_of, refused
from emailops.lib.bulk import Json, insert_rows
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace

NAME = re.compile(r"[-a-zA-Z0-9_]{1,60}")
LONGEST_ID = 100
VALUE_DIGITS = 12
Key = tuple[str, str]


class EventRefused(DomainError):
    """The event cannot be taken."""

    code = "event_refused"
    status = 400


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event as a program reports it. `external_id` is the program's own id: the same one of a name counts once.

    `currency` may be left out; `value` is then in that of the workspace.
    """

    contact: Contact | Whose
    name: str
    occurred_at: datetime
    value: Decimal | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    external_id: str = ""
    currency: str = ""

    @property
    def key(self) -> Key | None:
        return (self.name, self.external_id) if self.external_id else None


@transaction.atomic
def record_events(
    *,
    workspace: Workspace,
    events: Sequence[NewEvent],
    by: Member | None,
    now: datetime,
    source: Source = Source.API,
    adds_people: bool = False,
) -> list[Taken]:
    """Keep what contacts did, in a fixed number of statements. Says of each event, in their order, what came of it.

    An event with a known id is a duplicate and changes nothing, unless a web site had reported it and another source
    does now: that one is believed. Refused are events of strangers (unless `adds_people`), without a sound name, value
    or moment. Doing it twice changes nothing.
    """
    people = people_of(workspace, [event.contact for event in events], adds=adds_people, now=now)
    results: list[Taken | None] = [None] * len(events)
    good: dict[int, tuple[NewEvent, int]] = {}
    seen: set[Key] = set()
    for place, event in enumerate(events):
        try:
            owner = _checked(workspace, event, people, now)
        except DomainError as refusal:
            results[place] = refused(str(refusal))
            continue
        if event.key in seen:
            results[place] = Taken(Became.DUPLICATE)
            continue
        if event.key:
            seen.add(event.key)
        good[place] = (event, owner)
    touched = _write(workspace, good, source, results)
    if good:
        refresh_profiles(touched, now)
        _tell(workspace, results, people, by, now)
    return [result or Taken(Became.DUPLICATE) for result in results]


def _tell(
    workspace: Workspace, results: Sequence[Taken | None], people: People, by: Member | None, now: datetime
) -> None:
    added = sum(1 for result in results if result is not None and result.became == Became.CREATED)
    detail = {"received": len(results), "added": added} | ({"people": people.added} if people.added else {})
    record("events.recorded", workspace, by=by, now=now, **detail)


def _checked(workspace: Workspace, event: NewEvent, people: People, now: datetime) -> int:
    """Whose event it is. Raises a `DomainError` for what cannot be taken."""
    owner = owner_of(workspace, event.contact, people)
    if not NAME.fullmatch(event.name):
        raise EventRefused(
            _("“%(name)s” is no name of an event: letters, digits, - and _.") % {"name": event.name[:60]}
        )
    if event.occurred_at > now:
        raise EventRefused(
            _("An event cannot lie in the future. Send its time with the zone, as 2026-05-18T09:30+03:00.")
        )
    if len(event.external_id) > LONGEST_ID:
        raise EventRefused(_("The id of an event has at most %(most)d characters.") % {"most": LONGEST_ID})
    if event.value is not None:
        checked_money(workspace, event.value, event.currency, digits=VALUE_DIGITS, below_zero=True)
    return owner


def owner_of(workspace: Workspace, whose: Contact | Whose, people: People) -> int:
    """The contact's key. Raises `EventRefused` with the reason where there is none."""
    if isinstance(whose, Contact):
        if whose.workspace_id != workspace.pk:
            raise EventRefused(_("There is no such contact here."))
        return whose.pk
    if whose not in people.found:
        raise EventRefused(people.reasons[whose])
    return people.found[whose]


COLUMNS = (
    "workspace_id", "contact_id", "name", "occurred_at", "value", "properties", "external_id", "source",
)  # fmt: skip
OF_KNOWN_IDS = """
ON CONFLICT (workspace_id, name, external_id) WHERE external_id <> '' DO UPDATE SET
    contact_id = excluded.contact_id, occurred_at = excluded.occurred_at, value = excluded.value,
    properties = excluded.properties, source = excluded.source
WHERE audience_event.source = 'site' AND excluded.source <> 'site'
"""


def _write(
    workspace: Workspace, good: Mapping[int, tuple[NewEvent, int]], source: Source, results: list[Taken | None]
) -> set[int]:
    """Write the rows and say what came of them. Returns the contacts whose events changed."""
    # Two programs that send the same ids wait for each other in one order, and so never for ever.
    places = sorted(good, key=lambda place: (good[place][0].name, good[place][0].external_id))
    before = _known(workspace, {event.external_id for event, _owner in good.values() if event.external_id})
    written = insert_rows(
        "audience_event",
        COLUMNS,
        [row(workspace, *good[place], source) for place in places],
        conflict=OF_KNOWN_IDS,
        returning="id, name, external_id, contact_id, xmax = 0",  # xmax is 0 for a row that was not there before
    )
    by_key = {(name, external_id): (pk, is_new) for pk, name, external_id, _c, is_new in written if external_id}
    nameless = iter([pk for pk, _name, external_id, _c, _new in written if not external_id])
    touched = {contact for _pk, _name, _id, contact, _new in written}
    for place in places:
        key = good[place][0].key
        pk, is_new = (next(nameless), True) if key is None else by_key.get(key, (None, False))
        results[place] = _result(pk, is_new, before.get(key) if key else None)
        if pk is not None and not is_new and key in before:
            touched.add(before[key][1])
    return touched


def _result(pk: int | None, is_new: bool, known: tuple[int, int] | None) -> Taken:
    if pk is None:
        return Taken(Became.DUPLICATE, known[0] if known else None)
    return Taken(Became.CREATED if is_new else Became.UPDATED, pk)


def _known(workspace: Workspace, ids: set[str]) -> dict[Key, tuple[int, int]]:
    """Events with these ids: key and contact."""
    rows = Event.objects.for_workspace(workspace).filter(external_id__in=ids) if ids else Event.objects.none()
    return {
        (name, own): (pk, owner) for name, own, pk, owner in rows.values_list("name", "external_id", "pk", "contact")
    }


def row(workspace: Workspace, event: NewEvent, owner: int, source: Source) -> tuple[Any, ...]:
    """What stands in the table, by `COLUMNS`."""
    return (
        workspace.pk, owner, event.name, event.occurred_at, event.value, Json(dict(event.properties)),
        event.external_id, str(source),
    )  # fmt: skip
