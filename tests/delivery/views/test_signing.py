"""Signing keys in the settings: what a person sees of them and does with them."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from delivery.dkim import Algorithm
from delivery.models import KeyState, SigningKey
from emailops.lib.mailurl import MailSettings
from emailops.lib.vault import secret_of
from tests.factories.campaigns import SenderFactory
from tests.factories.delivery import SigningKeyFactory
from tests.factories.transports import TransportFactory
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]
DOMAIN = "marenmoss.example"


@pytest.fixture
def url(workspace: Workspace) -> str:
    return reverse("delivery:settings_signing", kwargs={"workspace": workspace.slug})


def of(key: SigningKey, what: str = "_key") -> str:
    return reverse(f"delivery:settings_signing{what}", kwargs={"workspace": key.workspace.slug, "pk": key.pk})


def seen(client: Client, address: str) -> str:
    """The page's words, without markup."""
    page = client.get(address).content.decode()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_without_a_sender_the_page_says_where_to_begin(lead: Member, browse: Browse, url: str) -> None:
    page = browse(lead).get(url).content.decode()

    assert "No domain to sign for yet" in page
    assert reverse("campaigns:settings_senders", kwargs={"workspace": lead.workspace.slug}) in page
    assert "Make the key" not in page


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ([], "refuse bulk mail without DKIM"),
        ([{}], "Waits for DNS"),
        ([{"active": True}], "Not read by everybody"),
        ([{"active": True, "algorithm": Algorithm.RSA}], "Signed"),
        ([{"retired": True}], "Not signed"),
    ],
)
def test_a_domain_says_whether_its_mail_is_signed(
    workspace: Workspace, lead: Member, browse: Browse, url: str, keys: list[dict[str, object]], words: str
) -> None:
    SenderFactory.create(workspace=workspace, email=f"elena@{DOMAIN}")
    for fields in keys:
        SigningKeyFactory.create(workspace=workspace, **fields)

    shown = seen(browse(lead), url)

    assert DOMAIN in shown
    assert words in shown


def test_keys_of_another_workspace_are_not_shown(
    workspace: Workspace, outsider: Member, lead: Member, browse: Browse, url: str
) -> None:
    SigningKeyFactory.create(workspace=outsider.workspace, domain="strange.example")
    own = SigningKeyFactory.create(workspace=workspace)

    shown = seen(browse(lead), url)

    assert own.selector in shown
    assert "strange.example" not in shown


def test_where_a_provider_signs_nothing_is_missing(
    workspace: Workspace, lead: Member, browse: Browse, url: str, settings: Settings
) -> None:
    SenderFactory.create(workspace=workspace, email=f"elena@{DOMAIN}")
    settings.MAIL = MailSettings("anymail.backends.test.EmailBackend", provider="test")

    shown = seen(browse(lead), url)

    assert "Your mail server signs this mail by itself" in shown
    assert "refuse" not in shown


@pytest.mark.parametrize("signs_itself", [True, False])
def test_a_mail_server_of_its_own_says_whether_it_signs(
    workspace: Workspace, lead: Member, browse: Browse, url: str, settings: Settings, *, signs_itself: bool
) -> None:
    SenderFactory.create(workspace=workspace, email=f"elena@{DOMAIN}")
    settings.MAIL_SANDBOX = False
    settings.MAIL = MailSettings("anymail.backends.test.EmailBackend", provider="test")
    TransportFactory.create(workspace=workspace, signs_itself=signs_itself)

    shown = seen(browse(lead), url)

    assert ("Signed by the mail server" in shown) is signs_itself
    assert ("Not signed" in shown) is not signs_itself


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_key_is_made_and_its_record_shown(
    workspace: Workspace, lead: Member, browse: Browse, url: str, algorithm: Algorithm
) -> None:
    SenderFactory.create(workspace=workspace, email=f"elena@{DOMAIN}")

    answer = browse(lead).post(url, {"domain": DOMAIN, "algorithm": algorithm}, follow=True)

    key = SigningKey.objects.get()
    page = unescape(answer.content.decode())
    assert answer.redirect_chain == [(of(key), 302)]
    for text in (key.record_name, key.record, key.zone_record, "It is in DNS: switch on"):
        assert text in page
    assert secret_of(key, "private") not in page


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"domain": "elsewhere.example", "algorithm": "rsa-sha256"}, "domain"),
        ({"domain": "", "algorithm": "rsa-sha256"}, "domain"),
        ({"domain": DOMAIN, "algorithm": "rsa-sha1"}, "algorithm"),
        ({"domain": DOMAIN}, "algorithm"),
        ({"domain": f"{DOMAIN}\0", "algorithm": "rsa-sha256"}, "domain"),
    ],
)
def test_wrong_input_is_said_under_its_field(
    workspace: Workspace, lead: Member, browse: Browse, url: str, data: dict[str, str], field: str
) -> None:
    SenderFactory.create(workspace=workspace, email=f"elena@{DOMAIN}")

    answer = browse(lead).post(url, data)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not SigningKey.objects.exists()


def test_a_full_domain_is_refused_on_the_form(workspace: Workspace, lead: Member, browse: Browse, url: str) -> None:
    SenderFactory.create(workspace=workspace, email=f"elena@{DOMAIN}")
    SigningKeyFactory.create_batch(4, workspace=workspace)

    answer = browse(lead).post(url, {"domain": DOMAIN, "algorithm": "ed25519-sha256"})

    assert answer.status_code == 422
    assert "at most 4 keys" in answer.content.decode()


def test_switching_on_replacing_and_retiring(workspace: Workspace, lead: Member, browse: Browse) -> None:
    key, client = SigningKeyFactory.create(workspace=workspace), browse(lead)

    assert client.post(of(key, "_switch_on")).headers["Location"] == of(key)
    successor_url = client.post(of(key, "_replace")).headers["Location"]
    successor = key.successors.get()
    assert successor_url == of(successor)
    assert f"It takes over from {key.selector}" in seen(client, of(successor))
    assert f"Its successor {successor.selector} waits" in seen(client, of(key))
    client.post(of(successor, "_switch_on"))

    key.refresh_from_db()
    successor.refresh_from_db()
    assert (key.state, successor.state) == (KeyState.RETIRED, KeyState.ACTIVE)
    assert "Keep its record in DNS until" in seen(client, of(key))


def test_retiring_the_last_key_asks_twice(workspace: Workspace, lead: Member, browse: Browse) -> None:
    key, client = SigningKeyFactory.create(workspace=workspace, active=True), browse(lead)

    assert "send without our signature" in seen(client, of(key, "_retire"))
    refused = client.post(of(key, "_retire"))
    assert refused.status_code == 422
    assert "Confirm this." in refused.content.decode()
    assert client.post(of(key, "_retire"), {"leave_unsigned": "on"}).headers["Location"] == of(key)

    key.refresh_from_db()
    assert key.state == KeyState.RETIRED
    assert client.get(of(key, "_retire")).headers["Location"] == of(key), "there is nothing left to ask"


def test_one_of_several_keys_retires_at_once(workspace: Workspace, lead: Member, browse: Browse) -> None:
    key, _other = SigningKeyFactory.create_batch(2, workspace=workspace, active=True)

    assert "send without our signature" not in seen(browse(lead), of(key, "_retire"))
    assert browse(lead).post(of(key, "_retire")).status_code == 302


def test_a_retired_key_cannot_be_switched_on(workspace: Workspace, lead: Member, browse: Browse) -> None:
    key = SigningKeyFactory.create(workspace=workspace, retired=True)

    assert browse(lead).post(of(key, "_switch_on")).status_code == 409


def test_the_record_of_a_key_retired_long_ago_may_go(
    workspace: Workspace, lead: Member, browse: Browse, now: datetime, url: str
) -> None:
    key = SigningKeyFactory.create(workspace=workspace, retired=True, retired_at=now - timedelta(days=8))

    for address in (url, of(key)):
        assert "no longer needed: delete it from DNS" in seen(browse(lead), address)


def test_the_list_asks_as_much_for_many_keys_as_for_one(
    workspace: Workspace,
    lead: Member,
    browse: Browse,
    url: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client = browse(lead)
    client.get(url)
    for number in range(5):
        SenderFactory.create(workspace=workspace, email=f"elena@shop{number}.example")
        SigningKeyFactory.create(workspace=workspace, domain=f"shop{number}.example", active=True)
        SigningKeyFactory.create(workspace=workspace, domain=f"shop{number}.example", retired=True)

    with django_assert_num_queries(9):  # three, beside the six of every page
        page = client.get(url).content.decode()

    assert page.count("shop4.example") >= 2
