"""What this app's entries in the audit log say, after the name of who did it."""

from django.utils.translation import gettext_lazy as _

AUDIT_WORDS = {
    "sender.added": _("added the sender"),
    "sender.archived": _("put the sender away"),
    "campaign.created": _("made the campaign"),
    "campaign.changed": _("changed the campaign"),
    "campaign.content_written": _("wrote the mail"),
    "campaign.draft": _("took the campaign off the schedule"),
    "campaign.scheduled": _("put the campaign on the schedule"),
    "campaign.held": _("held the campaign back"),
    "campaign.sending": _("set the send going"),
    "campaign.paused": _("paused the send"),
    "campaign.sent": _("finished the send"),
    "campaign.cancelled": _("cancelled the campaign"),
}
