"""Verbs on events: keep what contacts did."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import Contact
from audience.profiles import refresh_profiles
from emailops.lib.addresses import read_address
from emailops.lib.bulk import Json, insert_rows
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace


class EventRefused(DomainError):
    """The event cannot be taken."""

    code = "event_refused"
    status = 400


def contacts_by_email(workspace: Workspace, emails: Sequence[str]) -> dict[str, Contact]:
    """The contacts with these addresses, by the address as given. Raises `EventRefused` for an unknown one."""
    keys = {email: read_address(email).key for email in emails}
    found = {c.address: c for c in Contact.objects.for_workspace(workspace).filter(address__in=set(keys.values()))}
    unknown = next((email for email, key in keys.items() if key not in found), None)
    if unknown is not None:
        raise EventRefused(_("There is no contact “%(email)s”. Send the contact first.") % {"email": unknown})
    return {email: found[key] for email, key in keys.items()}


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event as a program reports it. `external_id` is the program's own id: the same one counts once."""

    contact: Contact
    name: str
    occurred_at: datetime
    value: Decimal | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    external_id: str = ""


@transaction.atomic
def record_events(*, workspace: Workspace, events: Iterable[NewEvent], by: Member | None, now: datetime) -> int:
    """Keep what contacts did. Returns how many were new: an event with a known external id is not counted again.

    Raises `EventRefused` for a moment in the future; nothing of the batch is kept then.
    """
    # Two programs that send the same ids wait for each other in one order, and so never for ever.
    batch = sorted(events, key=lambda event: (event.name, event.external_id))
    if any(event.occurred_at > now for event in batch):
        raise EventRefused(
            _("An event cannot lie in the future. Send its time with the zone, as 2026-05-18T09:30+03:00.")
        )
    added = insert_rows(
        "audience_event",
        ("workspace_id", "contact_id", "name", "occurred_at", "value", "properties", "external_id"),
        [
            (workspace.pk, e.contact.pk, e.name, e.occurred_at, e.value, Json(dict(e.properties)), e.external_id)
            for e in batch
        ],
        conflict="ON CONFLICT DO NOTHING",
        returning="id",
    )
    if batch:
        refresh_profiles({event.contact.pk for event in batch}, now)
        record("events.recorded", workspace, by=by, now=now, received=len(batch), added=len(added))
    return len(added)
