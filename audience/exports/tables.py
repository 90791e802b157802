"""What can be taken away, and who asked for it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audience.exports.answers import FIXED, question_words, sheet_rows
from audience.exports.formats import ExportFormat, written
from audience.finding import ContactFilter, found_contacts
from audience.models import AnswerValue, ConsentEntry, ContactQuerySet, Event, Order, Suppression, Survey
from audience.services import current_attributes
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace

ROWS_AT_ONCE = 2000  # fetched from the server-side cursor
CONTACT_COLUMN_WORDS: "dict[str, Promise]" = {
    "email": gettext_lazy("E-mail address"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "external_id": gettext_lazy("Id in your CRM"),
    "phone": gettext_lazy("Phone"),
    "country": gettext_lazy("Country"),
    "city": gettext_lazy("City"),
    "language": gettext_lazy("Language"),
    "time_zone": gettext_lazy("Time zone"),
    "tags": gettext_lazy("Tags"),
    "consent": gettext_lazy("Consent to mail"),
    "consent_at": gettext_lazy("Consent to mail since"),
    "tracking": gettext_lazy("Consent to being followed"),
    "tracking_at": gettext_lazy("Consent to being followed since"),
    "frequency": gettext_lazy("How often"),
    "paused_until": gettext_lazy("Not before"),
    "suppression": gettext_lazy("Never written to because"),
    "created_at": gettext_lazy("Known since"),
    "updated_at": gettext_lazy("Last changed"),
}
CONTACT_EXPORT_COLUMNS = tuple(CONTACT_COLUMN_WORDS)
LOG_COLUMN_WORDS: "dict[str, Promise]" = {
    **CONTACT_COLUMN_WORDS,
    "to": gettext_lazy("Consent to"),
    "topic": gettext_lazy("Topic"),
    "consent": gettext_lazy("Consent"),
    "at": gettext_lazy("When"),
    "how": gettext_lazy("How"),
    "wording": gettext_lazy("Wording"),
    "form": gettext_lazy("Version of the form"),
    "evidence": gettext_lazy("Evidence"),
    "by": gettext_lazy("Written down by"),
    "name": gettext_lazy("Event"),
    "occurred_at": gettext_lazy("When"),
    "properties": gettext_lazy("Properties"),
    "address_hash": gettext_lazy("Address as a hash"),
    "reason": gettext_lazy("Reason"),
    "note": gettext_lazy("Note"),
    "answer": gettext_lazy("Answer"),
    "by_way_of": gettext_lazy("By way of"),
    "is_latest": gettext_lazy("Counts"),
}
"""What the columns of tables are called; the others than those of contacts have one table each."""
ATTRIBUTE = "attribute."
Table = tuple[Sequence[str], Iterator[Sequence[object]]]


class ExportWhat(models.TextChoices):
    """Tables."""

    CONTACTS = "contacts", gettext_lazy("Contacts")
    CONSENT = "consent", gettext_lazy("Consent log")
    EVENTS = "events", gettext_lazy("Events")
    ORDERS = "orders", gettext_lazy("Orders, a row for each product")
    SUPPRESSION = "suppression", gettext_lazy("Addresses never written to")
    ANSWERS = "answers", gettext_lazy("Answers to surveys")


class ExportRefused(DomainError):
    """What was asked for cannot be taken away like that."""

    code = "export_refused"
    status = 400


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows and columns, and whether headings are words for people rather than names for programs.

    `narrowed` is that of the list of contacts; it also holds for the log, events, orders and answers of these contacts.
    Answers to one `survey` are a sheet, with a column for each question.
    """

    what: ExportWhat = ExportWhat.CONTACTS
    form: ExportFormat = ExportFormat.CSV
    is_gzip: bool = False
    columns: Sequence[str] = ()
    narrowed: ContactFilter = field(default_factory=ContactFilter)
    has_words: bool = False
    survey: Survey | None = None

    @property
    def sheet(self) -> Survey | None:
        """The survey whose answers alone go out."""
        return self.survey if self.what == ExportWhat.ANSWERS else None

    @property
    def filename(self) -> str:
        name = f"{self.what}-{self.sheet.slug}" if self.sheet else self.what
        return f"{name}.{self.form}{'.gz' if self.is_gzip else ''}"


def export(*, workspace: Workspace, wanted: Wanted, by: Member, now: datetime) -> Iterator[bytes]:
    """The file in blocks, read from the database as they are asked for. Written down in the audit log at once.

    Raises `ExportRefused` for columns that do not exist, and `SegmentBroken`.
    """
    header, rows = _TABLES[wanted.what](by, wanted, now)
    said = {"what": wanted.what, "format": wanted.form, "columns": list(header), "narrowed": wanted.narrowed.asks}
    said |= {"survey": wanted.sheet.slug} if wanted.sheet else {}
    record("audience.exported", workspace, by=by, now=now, **said)
    headings = _in_words(workspace, wanted, header) if wanted.has_words else header
    return written(headings, rows, wanted.form, is_gzip=wanted.is_gzip)


def _in_words(workspace: Workspace, wanted: Wanted, header: Sequence[str]) -> list[str]:
    """The headings for people. Of two that read the same, as that of an attribute may, each stays itself."""
    is_people = wanted.what == ExportWhat.CONTACTS
    known = CONTACT_COLUMN_WORDS if is_people else LOG_COLUMN_WORDS
    labels = question_words(wanted.sheet) if wanted.sheet else {}
    attributes = current_attributes(workspace) if is_people else {}
    labels |= {key: definition.shown_label for key, definition in attributes.items()}
    words = [str(labels.get(name) or known.get(name, name)) for name in header]
    return [word if words.count(word) == 1 else f"{word} ({name})" for word, name in zip(words, header, strict=True)]


def _chosen(by: Member, wanted: Wanted, now: datetime) -> ContactQuerySet:
    """The contacts that the list of contacts would show."""
    return found_contacts(by, wanted.narrowed, now)


def _contacts(by: Member, wanted: Wanted, now: datetime) -> Table:
    keys = [f"{ATTRIBUTE}{key}" for key in current_attributes(by.workspace)]
    columns = list(wanted.columns) or [*CONTACT_EXPORT_COLUMNS, *keys]
    unknown = sorted(set(columns) - {*CONTACT_EXPORT_COLUMNS, *keys})
    if unknown:
        raise ExportRefused(_("There is no column “%(name)s”.") % {"name": unknown[0]})
    found = _chosen(by, wanted, now).order_by("pk")
    return [column.removeprefix(ATTRIBUTE) for column in columns], _contact_rows(found, columns)


def _contact_rows(found: ContactQuerySet, columns: Sequence[str]) -> Iterator[Sequence[object]]:
    fields = [column for column in columns if not column.startswith(ATTRIBUTE)]
    for values in found.values(*fields, "attributes").iterator(chunk_size=ROWS_AT_ONCE):
        attributes = values["attributes"]
        yield [
            attributes.get(column.removeprefix(ATTRIBUTE)) if column.startswith(ATTRIBUTE) else values[column]
            for column in columns
        ]


def _consent(by: Member, wanted: Wanted, now: datetime) -> Table:
    header = ("email", "to", "topic", "consent", "at", "how", "wording", "form", "evidence", "by")
    fields = (
        "contact__email", "to", "topic__name", "consent", "at", "source", "wording", "form_version", "evidence",
        "by__user__email",
    )  # fmt: skip
    entries = ConsentEntry.objects.for_workspace(by.workspace).order_by("at", "pk")
    if wanted.narrowed.asks:
        entries = entries.filter(contact__in=_chosen(by, wanted, now).order_by().values("pk"))
    return header, entries.values_list(*fields).iterator(chunk_size=ROWS_AT_ONCE)


def _events(by: Member, wanted: Wanted, now: datetime) -> Table:
    header = ("email", "external_id", "name", "occurred_at", "value", "event_id", "properties", "source")
    events = Event.objects.for_workspace(by.workspace).order_by("occurred_at", "pk")
    if wanted.narrowed.asks:
        events = events.filter(contact__in=_chosen(by, wanted, now).order_by().values("pk"))
    fields = (
        "contact__email", "contact__external_id", "name", "occurred_at", "value", "external_id", "properties", "source",
    )  # fmt: skip
    return header, events.values_list(*fields).iterator(chunk_size=ROWS_AT_ONCE)


def _orders(by: Member, wanted: Wanted, now: datetime) -> Table:
    """An order without lines is one row without a product. An import reads the columns by the same names."""
    header = (
        "order_id", "email", "external_id", "placed_at", "status", "total", "currency", "product", "sku", "category",
        "quantity", "price", "source",
    )  # fmt: skip
    fields = (
        "external_id", "contact__email", "contact__external_id", "placed_at", "status", "total", "workspace__currency",
        "lines__name", "lines__sku", "lines__category", "lines__quantity", "lines__price", "source",
    )  # fmt: skip
    orders = Order.objects.for_workspace(by.workspace).order_by("placed_at", "pk", "lines__pk")
    if wanted.narrowed.asks:
        orders = orders.filter(contact__in=_chosen(by, wanted, now).order_by().values("pk"))
    return header, orders.values_list(*fields).iterator(chunk_size=ROWS_AT_ONCE)


def _suppression(by: Member, _wanted: Wanted, _now: datetime) -> Table:
    """Addresses are kept as keyed hashes, so that they outlive an erasure; those of contacts are in their table."""
    header = ("address_hash", "reason", "note", "at")
    rows = Suppression.objects.for_workspace(by.workspace).order_by("at", "pk")
    return header, rows.values_list(*header).iterator(chunk_size=ROWS_AT_ONCE)


def _answers(by: Member, wanted: Wanted, now: datetime) -> Table:
    """A row for each thing that was said. Answers without a name have no address, and no filter finds them."""
    if wanted.sheet is not None:
        people = _chosen(by, wanted, now).order_by().values("pk") if wanted.narrowed.asks else None
        header = (*FIXED, *question_words(wanted.sheet))
        return header, sheet_rows(wanted.sheet, by, people, chunk=ROWS_AT_ONCE)
    header = (
        "survey", "answer", "email", "at", "by_way_of", "is_latest", "question", "kind", "number", "choices", "text",
    )  # fmt: skip
    fields = (
        "answer__survey__slug", "answer", "answer__contact__email", "answer__at", "answer__source", "answer__is_latest",
        "question__text", "question__kind", "number", "choices", "text",
    )  # fmt: skip
    said = AnswerValue.objects.for_workspace(by.workspace).order_by("answer__at", "answer", "question__position", "pk")
    if wanted.narrowed.asks:
        said = said.filter(answer__contact__in=_chosen(by, wanted, now).order_by().values("pk"))
    return header, said.values_list(*fields).iterator(chunk_size=ROWS_AT_ONCE)


_TABLES: dict[ExportWhat, Callable[[Member, Wanted, datetime], Table]] = {
    ExportWhat.CONTACTS: _contacts,
    ExportWhat.CONSENT: _consent,
    ExportWhat.EVENTS: _events,
    ExportWhat.ORDERS: _orders,
    ExportWhat.SUPPRESSION: _suppression,
    ExportWhat.ANSWERS: _answers,
}
