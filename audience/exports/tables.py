"""What can be taken away, and who asked for it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audience.exports.formats import ExportFormat, written
from audience.models import ConsentEntry, Contact, ContactList, ContactQuerySet, Event, Order, Segment, Suppression
from audience.segments.compile import contacts_in
from audience.segments.definition import read_definition
from audience.services import current_attributes
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace

ROWS_AT_ONCE = 2000  # fetched from the server-side cursor
CONTACT_EXPORT_COLUMNS = (
    "email", "first_name", "last_name", "external_id", "phone", "country", "city", "language", "time_zone", "tags",
    "consent", "consent_at", "tracking", "tracking_at", "frequency", "paused_until", "suppression", "created_at",
    "updated_at",
)  # fmt: skip
ATTRIBUTE = "attribute."
Table = tuple[Sequence[str], Iterator[Sequence[object]]]


class ExportWhat(models.TextChoices):
    """Tables."""

    CONTACTS = "contacts", gettext_lazy("Contacts")
    CONSENT = "consent", gettext_lazy("Consent log")
    EVENTS = "events", gettext_lazy("Events")
    ORDERS = "orders", gettext_lazy("Orders, a row for each product")
    SUPPRESSION = "suppression", gettext_lazy("Addresses never written to")


class ExportRefused(DomainError):
    """What was asked for cannot be taken away like that."""

    code = "export_refused"
    status = 400


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows and columns. Filters are of contacts, and of the log, events and orders of these; they add up."""

    what: ExportWhat = ExportWhat.CONTACTS
    form: ExportFormat = ExportFormat.CSV
    is_gzip: bool = False
    columns: Sequence[str] = ()
    contact_list: ContactList | None = None
    segment: Segment | None = None
    words: str = ""

    @property
    def filename(self) -> str:
        return f"{self.what}.{self.form}{'.gz' if self.is_gzip else ''}"


def export(*, workspace: Workspace, wanted: Wanted, by: Member, now: datetime) -> Iterator[bytes]:
    """The file in blocks, read from the database as they are asked for. Written down in the audit log at once.

    Raises `ExportRefused` for columns that do not exist, and `SegmentBroken`.
    """
    header, rows = _TABLES[wanted.what](workspace, wanted, now)
    record("audience.exported", workspace, by=by, now=now, what=wanted.what, format=wanted.form, columns=list(header))
    return written(header, rows, wanted.form, is_gzip=wanted.is_gzip)


def chosen_contacts(workspace: Workspace, wanted: Wanted, now: datetime) -> ContactQuerySet:
    """The contacts that all filters let through."""
    found = Contact.objects.for_workspace(workspace)
    if wanted.segment is not None:
        found = contacts_in(workspace, read_definition(wanted.segment.definition), now)
    if wanted.contact_list is not None:
        found = found.filter(memberships__contact_list=wanted.contact_list)
    return found.matching(wanted.words)


def _contacts(workspace: Workspace, wanted: Wanted, now: datetime) -> Table:
    keys = [f"{ATTRIBUTE}{key}" for key in current_attributes(workspace)]
    columns = list(wanted.columns) or [*CONTACT_EXPORT_COLUMNS, *keys]
    unknown = sorted(set(columns) - {*CONTACT_EXPORT_COLUMNS, *keys})
    if unknown:
        raise ExportRefused(_("There is no column “%(name)s”.") % {"name": unknown[0]})
    found = chosen_contacts(workspace, wanted, now).order_by("pk")
    return [column.removeprefix(ATTRIBUTE) for column in columns], _contact_rows(found, columns)


def _contact_rows(found: ContactQuerySet, columns: Sequence[str]) -> Iterator[Sequence[object]]:
    fields = [column for column in columns if not column.startswith(ATTRIBUTE)]
    for values in found.values(*fields, "attributes").iterator(chunk_size=ROWS_AT_ONCE):
        attributes = values["attributes"]
        yield [
            attributes.get(column.removeprefix(ATTRIBUTE)) if column.startswith(ATTRIBUTE) else values[column]
            for column in columns
        ]


def _consent(workspace: Workspace, wanted: Wanted, now: datetime) -> Table:
    header = ("email", "to", "topic", "consent", "at", "how", "wording", "form", "evidence", "by")
    fields = (
        "contact__email", "to", "topic__name", "consent", "at", "source", "wording", "form_version", "evidence",
        "by__user__email",
    )  # fmt: skip
    entries = ConsentEntry.objects.for_workspace(workspace).order_by("at", "pk")
    if _is_narrowed(wanted):
        entries = entries.filter(contact__in=chosen_contacts(workspace, wanted, now).values("pk"))
    return header, entries.values_list(*fields).iterator(chunk_size=ROWS_AT_ONCE)


def _events(workspace: Workspace, wanted: Wanted, now: datetime) -> Table:
    header = ("email", "external_id", "name", "occurred_at", "value", "event_id", "properties", "source")
    events = Event.objects.for_workspace(workspace).order_by("occurred_at", "pk")
    if _is_narrowed(wanted):
        events = events.filter(contact__in=chosen_contacts(workspace, wanted, now).values("pk"))
    fields = (
        "contact__email", "contact__external_id", "name", "occurred_at", "value", "external_id", "properties", "source",
    )  # fmt: skip
    return header, events.values_list(*fields).iterator(chunk_size=ROWS_AT_ONCE)


def _orders(workspace: Workspace, wanted: Wanted, now: datetime) -> Table:
    """An order without lines is one row without a product. An import reads the columns by the same names."""
    header = (
        "order_id", "email", "external_id", "placed_at", "status", "total", "currency", "product", "sku", "category",
        "quantity", "price", "source",
    )  # fmt: skip
    fields = (
        "external_id", "contact__email", "contact__external_id", "placed_at", "status", "total", "workspace__currency",
        "lines__name", "lines__sku", "lines__category", "lines__quantity", "lines__price", "source",
    )  # fmt: skip
    orders = Order.objects.for_workspace(workspace).order_by("placed_at", "pk", "lines__pk")
    if _is_narrowed(wanted):
        orders = orders.filter(contact__in=chosen_contacts(workspace, wanted, now).values("pk"))
    return header, orders.values_list(*fields).iterator(chunk_size=ROWS_AT_ONCE)


def _is_narrowed(wanted: Wanted) -> bool:
    return bool(wanted.segment or wanted.contact_list or wanted.words.strip())


def _suppression(workspace: Workspace, _wanted: Wanted, _now: datetime) -> Table:
    """Addresses are kept as keyed hashes, so that they outlive an erasure; those of contacts are in their table."""
    header = ("address_hash", "reason", "note", "at")
    rows = Suppression.objects.for_workspace(workspace).order_by("at", "pk")
    return header, rows.values_list(*header).iterator(chunk_size=ROWS_AT_ONCE)


_TABLES: dict[ExportWhat, Callable[[Workspace, Wanted, datetime], Table]] = {
    ExportWhat.CONTACTS: _contacts,
    ExportWhat.CONSENT: _consent,
    ExportWhat.EVENTS: _events,
    ExportWhat.ORDERS: _orders,
    ExportWhat.SUPPRESSION: _suppression,
}
