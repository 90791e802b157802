"""API keys: the secret is ours for one moment, the hash for ever."""

import hashlib
from datetime import datetime, timedelta

import pytest
from django.core import serializers

from tests.factories.workspaces import UserFactory
from workspaces.models import ApiKey, AuditEntry, Member, User, Workspace
from workspaces.permissions import SCOPES
from workspaces.services import (
    LAST_USED_RESOLUTION,
    KeyRefused,
    authenticate_key,
    create_api_key,
    remove_member,
    revoke_api_key,
)


@pytest.fixture
def made(workspace: Workspace, lead: Member, now: datetime) -> tuple[ApiKey, str]:
    return create_api_key(workspace=workspace, name="CRM", scopes=["audience:write", "audience:read"], by=lead, now=now)


def test_a_key_shows_by_its_prefix_and_keeps_only_a_hash(made: tuple[ApiKey, str]) -> None:
    key, secret = made

    assert secret.startswith(f"{key.prefix}_")
    assert key.prefix.startswith("eo_")
    assert key.scopes == ["audience:read", "audience:write"]
    assert key.secret_hash == hashlib.sha256(secret.encode()).hexdigest()
    assert str(key) == f"CRM ({key.prefix}…)"


def test_the_secret_stands_nowhere_in_the_database(made: tuple[ApiKey, str]) -> None:
    key, secret = made
    hidden = secret.removeprefix(key.prefix)

    kept = serializers.serialize("json", [*ApiKey.objects.all(), *AuditEntry.objects.all()])

    assert key.prefix in kept
    assert hidden not in kept


def test_two_keys_are_never_the_same(workspace: Workspace, lead: Member, now: datetime) -> None:
    secrets = {
        create_api_key(workspace=workspace, name="k", scopes=["audience:read"], by=lead, now=now)[1]
        for _count in range(20)
    }

    assert len(secrets) == 20
    assert min(map(len, secrets)) >= 50


@pytest.mark.parametrize("scopes", [[], ["everything"], ["audience:read", "audience:delete"]])
def test_unknown_scopes_are_refused(workspace: Workspace, lead: Member, now: datetime, scopes: list[str]) -> None:
    with pytest.raises(KeyRefused) as refusal:
        create_api_key(workspace=workspace, name="CRM", scopes=scopes, by=lead, now=now)

    assert "scopes" in refusal.value.fields
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(days=1)])
def test_a_key_cannot_be_made_expired(workspace: Workspace, lead: Member, now: datetime, ago: timedelta) -> None:
    with pytest.raises(KeyRefused) as refusal:
        create_api_key(workspace=workspace, name="CRM", scopes=SCOPES, by=lead, now=now, expires_at=now - ago)

    assert "expires_at" in refusal.value.fields


def test_the_secret_finds_its_key(made: tuple[ApiKey, str], now: datetime) -> None:
    key, secret = made

    assert authenticate_key(secret, now) == key


@pytest.mark.django_db
@pytest.mark.parametrize("change", [str.upper, lambda s: s[:-1], lambda s: f"{s} ", lambda s: "", lambda s: s[:11]])
def test_anything_else_finds_nothing(made: tuple[ApiKey, str], now: datetime, change: object) -> None:
    assert callable(change)

    assert authenticate_key(change(made[1]), now) is None


def test_the_hash_is_not_a_key(made: tuple[ApiKey, str], now: datetime) -> None:
    assert authenticate_key(made[0].secret_hash, now) is None


def test_a_revoked_key_finds_nothing(made: tuple[ApiKey, str], lead: Member, now: datetime) -> None:
    key, secret = made

    revoke_api_key(key=key, by=lead, now=now)
    revoke_api_key(key=key, by=lead, now=now)

    assert authenticate_key(secret, now) is None
    assert AuditEntry.objects.filter(action="api_key.revoked").count() == 1


def test_a_key_ends_at_its_expiry(workspace: Workspace, lead: Member, now: datetime) -> None:
    end = now + timedelta(days=1)
    key, secret = create_api_key(workspace=workspace, name="CRM", scopes=SCOPES, by=lead, now=now, expires_at=end)

    assert authenticate_key(secret, end - timedelta(seconds=1)) == key
    assert authenticate_key(secret, end) is None


def test_the_key_of_a_member_who_left_finds_nothing(
    made: tuple[ApiKey, str], lead: Member, owner: Member, now: datetime
) -> None:
    remove_member(member=lead, by=owner, now=now)
    ApiKey.objects.update(revoked_at=None)

    assert authenticate_key(made[1], now) is None


def test_the_key_of_a_switched_off_account_finds_nothing(made: tuple[ApiKey, str], lead: Member, now: datetime) -> None:
    User.objects.filter(pk=lead.user.pk).update(is_active=False)

    assert authenticate_key(made[1], now) is None


def test_the_use_of_a_key_is_noted_once_a_minute(made: tuple[ApiKey, str], now: datetime) -> None:
    key, secret = made
    soon, later = now + timedelta(seconds=30), now + LAST_USED_RESOLUTION + timedelta(seconds=1)

    seen = []
    for moment in (now, soon, later):
        authenticate_key(secret, moment)
        seen.append(ApiKey.objects.get(pk=key.pk).last_used_at)

    assert seen == [now, now, later]


def test_people_are_found_by_their_address_however_it_is_spelt(db: None) -> None:
    user = UserFactory.create(email="ann@example.org")

    assert User.objects.get_by_natural_key("ANN@example.org") == user
