"""What delivery adds to a campaign's preflight."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.preflight import Finding, Level, Place
from delivery.dkim import Algorithm, Signer
from delivery.fates import RelayTrouble
from delivery.messages import sender_domain
from delivery.pace.outlook import Outlook
from delivery.signing import signer_for
from delivery.transports.queries import Overview, is_signed_by_others, overview
from sprints.snapshot import people_in


def signing_checks(campaign: Campaign, now: datetime) -> Iterator[Finding]:
    """Whether receivers can tell that the mail is from its sender's domain. A provider signs by itself."""
    if campaign.sender is None or is_signed_by_others(campaign.workspace, now):
        return
    domain = sender_domain(campaign.sender)
    try:
        signer = signer_for(campaign.workspace, domain)
    except RelayTrouble as trouble:
        yield Finding(Level.STOP, _("The mail cannot be signed"), str(trouble), Place.SETTINGS)
        return
    yield _signed_by(signer, {"domain": domain})


def _signed_by(signer: Signer | None, words: dict[str, str]) -> Finding:
    if signer is None:
        todo = _("Unless your mail server signs it, big providers refuse it. Make a key under Settings, Signing keys.")
        return Finding(Level.WARN, _("Mail from %(domain)s is not signed") % words, todo, Place.SETTINGS)
    if Algorithm.RSA not in signer.algorithms:
        todo = _("Not every big provider reads Ed25519 yet. Add an RSA key under Settings, Signing keys.")
        return Finding(Level.WARN, _("Mail from %(domain)s is signed with Ed25519 alone") % words, todo, Place.SETTINGS)
    return Finding(Level.OK, _("Mail is signed for %(domain)s") % words)


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


def speed_checks(campaign: Campaign, now: datetime) -> Iterator[Finding]:
    """Whether limits and warm-ups spread the send over several days."""
    outlook = Outlook(campaign.workspace, campaign.scheduled_at or now)
    days = outlook.days_for(people_in(campaign.segment, now)) if outlook.has_volumes else 1
    if days > 1:
        said = {"days": number_format(days), "count": number_format(outlook.per_day)}
        title = _("It goes out over %(days)s days") % said
        todo = _("At most %(count)s mails go out on the first; see Settings, Sending speed.") % said
        yield Finding(Level.WARN, title, todo, Place.SETTINGS)
