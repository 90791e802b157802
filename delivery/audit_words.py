"""What this app's entries in the audit log say, after the name of who did it."""

from django.utils.translation import gettext_lazy as _

AUDIT_WORDS = {
    "campaign.test_asked": _("asked for a test mail"),
    "campaign.test_sent": _("got a test mail"),
    "campaign.test_failed": _("got no test mail, as the server refused it"),
    "run.halted": _("stopped the send"),
    "run.resumed_anyway": _("let a send go on that had stopped by itself"),
    "run.sent_again": _("sent once more to some of the recipients"),
    "message.reported": _("reported a complaint or a bounce"),
    "safety.limits_set": _("changed the safety limits"),
    "safety.held": _("held all sends back, as the database is in doubt"),
    "safety.confirmed": _("confirmed the database, so that sends may start"),
    "run.planned": _("made the list of recipients"),
    "run.done": _("settled the list of recipients"),
}
