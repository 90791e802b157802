"""The life of signing keys: made, published by a person, switched on, replaced, retired; and what signs with them."""

import secrets
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import Sender
from delivery.dkim.keypairs import Algorithm, Keypair
from delivery.dkim.signer import Signer, SigningIdentity
from delivery.fates import RelayTrouble
from delivery.messages import sender_domain
from delivery.models import KEY_MOVES, KeyState, SigningKey
from emailops.lib.addresses import InvalidAddress
from emailops.lib.errors import DomainError
from emailops.lib.vault import Unreadable, place_of, seal_for, unseal
from workspaces.audit import record
from workspaces.models import Member, Workspace

MOST_KEYS = 4  # of a domain at a time: two kinds, each with its successor; every key that signs makes each mail longer
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look alike, as people type them into DNS
RANDOM_LETTERS = 6  # so that no selector comes back with another key, here or in another workspace
PARSED_KEYS = 64  # kept by a process; parsing one costs as much as many signatures


class SigningKeyRefused(DomainError):
    """The key cannot be made, or not be moved like this."""

    code = "signing_key_refused"


@transaction.atomic
def add_key(*, workspace: Workspace, domain: str, algorithm: Algorithm, by: Member, now: datetime) -> SigningKey:
    """Make a key for the domain (an A-label) of a sender in use. It signs nothing before `switch_on`.

    Raises `SigningKeyRefused`.
    """
    if domain not in sender_domains(workspace):
        words = _("No sender has an address at %(domain)s. Add the sender first.") % {"domain": domain}
        raise SigningKeyRefused(words, fields={"domain": [words]})
    _require_room(_keys_of(workspace, domain))
    return _made(SigningKey(workspace=workspace, domain=domain, algorithm=algorithm), by, now)


@transaction.atomic
def rotate_key(*, key: SigningKey, by: Member, now: datetime) -> SigningKey:
    """Make a key of the same kind that takes over once it is switched on. Raises `SigningKeyRefused`."""
    keys = _keys_of(key.workspace, key.domain)
    if any(other.replaces_id == key.pk and other.state == KeyState.NEW for other in keys):
        raise SigningKeyRefused(_("A successor waits already: publish its record, then switch it on."))
    if _now_as(key, keys).state != KeyState.ACTIVE:
        raise SigningKeyRefused(_("Only a key that signs can be replaced."))
    _require_room(keys)
    successor = SigningKey(workspace=key.workspace, domain=key.domain, algorithm=key.algorithm, replaces=key)
    return _made(successor, by, now)


@transaction.atomic
def switch_on(*, key: SigningKey, by: Member, now: datetime) -> SigningKey:
    """Sign with a key from now on, as its record is in DNS; the key that it replaces retires.

    Repeating is harmless. Raises `SigningKeyRefused` once it is retired.
    """
    keys = _keys_of(key.workspace, key.domain)
    key = _now_as(key, keys)
    if key.state == KeyState.ACTIVE:
        return key
    _require_move(key, KeyState.ACTIVE)
    key.state, key.activated_at = KeyState.ACTIVE, now
    key.save(update_fields=["state", "activated_at"])
    record("signing_key.switched_on", key, by=by, now=now)
    for other in keys:
        if other.pk == key.replaces_id and other.state == KeyState.ACTIVE:
            _retire(other, by, now)
    return key


@transaction.atomic
def retire_key(*, key: SigningKey, by: Member, now: datetime, leave_unsigned: bool = False) -> SigningKey:
    """Sign with a key no more and destroy its private half. Repeating is harmless.

    Raises `SigningKeyRefused` for the last one that signs for the domain, unless `leave_unsigned`.
    """
    keys = _keys_of(key.workspace, key.domain)
    key = _now_as(key, keys)
    if key.state == KeyState.RETIRED:
        return key
    _require_move(key, KeyState.RETIRED)
    if is_only_one(key) and not leave_unsigned:
        words = _("No other key signs for %(domain)s: its mail would go out unsigned. Replace the key instead.")
        raise SigningKeyRefused(words % {"domain": key.domain}, fields={"leave_unsigned": [_("Confirm this.")]})
    _retire(key, by, now)
    return key


def is_only_one(key: SigningKey) -> bool:
    """Whether a key signs, and no other of its domain does."""
    others = SigningKey.objects.for_workspace(key.workspace).of_domain(key.domain).active().exclude(pk=key.pk)
    return key.state == KeyState.ACTIVE and not others.exists()


def sender_domains(workspace: Workspace) -> dict[str, list[Sender]]:
    """The senders in use by the A-label of their domain, in the order of the alphabet."""
    found: dict[str, list[Sender]] = {}
    for sender in Sender.objects.for_workspace(workspace).filter(archived_at=None).order_by("email", "pk"):
        with suppress(InvalidAddress):  # nothing can be sent from there, so there is nothing to sign
            found.setdefault(sender_domain(sender), []).append(sender)
    return dict(sorted(found.items()))


def signer_for(workspace: Workspace, domain: str) -> Signer | None:
    """What signs the mail of a domain: all its keys that are switched on, RSA first; None when there is none.

    Raises `RelayTrouble` that lasts for a key that cannot be read, so that nothing goes out unsigned by mistake.
    """
    keys = SigningKey.objects.for_workspace(workspace).of_domain(domain).active().order_by("-algorithm", "pk")
    identities = [SigningIdentity(key.domain, key.selector, _pair_of(key)) for key in keys]
    return Signer(identities) if identities else None


def _pair_of(key: SigningKey) -> Keypair:
    try:
        return _parsed(key.pk, bytes(key.private), place_of(key, "private"))
    except (Unreadable, ValueError) as error:
        words = _("the signing key %(key)s cannot be read; was SECRET_KEY changed without SECRET_KEY_FALLBACKS?")
        raise RelayTrouble(words % {"key": key}, is_lasting=True) from error


@lru_cache(maxsize=PARSED_KEYS)
def _parsed(_pk: int, sealed: bytes, place: str) -> Keypair:
    return Keypair.read(unseal(sealed, about=place))


def _made(key: SigningKey, by: Member, now: datetime) -> SigningKey:
    pair = Keypair.new(Algorithm(key.algorithm))
    chosen = "".join(secrets.choice(LETTERS) for _number in range(RANDOM_LETTERS))
    key.selector, key.public = f"eo{now:%Y%m}-{chosen}", pair.public
    key.created_by, key.created_at = by, now
    seal_for(key, "private", pair.written)
    key.save()
    record("signing_key.made", key, by=by, now=now, algorithm=key.algorithm)
    return key


def _retire(key: SigningKey, by: Member, now: datetime) -> None:
    key.state, key.retired_at, key.private = KeyState.RETIRED, now, b""
    key.save(update_fields=["state", "retired_at", "private"])
    record("signing_key.retired", key, by=by, now=now)


def _keys_of(workspace: Workspace, domain: str) -> list[SigningKey]:
    """The domain's keys, locked: who is the last of them is asked of all at once."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    return list(SigningKey.objects.for_workspace(workspace).of_domain(domain).select_related("workspace"))


def _now_as(key: SigningKey, keys: list[SigningKey]) -> SigningKey:
    return next(found for found in keys if found.pk == key.pk)


def _require_move(key: SigningKey, to: KeyState) -> None:
    if to not in KEY_MOVES[key.state]:
        raise SigningKeyRefused(_("A retired key never signs again: its private half is gone. Make a new one."))


def _require_room(keys: list[SigningKey]) -> None:
    if sum(key.state != KeyState.RETIRED for key in keys) >= MOST_KEYS:
        words = _("A domain has at most %(count)s keys at a time. Retire one first.") % {"count": MOST_KEYS}
        raise SigningKeyRefused(words, fields={"domain": [words]})
