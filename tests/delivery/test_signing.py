"""The life of signing keys, and what is signed with them."""

import shlex
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from delivery import signing
from delivery.dkim.keypairs import Algorithm, Keypair
from delivery.fates import RelayTrouble
from delivery.models import KeyState, SigningKey
from delivery.signing import (
    MOST_KEYS,
    SigningKeyRefused,
    add_key,
    retire_key,
    rotate_key,
    sender_domains,
    signer_for,
    switch_on,
)
from emailops.lib.vault import secret_of
from tests.delivery.dkim.conftest import LETTER, received, tags_of
from tests.factories.campaigns import SenderFactory
from tests.factories.delivery import SigningKeyFactory
from tools.verifiers import dkimpy_accepts
from workspaces.models import AuditEntry, Member, Workspace

DOMAIN = "marenmoss.example"


@pytest.fixture(autouse=True)
def _a_sender(workspace: Workspace) -> None:
    SenderFactory.create(workspace=workspace, email=f"elena@{DOMAIN}")


def selectors(workspace: Workspace, domain: str = DOMAIN) -> list[str]:
    """Of the signatures that a message gets, from the top."""
    signer = signer_for(workspace, domain)
    return [tags["s"] for tags in tags_of(signer.sign(LETTER))] if signer else []


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_key_is_made_and_signs_nothing_until_it_is_switched_on(
    workspace: Workspace, lead: Member, now: datetime, algorithm: Algorithm
) -> None:
    key = add_key(workspace=workspace, domain=DOMAIN, algorithm=algorithm, by=lead, now=now)

    assert (key.state, key.domain, key.algorithm) == (KeyState.NEW, DOMAIN, algorithm)
    assert key.selector.startswith(f"eo{now:%Y%m}-")
    assert selectors(workspace) == []
    switch_on(key=key, by=lead, now=now)
    assert selectors(workspace) == [key.selector]
    assert actions() == ["signing_key.made", "signing_key.switched_on"]


def test_what_a_key_signs_verifies_by_the_record_it_shows(workspace: Workspace) -> None:
    keys = [SigningKeyFactory.create(workspace=workspace, active=True, algorithm=kind) for kind in Algorithm]

    signer = signer_for(workspace, DOMAIN)

    assert signer
    records = {key.record_name: key.record for key in keys}
    assert dkimpy_accepts(received(signer.sign(LETTER)), records) == {key.selector for key in keys}


def test_the_private_half_is_sealed_and_fits_the_public_one(workspace: Workspace) -> None:
    key = SigningKeyFactory.create(workspace=workspace)

    with connection.cursor() as cursor:
        cursor.execute("SELECT private FROM delivery_signingkey WHERE id = %s", [key.pk])
        (kept,) = cursor.fetchone()
    written = secret_of(key, "private")
    assert written.encode() not in bytes(kept)
    assert Keypair.read(written).public == key.public


def test_the_record_as_a_zone_file_has_it_is_made_of_short_strings(workspace: Workspace) -> None:
    key = SigningKeyFactory.create(workspace=workspace, algorithm=Algorithm.RSA)

    strings = shlex.split(key.zone_record)

    assert len(strings) == 2
    assert max(map(len, strings)) <= 255
    assert "".join(strings) == key.record


@pytest.mark.parametrize("domain", ["elsewhere.example", "", "MARENMOSS.example"])
def test_a_domain_without_a_sender_gets_no_key(workspace: Workspace, lead: Member, now: datetime, domain: str) -> None:
    with pytest.raises(SigningKeyRefused) as refused:
        add_key(workspace=workspace, domain=domain, algorithm=Algorithm.ED25519, by=lead, now=now)

    assert "domain" in refused.value.fields
    assert not SigningKey.objects.exists()


def test_a_domain_has_no_more_keys_than_its_mail_can_carry(workspace: Workspace, lead: Member, now: datetime) -> None:
    keys = SigningKeyFactory.create_batch(MOST_KEYS, workspace=workspace, active=True)
    make: dict[str, Any] = {
        "workspace": workspace,
        "domain": DOMAIN,
        "algorithm": Algorithm.ED25519,
        "by": lead,
        "now": now,
    }

    with pytest.raises(SigningKeyRefused, match="at most 4"):
        add_key(**make)
    with pytest.raises(SigningKeyRefused, match="at most 4"):
        rotate_key(key=keys[0], by=lead, now=now)

    retire_key(key=keys[0], by=lead, now=now)
    assert add_key(**make).state == KeyState.NEW


def test_a_successor_takes_over_when_it_is_switched_on(workspace: Workspace, lead: Member, now: datetime) -> None:
    old = SigningKeyFactory.create(workspace=workspace, active=True)
    other = SigningKeyFactory.create(workspace=workspace, active=True)

    successor = rotate_key(key=old, by=lead, now=now)

    assert (successor.algorithm, successor.replaces) == (old.algorithm, old)
    assert selectors(workspace) == [old.selector, other.selector]
    switch_on(key=successor, by=lead, now=now)
    assert selectors(workspace) == [other.selector, successor.selector]
    assert actions()[-2:] == ["signing_key.switched_on", "signing_key.retired"]


def test_a_second_successor_is_refused_while_the_first_waits(workspace: Workspace, lead: Member, now: datetime) -> None:
    old = SigningKeyFactory.create(workspace=workspace, active=True)
    first = rotate_key(key=old, by=lead, now=now)

    with pytest.raises(SigningKeyRefused, match="waits already"):
        rotate_key(key=old, by=lead, now=now)

    retire_key(key=first, by=lead, now=now)
    assert rotate_key(key=old, by=lead, now=now).pk != first.pk


@pytest.mark.parametrize("state", ["new", "retired"])
def test_only_a_key_that_signs_can_be_replaced(workspace: Workspace, lead: Member, now: datetime, state: str) -> None:
    key = SigningKeyFactory.create(workspace=workspace, **{state: True})

    with pytest.raises(SigningKeyRefused, match="Only a key that signs"):
        rotate_key(key=key, by=lead, now=now)


def test_a_retired_key_loses_its_private_half_and_never_signs_again(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    SigningKeyFactory.create(workspace=workspace, active=True)
    key = SigningKeyFactory.create(workspace=workspace, active=True)

    retired = retire_key(key=key, by=lead, now=now)

    key.refresh_from_db()
    assert (bytes(key.private), key.retired_at) == (b"", now)
    assert retired.needed_until == now + timedelta(days=7)
    with pytest.raises(SigningKeyRefused, match="never signs again"):
        switch_on(key=key, by=lead, now=now)


def test_the_record_of_a_key_that_never_signed_is_not_needed(workspace: Workspace, lead: Member, now: datetime) -> None:
    key = SigningKeyFactory.create(workspace=workspace)

    assert retire_key(key=key, by=lead, now=now).needed_until is None


def test_the_last_key_of_a_domain_goes_only_when_asked_twice(workspace: Workspace, lead: Member, now: datetime) -> None:
    key = SigningKeyFactory.create(workspace=workspace, active=True)
    SigningKeyFactory.create(workspace=workspace)

    with pytest.raises(SigningKeyRefused, match="unsigned") as refused:
        retire_key(key=key, by=lead, now=now)

    assert list(refused.value.fields) == ["leave_unsigned"]
    assert selectors(workspace) == [key.selector]
    retire_key(key=key, by=lead, now=now, leave_unsigned=True)
    assert signer_for(workspace, DOMAIN) is None


def test_repeating_changes_nothing(workspace: Workspace, lead: Member, now: datetime) -> None:
    key, later = SigningKeyFactory.create(workspace=workspace), now + timedelta(hours=1)
    for moment in (now, later):
        switch_on(key=key, by=lead, now=moment)
    for moment in (now, later):
        retire_key(key=key, by=lead, now=moment, leave_unsigned=True)

    key.refresh_from_db()
    assert (key.activated_at, key.retired_at) == (now, now)
    assert actions() == ["signing_key.switched_on", "signing_key.retired"]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_retire_the_last_two_keys_at_once_one_is_told(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    keys = SigningKeyFactory.create_batch(2, workspace=workspace, active=True)

    def retire(key: SigningKey) -> str:
        try:
            retire_key(key=key, by=lead, now=now)
        except SigningKeyRefused:
            return "told"
        finally:
            connection.close()
        return "retired"

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(retire, keys))

    assert answers == ["retired", "told"]
    assert len(selectors(workspace)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_who_replace_a_key_at_once_one_does(workspace: Workspace, lead: Member, now: datetime) -> None:
    key = SigningKeyFactory.create(workspace=workspace, active=True)

    def rotate(_number: int) -> str:
        try:
            rotate_key(key=key, by=lead, now=now)
        except SigningKeyRefused:
            return "told"
        finally:
            connection.close()
        return "made"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(rotate, range(4)))

    assert answers == ["made", "told", "told", "told"]


def test_keys_of_others_and_of_other_domains_do_not_sign(workspace: Workspace, outsider: Member) -> None:
    SigningKeyFactory.create(workspace=outsider.workspace, active=True)
    SigningKeyFactory.create(workspace=workspace, active=True, domain=f"news.{DOMAIN}")

    assert signer_for(workspace, DOMAIN) is None


def test_rsa_stands_on_top_for_those_who_read_one_signature(workspace: Workspace) -> None:
    modern = SigningKeyFactory.create(workspace=workspace, active=True)
    usual = SigningKeyFactory.create(workspace=workspace, active=True, algorithm=Algorithm.RSA)

    assert selectors(workspace) == [usual.selector, modern.selector]


def _lose_the_secret(_key: SigningKey, settings: Settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another one", []


def _move_from_another_workspace(key: SigningKey, _settings: Settings) -> None:
    other = SigningKeyFactory.create()
    SigningKey.objects.filter(pk=key.pk).update(private=other.private)


@pytest.mark.parametrize("spoil", [_lose_the_secret, _move_from_another_workspace])
def test_a_key_that_cannot_be_read_stops_everything(
    workspace: Workspace, settings: Settings, spoil: Callable[[SigningKey, Settings], None]
) -> None:
    SigningKeyFactory.create(workspace=workspace, active=True, algorithm=Algorithm.RSA)
    key = SigningKeyFactory.create(workspace=workspace, active=True)
    signing._parsed.cache_clear()

    spoil(key, settings)

    with pytest.raises(RelayTrouble, match="cannot be read") as trouble:
        signer_for(workspace, DOMAIN)
    assert trouble.value.is_lasting


def test_a_key_is_parsed_once_by_a_process(workspace: Workspace) -> None:
    SigningKeyFactory.create(workspace=workspace, active=True)
    signing._parsed.cache_clear()

    for _round in range(5):
        signer_for(workspace, DOMAIN)

    assert signing._parsed.cache_info().misses == 1


def test_domains_are_those_of_senders_in_use_in_ascii(workspace: Workspace, outsider: Member, now: datetime) -> None:
    SenderFactory.create(workspace=workspace, email="hello@bücher.example")
    SenderFactory.create(workspace=workspace, email=f"anna@{DOMAIN}")
    SenderFactory.create(workspace=workspace, email="gone@old.example", archived_at=now)
    SenderFactory.create(workspace=workspace, email='"odd one"@odd.example')
    SenderFactory.create(workspace=outsider.workspace, email="oleg@other.example")

    found = sender_domains(workspace)

    assert list(found) == [DOMAIN, "xn--bcher-kva.example"]
    assert [sender.email for sender in found[DOMAIN]] == [f"anna@{DOMAIN}", f"elena@{DOMAIN}"]


def _twice_the_selector(key: SigningKey) -> None:
    SigningKeyFactory.create(workspace=key.workspace, domain=key.domain, selector=key.selector)


def _retired_with_its_secret(key: SigningKey) -> None:
    SigningKey.objects.filter(pk=key.pk).update(state="retired", retired_at=key.created_at)


def _signing_without_a_secret(key: SigningKey) -> None:
    SigningKey.objects.filter(pk=key.pk).update(state="active", activated_at=key.created_at, private=b"")


def _signing_since_never(key: SigningKey) -> None:
    SigningKey.objects.filter(pk=key.pk).update(state="active")


@pytest.mark.parametrize(
    "harm", [_twice_the_selector, _retired_with_its_secret, _signing_without_a_secret, _signing_since_never]
)
def test_the_database_itself_refuses_what_makes_no_sense(
    workspace: Workspace, harm: Callable[[SigningKey], None]
) -> None:
    key = SigningKeyFactory.create(workspace=workspace)

    with pytest.raises(IntegrityError), transaction.atomic():
        harm(key)


def test_reseal_writes_the_keys_anew_under_a_new_secret(workspace: Workspace, settings: Settings) -> None:
    key = SigningKeyFactory.create(workspace=workspace, active=True)
    SigningKeyFactory.create(workspace=workspace, retired=True)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the new one", [settings.SECRET_KEY]
    said = StringIO()

    call_command("reseal", stdout=said)

    settings.SECRET_KEY_FALLBACKS = []
    assert "1 secrets are sealed" in said.getvalue()
    assert selectors(workspace) == [key.selector]


def test_reseal_names_the_keys_that_cannot_be_read(workspace: Workspace, settings: Settings) -> None:
    lost = SigningKeyFactory.create(workspace=workspace, active=True)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the new one", []
    kept = SigningKeyFactory.create(workspace=workspace, active=True)

    with pytest.raises(CommandError, match=f"delivery.SigningKey {lost.pk}$"):
        call_command("reseal", stdout=StringIO())

    kept.refresh_from_db()
    assert secret_of(kept, "private")
