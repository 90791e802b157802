"""What delivery adds to a campaign's preflight."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.preflight import Finding, Level, Place
from delivery.dkim import Algorithm, Signer
from delivery.fates import RelayTrouble
from delivery.messages import sender_domain
from delivery.signing import signer_for


def signing_checks(campaign: Campaign, _now: datetime) -> Iterator[Finding]:
    """Whether receivers can tell that the mail is from its sender's domain. A provider signs by itself."""
    if campaign.sender is None or settings.MAIL.provider:
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
