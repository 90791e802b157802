"""What delivery adds to a campaign's preflight."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.preflight import Finding, Level
from delivery.transports.queries import Overview, overview


def transport_checks(campaign: Campaign, now: datetime) -> Iterator[Finding]:
    """How the mail will leave."""
    if settings.MAIL_SANDBOX:
        yield Finding(Level.WARN, _("Mail goes into the sandbox"), _("Nobody outside receives it; see /sandbox/."))
        return
    seen = overview(campaign.workspace, now)
    yield _own_servers(seen) if seen.lines else _leaves_through(settings.MAIL.where, is_safe=settings.MAIL.is_encrypted)


def _own_servers(seen: Overview) -> Finding:
    """A way that rests will be tried again while the campaign is being sent; one that needs attention will not."""
    hopeful = [line for line in seen.lines if line.is_hopeful]
    if not hopeful:
        words = _("Each is switched off or needs attention; see Settings, Mail servers.")
        return Finding(Level.STOP, _("No mail server can be used"), words)
    is_safe = all(line.transport.is_encrypted for line in hopeful)
    return _leaves_through(", ".join(line.transport.name for line in hopeful), is_safe=is_safe)


def _leaves_through(where: str, *, is_safe: bool) -> Finding:
    if is_safe:
        return Finding(Level.OK, _("Mail leaves through %(where)s") % {"where": where})
    return Finding(Level.WARN, _("Mail leaves without encryption"), _("Through %(where)s.") % {"where": where})
