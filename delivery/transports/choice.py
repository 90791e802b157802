"""Which way out a workspace's mail takes, and what is known of each way's health."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import SystemRandom

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from delivery.fates import RelayTrouble
from delivery.models import INSTALLATION_NAME, Security, SignIn, Transport, TransportQuerySet
from delivery.transports.tokens import with_token
from emailops.lib import oauth
from emailops.lib.mailurl import SMTP_BACKEND, MailSettings
from emailops.lib.oauth import Grant
from emailops.lib.outside import EndpointRefused, endpoint_of
from emailops.lib.vault import Unreadable, seal_for, secret_of
from workspaces.audit import record
from workspaces.models import Workspace

FIRST_REST = timedelta(seconds=15)  # after one failure; twice as long after each more
LONGEST_REST = timedelta(minutes=10)
PROOF_HOLDS = timedelta(minutes=1)  # how often, at the most, it is written down that a way still works
LONGEST_TROUBLE = 500  # characters kept of what is wrong
RANDOM = SystemRandom()


class NoWayOut(Exception):
    """No mail server of the workspace can be used now. `retry_at` is None where waiting does not help."""

    def __init__(self, retry_at: datetime | None, words: str) -> None:
        super().__init__(words)
        self.retry_at = retry_at
        self.words = words


@dataclass(slots=True)
class Health:
    """What a worker knows of its way's health: as it was when chosen, and what it has written down since."""

    version: int = 0
    failures: int = 0
    is_in_trouble: bool = False
    proven_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WayOut:
    """A way out, ready to use. `transport_id` is None for the installation's mail server and the sandbox."""

    transport_id: int | None
    name: str
    mail: MailSettings
    connections: int
    signs_itself: bool
    health: Health = field(default_factory=Health, compare=False)


def choose(workspace: Workspace, now: datetime) -> WayOut:
    """A way for the workspace's mail. One query; may fetch an access token, so not for the inside of a transaction.

    With the sandbox on, always the sandbox. Without mail servers of its own, the installation's. Else one of the
    healthy by weight, those with weight 0 only while no other is. Raises `NoWayOut`.
    """
    transports = [] if settings.MAIL_SANDBOX else list(Transport.objects.for_workspace(workspace).order_by("pk"))
    if not transports:
        return installations_way(now)
    usable = [transport for transport in transports if transport.is_usable(now)]
    while usable:
        transport = drawn(usable)
        way = _ready(transport, now)
        if way is not None:
            return way
        usable.remove(transport)
    raise _nothing_left(workspace, now)


def installations_way(now: datetime) -> WayOut:
    """The installation's mail server, or the sandbox in its place. Raises `NoWayOut` if it gives no access token."""
    try:
        mail = with_token(settings.MAIL)
    except RelayTrouble as trouble:
        raise NoWayOut(None if trouble.is_lasting else now + FIRST_REST, str(trouble)) from trouble
    name = _("Mail sandbox") if settings.MAIL_SANDBOX else str(INSTALLATION_NAME)
    return WayOut(None, name, mail, settings.SMTP_CONNECTIONS, bool(mail.provider))


def drawn(usable: Sequence[Transport]) -> Transport:
    """One of them by weight; of those that are only there to fall back on, the first."""
    weighted = [transport for transport in usable if transport.weight]
    if not weighted:
        return usable[0]
    return RANDOM.choices(weighted, weights=[transport.weight for transport in weighted])[0]


def _ready(transport: Transport, now: datetime) -> WayOut | None:
    """The way over a transport; None where its settings stand in the way already, which is then written down."""
    try:
        return way_over(transport)
    except RelayTrouble as trouble:
        note_trouble(_unprepared(transport), trouble, now)
        return None


def _unprepared(transport: Transport) -> WayOut:
    """For telling of trouble: without the secrets."""
    mail = MailSettings(SMTP_BACKEND, host=transport.host, port=transport.port)
    return WayOut(transport.pk, transport.name, mail, 1, transport.signs_itself, _health(transport))


def way_over(transport: Transport) -> WayOut:
    """The way over this transport, healthy or not, with an access token where it needs one. Raises `RelayTrouble`."""
    wanted = mail_over(transport)
    mail = with_token(wanted)
    if wanted.grant and mail.grant and mail.grant != wanted.grant:
        keep_grant(transport, mail.grant)
    connections = transport.connections or settings.SMTP_CONNECTIONS
    signs_itself = transport.signs_itself or not transport.is_smtp
    return WayOut(transport.pk, transport.name, mail, connections, signs_itself, _health(transport))


def _health(transport: Transport) -> Health:
    return Health(transport.version, transport.failures, transport.is_in_trouble, transport.last_ok_at)


def mail_over(transport: Transport) -> MailSettings:
    """A transport as the clients know it, with its secrets and without an access token. Raises `RelayTrouble`."""
    try:
        return _smtp(transport) if transport.is_smtp else _provider(transport)
    except Unreadable as unreadable:
        words = _("The password kept for this mail server can no longer be read. Type it again.")
        raise RelayTrouble(words, is_lasting=True) from unreadable


def _smtp(transport: Transport) -> MailSettings:
    signs_in = transport.sign_in != SignIn.NONE
    by_token = transport.sign_in == SignIn.TOKEN
    return MailSettings(
        SMTP_BACKEND,
        host=transport.host,
        port=transport.port,
        user=transport.username if signs_in else "",
        password=secret_of(transport, "password") if transport.sign_in == SignIn.PASSWORD else "",
        starttls=transport.security == Security.STARTTLS,
        implicit_tls=transport.security == Security.TLS,
        token=secret_of(transport, "access_token") if by_token and not transport.token_url else "",
        grant=_grant(transport) if by_token and transport.token_url else None,
        is_private_only=transport.security == Security.NONE,
    )


def _grant(transport: Transport) -> Grant:
    return Grant(
        transport.token_url,
        transport.client_id,
        secret_of(transport, "client_secret"),
        secret_of(transport, "refresh_token"),
    )


def _provider(transport: Transport) -> MailSettings:
    options = json.loads(secret_of(transport, "provider_settings") or "{}")
    if address := options.get("api_url"):
        try:
            endpoint_of(address)
        except EndpointRefused as refused:
            raise RelayTrouble(str(refused), is_lasting=True) from refused
    backend = f"anymail.backends.{transport.provider}.EmailBackend"
    return MailSettings(backend, provider=transport.provider, options=options)


def keep_grant(transport: Transport, grant: Grant) -> None:
    """The former refresh token may be worth nothing from now on (RFC 6749 section 6)."""
    seal_for(transport, "refresh_token", grant.refresh_token)
    same = Transport.objects.filter(pk=transport.pk, version=transport.version)
    same.update(refresh_token=transport.refresh_token)


def _nothing_left(workspace: Workspace, now: datetime) -> NoWayOut:
    """Why not, and when it may be otherwise, by what is written down by now."""
    enabled = list(Transport.objects.for_workspace(workspace).enabled().order_by("pk"))
    if not enabled:
        return NoWayOut(None, _("All mail servers of this workspace are switched off."))
    words = " ".join(f"{transport.name}: {transport.trouble}" for transport in enabled)
    moments = [max(transport.retry_at or now, now) for transport in enabled if not transport.needs_attention]
    return NoWayOut(min(moments, default=None), words)


@transaction.atomic
def note_trouble(way: WayOut, trouble: RelayTrouble, now: datetime) -> None:
    """Put a way to rest: for a while, longer after each failure, or until somebody looks where waiting does not help.

    Written once for each change: what other workers say of the same trouble, or of settings that were changed since,
    changes nothing.
    """
    if way.mail.grant is not None and trouble.is_lasting:
        oauth.forget(way.mail.grant)
    if way.transport_id is None:
        return
    transport = Transport.objects.select_for_update(of=("self",)).filter(pk=way.transport_id).first()
    if transport is None or not _is_news(transport, way, trouble, now):
        return
    is_new = not transport.is_in_trouble or (trouble.is_lasting and not transport.needs_attention)
    transport.failures += 1
    transport.trouble = str(trouble)[:LONGEST_TROUBLE]
    transport.needs_attention = trouble.is_lasting
    transport.retry_at = None if trouble.is_lasting else now + rest_after(transport.failures)
    transport.save(update_fields=["failures", "trouble", "needs_attention", "retry_at"])
    if is_new:
        record("transport.troubled", transport, by=None, now=now, words=transport.trouble, lasts=trouble.is_lasting)


def _is_news(transport: Transport, way: WayOut, trouble: RelayTrouble, now: datetime) -> bool:
    if transport.version != way.health.version or transport.needs_attention:
        return False
    return trouble.is_lasting or transport.retry_at is None or transport.retry_at <= now


def rest_after(failures: int) -> timedelta:
    """How long a way rests after so many failures in a row."""
    doubled: int = 2 ** min(failures - 1, 20)
    return min(FIRST_REST * doubled, LONGEST_REST)


def note_success(way: WayOut, now: datetime) -> None:
    """A message was taken. Cheap to call for every message: it writes only what is new, or once a minute."""
    health = way.health
    is_proven = health.proven_at is not None and now - health.proven_at < PROOF_HOLDS
    if way.transport_id is None or (is_proven and not health.is_in_trouble):
        return
    with transaction.atomic():
        _write_success(Transport.objects.filter(pk=way.transport_id, version=health.version), health, now)
    health.is_in_trouble, health.failures, health.proven_at = False, 0, now


def _write_success(same: TransportQuerySet, health: Health, now: datetime) -> None:
    """Trouble that came up after the way was chosen stays: this success is of a connection from before."""
    same.filter(Q(last_ok_at=None) | Q(last_ok_at__lt=now)).update(last_ok_at=now)
    if not health.is_in_trouble:
        return
    troubled = same.filter(failures=health.failures).exclude(failures=0)
    if troubled.update(failures=0, trouble="", needs_attention=False, retry_at=None):
        record("transport.recovered", same.select_related("workspace").get(), by=None, now=now)
