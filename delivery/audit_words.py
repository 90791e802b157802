"""What this app's entries in the audit log say, after the name of who did it."""

from django.utils.translation import gettext_lazy as _

AUDIT_WORDS = {
    "campaign.test_asked": _("asked for a test mail"),
    "campaign.test_sent": _("got a test mail"),
    "campaign.test_failed": _("got no test mail, as the server refused it"),
    "transport.added": _("added a mail server"),
    "transport.changed": _("changed a mail server"),
    "transport.enabled": _("switched a mail server on"),
    "transport.disabled": _("switched a mail server off"),
    "transport.removed": _("removed a mail server"),
    "transport.tried": _("tried a mail server"),
    "transport.troubled": _("found that a mail server is in trouble"),
    "transport.recovered": _("found that a mail server works again"),
    "run.planned": _("made the list of recipients"),
    "run.done": _("settled the list of recipients"),
}
