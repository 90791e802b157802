"""Verbs on web sites with our script: make, change, and know a person who comes from a mail."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import Consent, Contact, Site
from audience.services.lists import NameTaken
from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, seal, unseal
from workspaces.audit import record
from workspaces.models import Member, Workspace

PARAMETER = "eo_person"
"""By which a link that leads to a site says who follows it."""
TOKEN_AGE = timedelta(days=30)
MOST_ORIGINS = 20
LONGEST_ORIGIN = 200
DEFAULT_PORTS = {"http": 80, "https": 443}


class SiteRefused(DomainError):
    """The site cannot be written as asked."""

    code = "site_refused"
    status = 400


@dataclass(frozen=True, slots=True)
class SiteDetails:
    """What a member decides about a site. `origins` are its addresses; a path in them does not matter."""

    name: str
    origins: Sequence[str]
    counts_pages: bool = False
    is_on: bool = True


def read_origin(text: str) -> str:
    """What a browser sends as `Origin` from this address (RFC 6454 section 6.2). Raises `SiteRefused`."""
    try:
        parts = urlsplit(text.strip() if "//" in text else f"https://{text.strip()}")
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port
    except ValueError as error:  # of which a host that IDNA refuses is one
        raise _no_address(text) from error
    if parts.scheme not in DEFAULT_PORTS or not host or parts.username or len(host) > LONGEST_ORIGIN - 20:
        raise _no_address(text)
    if any(letter in host for letter in "*, \\"):
        raise _no_address(text)
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != DEFAULT_PORTS[parts.scheme] else "")


def _no_address(text: str) -> SiteRefused:
    refusal = _("“%(text)s” is not the address of a web site, as in https://shop.example.") % {"text": text[:80]}
    return SiteRefused(refusal, fields={"origins": [refusal]})


@transaction.atomic
def create_site(*, workspace: Workspace, details: SiteDetails, by: Member, now: datetime) -> Site:
    """Let a web site report. Raises `SiteRefused`, or `NameTaken`."""
    site = Site(workspace=workspace, key=secrets.token_urlsafe(18), created_by=by, created_at=now)
    _fill(site, details)
    site.save()
    record("site.created", site, by=by, now=now, origins=site.origins)
    return site


@transaction.atomic
def change_site(*, site: Site, details: SiteDetails, by: Member, now: datetime) -> Site:
    """Change a site, or no longer take what it reports. Raises as `create_site` does."""
    row = Site.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=site.pk)
    _fill(row, details)
    row.save(update_fields=["name", "origins", "counts_pages", "is_on"])
    record("site.changed", row, by=by, now=now, origins=row.origins, is_on=row.is_on)
    return row


def _fill(site: Site, details: SiteDetails) -> None:
    site.name, site.counts_pages, site.is_on = details.name.strip(), details.counts_pages, details.is_on
    site.origins = list(dict.fromkeys(read_origin(text) for text in details.origins if text.strip()))
    if not site.origins or len(site.origins) > MOST_ORIGINS:
        refusal = _("Say at which address the site is, as in https://shop.example; at most 20 of them.")
        raise SiteRefused(refusal, fields={"origins": [refusal]})
    others = Site.objects.for_workspace(site.workspace).filter(name=site.name).exclude(pk=site.pk)
    if others.exists():
        raise NameTaken(_("There is a site “%(name)s” already.") % {"name": site.name}, fields={"name": [_("Taken.")]})


def person_token(contact: Contact, now: datetime) -> str:
    """Says to the script of a site, unforgeably and for `TOKEN_AGE`, who follows a link."""
    return seal(Kind.SITE_PERSON, contact.pk, int(now.timestamp()))


def person_of(workspace: Workspace, token: str, now: datetime) -> Contact | None:
    """The contact of a token of ours that is not too old, unless he or she is of another workspace."""
    try:
        key, second = unseal(Kind.SITE_PERSON, token)
    except (BadToken, ValueError):
        return None
    if not 0 <= now.timestamp() - second <= TOKEN_AGE.total_seconds():
        return None
    return Contact.objects.for_workspace(workspace).filter(pk=key).first()


def with_person(url: str, contact: Contact, now: datetime) -> str:
    """The address with the person's token, if it leads to a site of ours whose script may know who comes.

    Nobody who declined to be followed gets one.
    """
    if contact.tracking == Consent.WITHDRAWN:
        return url
    try:
        parts = urlsplit(url)
        origin = read_origin(f"{parts.scheme}://{parts.netloc}")
    except (ValueError, SiteRefused):
        return url
    sites = Site.objects.filter(workspace_id=contact.workspace_id, is_on=True, origins__contains=[origin])
    if not sites.exists():
        return url
    # Appended as it is: what else stands there is the site's own, and may be no list of names and values at all.
    mark = f"{PARAMETER}={person_token(contact, now)}"
    return urlunsplit(parts._replace(query=f"{parts.query}&{mark}" if parts.query else mark))
