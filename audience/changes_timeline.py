"""What was done to a contact: changed by hand, changed with many others, shut out."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from audience.exports.tables import CONTACT_COLUMN_WORDS
from audience.many import bulk_words
from audience.models import BulkEditPast, BulkState, Contact, Suppression, SuppressionReason
from audience.services import current_attributes
from audience.timeline import Moment
from workspaces.models import AuditEntry

FIELD_WORDS = {**CONTACT_COLUMN_WORDS, "seller": _lazy("Looked after by")}


def change_moments(contact: Contact, limit: int) -> Iterator[Moment]:
    """Four queries. An unsubscribe stands in the consent log, and is not told twice."""
    yield from _changes_by_hand(contact, limit)
    past = BulkEditPast.objects.filter(contact=contact).select_related("edit__by__user")
    for row in past.order_by("-edit__at", "-pk")[:limit]:
        words = _("%(person)s, with many others") % {"person": row.edit.by}
        detail = _("%(words)s; taken back") % {"words": words} if row.edit.state == BulkState.UNDONE else words
        yield Moment(row.edit.at, "users", bulk_words(row.edit), detail)
    shut = Suppression.objects.for_workspace(contact.workspace).of(contact.address).first()
    if shut is not None and shut.reason != SuppressionReason.UNSUBSCRIBED:
        yield Moment(shut.at, "ban", _("Never written to again"), shut.get_reason_display(), tone="bad", kind="consent")


def _changes_by_hand(contact: Contact, limit: int) -> Iterator[Moment]:
    entries = AuditEntry.objects.for_workspace(contact.workspace).filter(
        target_type="contact", target_id=contact.pk, action="contact.updated"
    )
    labels: dict[str, str] = {}
    for entry in entries.select_related("member__user").order_by("-at", "-pk")[:limit]:
        fields = entry.detail.get("fields") or []
        if not fields:
            continue
        labels = labels or _labels(contact)
        title = _("Changed: %(fields)s") % {"fields": _listed(fields, labels)}
        yield Moment(entry.at, "pen-line", title, str(entry.member) if entry.member else "")


def _labels(contact: Contact) -> dict[str, str]:
    attributes = current_attributes(contact.workspace)
    named = {f"attributes.{key}": definition.shown_label for key, definition in attributes.items()}
    return {name: str(label) for name, label in FIELD_WORDS.items()} | named


def _listed(fields: Sequence[str], labels: dict[str, str]) -> str:
    return ", ".join(labels.get(name, name.removeprefix("attributes.")) for name in fields)
