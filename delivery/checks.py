"""What delivery adds to a campaign's preflight."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.preflight import Finding, Level


def transport_checks(_campaign: Campaign, _now: datetime) -> Iterator[Finding]:
    """How the mail will leave."""
    mail = settings.MAIL
    where = mail.provider or f"{mail.host}:{mail.port}"
    if settings.MAIL_SANDBOX:
        yield Finding(Level.WARN, _("Mail goes into the sandbox"), _("Nobody outside receives it; see /sandbox/."))
    elif not (mail.provider or mail.starttls or mail.implicit_tls):
        yield Finding(Level.WARN, _("Mail leaves without encryption"), _("Through %(where)s.") % {"where": where})
    else:
        yield Finding(Level.OK, _("Mail leaves through %(where)s") % {"where": where})
