"""The mail servers in the browser: every step works without script, and no secret is ever shown."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from delivery.models import SignIn, Transport, TransportTrial
from delivery.transports.catalogue import providers
from delivery.transports.services import TRIAL_PATIENCE, ask_to_try
from emailops.lib.mailurl import SMTP_BACKEND, MailSettings
from emailops.lib.vault import secret_of
from tests.factories.delivery import run_to
from tests.factories.transports import ProviderTransportFactory, TransportFactory
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]
HTMX = {"HX-Request": "true"}
SMTP: dict[str, Any] = {
    "via": "smtp",
    "name": "Our relay",
    "host": " mail.example.com ",
    "port": "587",
    "security": "starttls",
    "sign_in": "password",
    "username": "elena",
    "password": "hidden-word",
    "weight": "50",
}


def url(name: str, workspace: Workspace, **kwargs: Any) -> str:
    return reverse(f"delivery:{name}", kwargs={"workspace": workspace.slug, **kwargs})


def shown(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_without_servers_the_page_tells_of_the_installations(lead: Member, browse: Browse, settings: Settings) -> None:
    settings.MAIL_SANDBOX = False
    settings.MAIL = MailSettings(SMTP_BACKEND, host="relay.example", port=25)

    page = shown(browse(lead), url("settings_transports", lead.workspace))

    assert "The installation’s mail server" in page
    assert "relay.example:25" in page
    assert "nothing leaves" not in page


def test_with_the_sandbox_on_the_page_says_that_nothing_leaves(lead: Member, browse: Browse) -> None:
    TransportFactory.create(workspace=lead.workspace)

    assert "nothing leaves" in shown(browse(lead), url("settings_transports", lead.workspace))


def test_the_list_shows_health_and_share_and_where_nothing_works_an_alarm(
    lead: Member, browse: Browse, now: datetime, settings: Settings
) -> None:
    settings.MAIL_SANDBOX = False
    TransportFactory.create(workspace=lead.workspace, name="Good", weight=3, last_ok_at=now)
    TransportFactory.create(workspace=lead.workspace, name="New", weight=1)
    TransportFactory.create(workspace=lead.workspace, name="Bad", needs_attention=True, trouble="535 <b>No</b>")
    client, address = browse(lead), url("settings_transports", lead.workspace)

    page = shown(client, address)
    Transport.objects.update(needs_attention=True)

    assert "75% of the mail" in page
    assert "25% of the mail" in page
    assert "535 &lt;b&gt;No&lt;/b&gt;" in page
    assert "No mail leaves at the moment." not in page
    assert "No mail leaves at the moment." in shown(client, address)


@pytest.mark.parametrize(
    ("others", "said"), [(1, "Until then mail leaves through the others."), (0, "No mail leaves until then.")]
)
def test_a_server_that_waits_for_somebody_stands_on_the_home_page(
    lead: Member, marketer: Member, browse: Browse, settings: Settings, others: int, said: str
) -> None:
    settings.MAIL_SANDBOX = False
    TransportFactory.create(workspace=lead.workspace, name="Bad", needs_attention=True, trouble="535 <b>No</b>")
    TransportFactory.create_batch(others, workspace=lead.workspace)
    home = reverse("workspaces:home", kwargs={"workspace": lead.workspace.slug})

    page, others_page = shown(browse(lead), home), shown(browse(marketer), home)

    assert "The mail server “Bad” needs you" in page
    assert "535 &lt;b&gt;No&lt;/b&gt;" in page
    assert said in page
    assert "needs you" not in others_page


def test_the_list_costs_the_same_with_many(
    lead: Member, browse: Browse, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client, address = browse(lead), url("settings_transports", lead.workspace)
    TransportFactory.create(workspace=lead.workspace)
    client.get(address)
    with django_assert_num_queries(7) as few:
        client.get(address)
    TransportFactory.create_batch(20, workspace=lead.workspace)

    with django_assert_num_queries(len(few)):
        client.get(address)


def test_with_the_sandbox_no_test_mail_is_offered(
    relay: Transport, lead: Member, browse: Browse, settings: Settings
) -> None:
    client, address = browse(lead), url("transport_try", lead.workspace, pk=relay.pk)
    settings.MAIL_SANDBOX = False
    offered = shown(client, address)
    settings.MAIL_SANDBOX = True

    page = shown(client, address)

    assert 'name="with_mail"' in offered
    assert 'name="with_mail"' not in page
    assert "no test mail can be sent along" in page


def test_first_one_chooses_the_kind(lead: Member, browse: Browse) -> None:
    page = shown(browse(lead), url("transport_new", lead.workspace))

    assert 'href="?via=smtp"' in page
    for provider in providers().values():
        assert f'href="?via={provider.name}"' in page
        assert provider.label in page


def test_an_unknown_provider_does_not_exist(lead: Member, browse: Browse) -> None:
    assert browse(lead).get(url("transport_new", lead.workspace) + "?via=test").status_code == 404


def test_a_new_server_leads_to_its_trial(lead: Member, browse: Browse) -> None:
    answer = browse(lead).post(url("transport_new", lead.workspace), SMTP)

    transport = Transport.objects.get()
    assert answer.headers["Location"] == url("transport_try", lead.workspace, pk=transport.pk)
    assert (transport.host, secret_of(transport, "password")) == ("mail.example.com", "hidden-word")


@pytest.mark.parametrize("name", sorted(providers()))
def test_each_provider_is_asked_for_what_it_needs(name: str, lead: Member, browse: Browse) -> None:
    client, address = browse(lead), url("transport_new", lead.workspace)
    page = shown(client, f"{address}?via={name}")
    given = {s.name: "https://api.example.com/" if s.name == "api_url" else "x" for s in providers()[name].settings}

    refused = client.post(address, {"via": name, "name": "Mine", "weight": "10"})
    taken = client.post(address, {"via": name, "name": "Mine", "weight": "10", **given})

    assert all(f'name="{setting}"' in page for setting in given)
    assert refused.status_code == 422
    assert taken.status_code == 302
    assert Transport.objects.get().provider == name


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"host": ""}, "required"),
        ({"host": "mail example"}, "Enter the name of the server alone"),
        ({"port": "0"}, "greater than or equal to 1"),
        ({"port": "seven"}, "whole number"),
        ({"weight": "101"}, "less than or equal to 100"),
        ({"password": ""}, "Enter the password."),
        ({"sign_in": "xoauth2"}, "Enter an access token"),
        ({"security": "none"}, "never sent in clear text"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    lead: Member, browse: Browse, changes: dict[str, str], says: str
) -> None:
    answer = browse(lead).post(url("transport_new", lead.workspace), {**SMTP, **changes})

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert "hidden-word" not in answer.content.decode()
    assert not Transport.objects.exists()


@pytest.fixture
def relay(workspace: Workspace) -> Transport:
    made: Transport = TransportFactory.create(
        workspace=workspace,
        host="mail.example.com",
        port=587,
        security="starttls",
        sign_in=SignIn.PASSWORD,
        username="elena",
        password="hidden-word",
    )
    return made


def edited(relay: Transport, **changes: str) -> dict[str, str]:
    return {**{k: v for k, v in SMTP.items() if k not in {"via", "password"}}, "name": relay.name, **changes}


def test_a_kept_password_is_not_shown_and_stays_when_nothing_is_typed(
    relay: Transport, lead: Member, browse: Browse
) -> None:
    client, address = browse(lead), url("transport_edit", lead.workspace, pk=relay.pk)

    page = shown(client, address)
    answer = client.post(address, edited(relay, weight="7"))

    assert "hidden-word" not in page
    assert "Kept as it is" in page
    assert answer.status_code == 302
    relay.refresh_from_db()
    assert (relay.weight, secret_of(relay, "password")) == (7, "hidden-word")


def test_for_another_server_the_password_is_asked_again(relay: Transport, lead: Member, browse: Browse) -> None:
    client, address = browse(lead), url("transport_edit", lead.workspace, pk=relay.pk)

    refused = client.post(address, edited(relay, host="evil.example.com"))
    taken = client.post(address, edited(relay, host="other.example.com", password="typed"))

    assert refused.status_code == 422
    assert "It would be sent to another server now" in refused.content.decode()
    assert taken.status_code == 302


def test_a_provider_is_edited_without_its_key(workspace: Workspace, lead: Member, browse: Browse) -> None:
    transport = ProviderTransportFactory.create(
        workspace=workspace, provider_settings={"server_token": "hidden-token", "message_stream": "broadcast"}
    )
    client, address = browse(lead), url("transport_edit", workspace, pk=transport.pk)

    page = shown(client, address)
    answer = client.post(address, {"name": "Renamed", "weight": "3", "server_token": "", "message_stream": "other"})

    assert "hidden-token" not in page
    assert 'value="broadcast"' in page
    assert answer.status_code == 302
    transport.refresh_from_db()
    assert "hidden-token" in secret_of(transport, "provider_settings")


def test_switching_off_and_on_and_removing(relay: Transport, lead: Member, browse: Browse) -> None:
    client = browse(lead)
    switch = url("transport_switch", lead.workspace, pk=relay.pk)

    client.post(switch, {"on": "0"})
    was_off = "Switched off" in shown(client, url("settings_transports", lead.workspace))
    client.post(switch, {"on": "1"})
    answer = client.post(url("transport_remove", lead.workspace, pk=relay.pk), follow=True)

    assert was_off
    assert "was removed, with its secrets" in answer.content.decode()
    assert not Transport.objects.exists()


def test_a_server_in_use_is_not_removed(relay: Transport, lead: Member, browse: Browse) -> None:
    run_to(lead.workspace, 1)

    answer = browse(lead).post(url("transport_remove", lead.workspace, pk=relay.pk))

    assert answer.status_code == 409
    assert "Switch it off first" in answer.content.decode()


def test_a_trial_is_asked_for_and_waited_for(relay: Transport, lead: Member, browse: Browse) -> None:
    client, address = browse(lead), url("transport_try", lead.workspace, pk=relay.pk)

    before = shown(client, address)
    answer = client.post(address, follow=True)
    part = client.get(address, headers=HTMX).content.decode()
    again = client.post(address)

    assert "It was not tried yet." in before
    assert "A worker is trying it now." in answer.content.decode()
    assert 'hx-trigger="every 2s"' in part
    assert "<html" not in part
    assert again.status_code == 422
    assert "being tried right now" in again.content.decode()


def test_a_trial_with_a_mail_is_refused_while_the_sandbox_is_on(relay: Transport, lead: Member, browse: Browse) -> None:
    answer = browse(lead).post(url("transport_try", lead.workspace, pk=relay.pk), {"with_mail": "on"})

    assert answer.status_code == 422
    assert "The mail sandbox is on" in answer.content.decode()


def test_the_result_explains_what_is_wrong(relay: Transport, lead: Member, browse: Browse, now: datetime) -> None:
    ask_to_try(transport=relay, with_mail=False, by=lead, now=now)
    steps = [
        {"stage": "connect", "about": "mail.example.com:587", "state": "passed", "cause": "", "words": ""},
        {"stage": "sign_in", "about": "elena", "state": "failed", "cause": "sign_in_refused", "words": "535 <i>No</i>"},
    ]
    TransportTrial.objects.update(steps=steps, finished_at=now)

    part = browse(lead).get(url("transport_try", lead.workspace, pk=relay.pk), headers=HTMX).content.decode()

    assert "User name or password is wrong." in part
    assert "The user name is often the whole address." in part
    assert "535 &lt;i&gt;No&lt;/i&gt;" in part
    assert "hx-trigger" not in part


def test_a_trial_without_an_answer_says_so(relay: Transport, lead: Member, browse: Browse, now: datetime) -> None:
    ask_to_try(transport=relay, with_mail=False, by=lead, now=now - TRIAL_PATIENCE - timedelta(minutes=1))

    page = shown(browse(lead), url("transport_try", lead.workspace, pk=relay.pk))

    assert "No worker has answered" in page
