"""What this app's entries in the audit log say, after the name of who did it."""

from django.utils.translation import gettext_lazy as _

AUDIT_WORDS = {
    "campaign.test_asked": _("asked for a test mail"),
    "campaign.test_sent": _("got a test mail"),
    "campaign.test_failed": _("got no test mail, as the server refused it"),
    "signing_key.made": _("made a signing key"),
    "signing_key.switched_on": _("switched on a signing key"),
    "signing_key.retired": _("retired a signing key"),
    "campaign.speed_set": _("set how fast the campaign is sent"),
    "speed_limit.set": _("limited the speed of sending"),
    "speed_limit.lifted": _("lifted the limit on the speed of sending"),
    "warm_up.set": _("set the warm-up of a mail server"),
    "warm_up.ended": _("ended the warm-up of a mail server"),
    "transport.added": _("added a mail server"),
    "transport.changed": _("changed a mail server"),
    "transport.enabled": _("switched a mail server on"),
    "transport.disabled": _("switched a mail server off"),
    "transport.removed": _("removed a mail server"),
    "transport.tried": _("tried a mail server"),
    "transport.troubled": _("found that a mail server is in trouble"),
    "transport.recovered": _("found that a mail server works again"),
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
