"""What this app's entries in the audit log say, after the name of who did it."""

from django.utils.translation import gettext_lazy as _

AUDIT_WORDS = {
    "attribute.defined": _("defined the attribute"),
    "attribute.archived": _("put the attribute away"),
    "contact.created": _("added the contact"),
    "contact.updated": _("changed the contact"),
    "consent.given": _("recorded consent"),
    "consent.withdrawn": _("recorded that consent was withdrawn"),
    "address.suppressed": _("had the address never written to again"),
    "list.created": _("made the list"),
    "list.contact_added": _("put a contact on the list"),
    "list.contact_removed": _("took a contact off the list"),
    "events.recorded": _("recorded events"),
    "segment.created": _("built the segment"),
    "segment.updated": _("changed the segment"),
    "segment.archived": _("put the segment away"),
    "segment.watched": _("began to watch the segment"),
    "segment.unwatched": _("no longer watches the segment"),
    "import.opened": _("uploaded the file"),
    "import.started": _("started the import"),
    "import.cancelled": _("cancelled the import"),
    "import.done": _("finished the import"),
    "import.failed": _("gave up the import"),
}
