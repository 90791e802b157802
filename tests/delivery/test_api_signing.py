"""Signing keys by the API."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from delivery.dkim import Algorithm
from delivery.models import SigningKey
from emailops.lib.vault import secret_of
from tests.factories.campaigns import SenderFactory
from tests.factories.delivery import SigningKeyFactory
from workspaces.models import Member, Workspace

KEYS = "/api/v1/signing-keys/"
DOMAIN = "marenmoss.example"


@pytest.fixture
def client(api: Callable[..., APIClient], lead: Member) -> APIClient:
    return api(lead)


def test_a_key_from_making_to_retiring(client: APIClient, workspace: Workspace) -> None:
    SenderFactory.create(workspace=workspace, email=f"elena@{DOMAIN}")

    made = client.post(KEYS, {"domain": DOMAIN}, format="json")
    key = made.json()
    on = client.post(f"{KEYS}{key['id']}/switch-on/").json()
    successor = client.post(f"{KEYS}{key['id']}/replace/")
    client.post(f"{KEYS}{successor.json()['id']}/switch-on/")
    retired = client.get(f"{KEYS}{key['id']}/").json()

    assert (made.status_code, successor.status_code) == (201, 201)
    assert (key["algorithm"], key["state"], on["state"], retired["state"]) == ("rsa-sha256", "new", "active", "retired")
    assert key["record_name"] == f"{key['selector']}._domainkey.{DOMAIN}"
    assert key["record"].startswith("v=DKIM1; k=rsa; p=")
    assert successor.json()["replaces"] == key["id"]
    assert retired["needed_until"] > retired["retired_at"]


def test_the_private_half_is_never_shown(client: APIClient, workspace: Workspace) -> None:
    key = SigningKeyFactory.create(workspace=workspace)

    for answer in (client.get(KEYS), client.get(f"{KEYS}{key.pk}/"), client.post(f"{KEYS}{key.pk}/switch-on/")):
        text = answer.content.decode()
        assert key.record in text
        assert "private" not in text
        assert secret_of(key, "private") not in text


def test_the_last_key_is_retired_only_on_confirmation(client: APIClient, workspace: Workspace) -> None:
    key = SigningKeyFactory.create(workspace=workspace, active=True)

    refused = client.post(f"{KEYS}{key.pk}/retire/")
    done = client.post(f"{KEYS}{key.pk}/retire/", {"leave_unsigned": True}, format="json")

    assert refused.status_code == 409
    assert refused.json()["code"] == "signing_key_refused"
    assert list(refused.json()["fields"]) == ["leave_unsigned"]
    assert done.json()["state"] == "retired"


def test_domains_say_how_they_stand(client: APIClient, workspace: Workspace, outsider: Member) -> None:
    for name in ("a", "b", "c", "d"):
        SenderFactory.create(workspace=workspace, email=f"elena@{name}.example")
    SenderFactory.create(workspace=outsider.workspace, email="oleg@other.example")
    signs = SigningKeyFactory.create(workspace=workspace, domain="a.example", active=True, algorithm=Algorithm.RSA)
    SigningKeyFactory.create(workspace=workspace, domain="b.example", active=True)
    SigningKeyFactory.create(workspace=workspace, domain="c.example")
    SigningKeyFactory.create(workspace=workspace, domain="d.example", retired=True)

    domains = client.get(f"{KEYS}domains/").json()

    assert [(each["domain"], each["standing"]) for each in domains] == [
        ("a.example", "signed"),
        ("b.example", "ed25519_alone"),
        ("c.example", "waiting"),
        ("d.example", "unsigned"),
    ]
    assert (domains[0]["senders"], domains[0]["keys"]) == (["elena@a.example"], [signs.pk])


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "domain"),
        ({"domain": ""}, 400, "domain"),
        ({"domain": "x" * 300}, 400, "domain"),
        ({"domain": "a\0b"}, 400, "domain"),
        ({"domain": ["a"]}, 400, "domain"),
        ({"domain": DOMAIN, "algorithm": "rsa-sha1"}, 400, "algorithm"),
        ({"domain": "elsewhere.example"}, 409, "domain"),
    ],
)
def test_wrong_input_is_named(client: APIClient, body: dict[str, object], status: int, field: str) -> None:
    answer = client.post(KEYS, body, format="json")

    assert answer.status_code == status
    assert list(answer.json()["fields"]) == [field]
    assert not SigningKey.objects.exists()
