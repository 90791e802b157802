"""Mail servers by the API: everything the browser does, and secrets that go in and never come out."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from delivery.models import SignIn, Transport
from delivery.transports.catalogue import providers
from delivery.transports.services import run_trial
from emailops.lib.vault import secret_of
from tests.factories.transports import ProviderTransportFactory, TransportFactory
from tests.smtp_sink import running_sink
from workspaces.models import Member, Workspace

Api = Callable[..., APIClient]
SMTP: dict[str, Any] = {
    "name": "Our relay",
    "host": "mail.example.com",
    "username": "elena",
    "password": " hidden word ",
}


def url(name: str, **kwargs: Any) -> str:
    return reverse(f"api:transport-{name}", kwargs=kwargs)


def test_a_server_is_added_read_changed_and_removed(lead: Member, api: Api) -> None:
    client = api(lead)

    made = client.post(url("list"), SMTP, format="json")
    pk = made.json()["id"]
    changed = client.patch(url("detail", pk=pk), {"weight": 7}, format="json")
    read = client.get(url("detail", pk=pk))
    removed = client.delete(url("detail", pk=pk))

    assert made.status_code == 201
    assert made.json()["secrets"] == ["password"]
    assert (made.json()["state"], made.json()["share"]) == ("unproven", 1.0)
    assert changed.json()["weight"] == 7
    assert read.json() == changed.json()
    assert "hidden" not in made.content.decode() + read.content.decode()
    assert (removed.status_code, Transport.objects.count()) == (204, 0)


def test_a_password_keeps_its_spaces(lead: Member, api: Api) -> None:
    api(lead).post(url("list"), SMTP, format="json")

    assert secret_of(Transport.objects.get(), "password") == " hidden word "


def test_a_provider_shows_what_is_no_secret(lead: Member, api: Api) -> None:
    body = {
        "name": "Postmark",
        "kind": "provider",
        "provider": "postmark",
        "provider_settings": {"server_token": "hidden", "message_stream": "broadcast"},
    }

    made = api(lead).post(url("list"), body, format="json")

    assert made.json()["provider_settings"] == {"message_stream": "broadcast"}
    assert made.json()["secrets"] == ["server_token"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "name"),
        ({**SMTP, "port": 0}, 400, "port"),
        ({**SMTP, "weight": 101}, 400, "weight"),
        ({**SMTP, "security": "ssl3"}, 400, "security"),
        ({**SMTP, "host": "mail example"}, 409, "host"),
        ({**SMTP, "password": ""}, 409, "password"),
        ({**SMTP, "kind": "provider", "provider": "nobody"}, 409, "provider"),
        ({**SMTP, "kind": "provider"}, 409, "provider"),
        ({**SMTP, "kind": "provider", "provider": "postmark"}, 409, "server_token"),
        ({**SMTP, "provider_settings": {"a": {"b": 1}}}, 400, "provider_settings.a"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(
    lead: Member, api: Api, body: dict[str, Any], status: int, field: str
) -> None:
    answer = api(lead).post(url("list"), body, format="json")

    assert answer.status_code == status, answer.content
    assert field in answer.json()["fields"]
    assert not Transport.objects.exists()


def test_a_change_that_leads_elsewhere_needs_the_secret_again(lead: Member, api: Api) -> None:
    client = api(lead)
    pk = client.post(url("list"), SMTP, format="json").json()["id"]

    refused = client.patch(url("detail", pk=pk), {"host": "evil.example.com"}, format="json")
    taken = client.patch(url("detail", pk=pk), {"host": "b.example.com", "password": "typed"}, format="json")

    assert (refused.status_code, set(refused.json()["fields"])) == (409, {"password"})
    assert taken.json()["host"] == "b.example.com"


def test_kind_and_provider_of_a_server_stay(workspace: Workspace, lead: Member, api: Api) -> None:
    transport = ProviderTransportFactory.create(workspace=workspace)

    api(lead).patch(
        url("detail", pk=transport.pk), {"provider": "resend", "kind": "smtp", "is_enabled": False}, format="json"
    )

    transport.refresh_from_db()
    assert (transport.provider, transport.kind, transport.is_enabled) == ("postmark", "provider", True)


def test_the_list_has_the_share_of_each(workspace: Workspace, lead: Member, api: Api) -> None:
    for weight in (30, 10):
        TransportFactory.create(workspace=workspace, weight=weight)

    rows = api(lead).get(url("list")).json()["results"]

    assert [row["share"] for row in rows] == [0.25, 0.75]


def test_switching_off_and_on(workspace: Workspace, lead: Member, api: Api) -> None:
    transport = TransportFactory.create(workspace=workspace)
    client = api(lead)

    states = [client.post(url(name, pk=transport.pk)).json()["state"] for name in ("disable", "enable")]

    assert states == ["off", "unproven"]


def test_a_trial_is_asked_for_and_read(
    workspace: Workspace, lead: Member, api: Api, now: datetime, settings: Settings
) -> None:
    client = api(lead)
    with running_sink() as sink:
        transport = TransportFactory.create(workspace=workspace, port=sink.port, sign_in=SignIn.NONE)
        nothing = client.get(url("trial", pk=transport.pk))
        asked = client.post(url("try-it", pk=transport.pk), {}, format="json")
        twice = client.post(url("try-it", pk=transport.pk), {}, format="json")
        run_trial(trial=transport.trials.get(), now=now)
    read = client.get(url("trial", pk=transport.pk)).json()

    assert nothing.status_code == 404
    assert (asked.status_code, asked.json()["state"], asked.json()["steps"]) == (201, "asked", [])
    assert (twice.status_code, twice.json()["code"]) == (409, "transport_refused")
    assert read["state"] == "passed"
    assert [step["title"] for step in read["steps"]][:2] == ["Find the server by its name", "Connect"]


def test_the_providers_are_told_with_what_they_need(lead: Member, api: Api) -> None:
    rows = api(lead).get(url("providers")).json()

    assert [row["name"] for row in rows] == list(providers())
    postmark = next(row for row in rows if row["name"] == "postmark")
    assert postmark["is_batched"]
    assert postmark["settings"][0] == {
        "name": "server_token",
        "is_required": True,
        "is_secret": True,
        "example": "",
    }
