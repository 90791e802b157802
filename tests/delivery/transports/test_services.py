"""Adding, changing and removing mail servers: what must be filled in, and when secrets must be given again."""

import json
import threading
from datetime import datetime
from typing import Any

import pytest
from django.core import serializers
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from delivery.models import LimitScope, SpeedLimit, Transport, TransportKind, TransportTrial, WarmUp
from delivery.transports.refusals import TransportRefused
from delivery.transports.services import (
    add_transport,
    change_transport,
    remove_transport,
    switch_transport,
)
from emailops.lib.vault import secret_of
from tests.factories.delivery import run_to
from tests.factories.pace import SpeedLimitFactory, WarmUpFactory
from tests.factories.transports import TransportFactory, TrialFactory
from workspaces.models import AuditEntry, Member

SMTP: dict[str, Any] = {
    "name": "Our relay",
    "host": "mail.example.com",
    "port": 587,
    "security": "starttls",
    "sign_in": "password",
    "username": "elena",
    "password": "hidden-word",
    "weight": 50,
}
TOKEN: dict[str, Any] = {
    **SMTP,
    "sign_in": "xoauth2",
    "token_url": "https://login.example.com/token",
    "client_id": "client",
    "client_secret": "hidden-client",
    "refresh_token": "hidden-refresh",
}
POSTMARK: dict[str, Any] = {
    "name": "Postmark",
    "provider": "postmark",
    "provider_settings": {"server_token": "hidden-token", "message_stream": "broadcast"},
}


def add(by: Member, now: datetime, wanted: dict[str, Any], kind: str = TransportKind.SMTP) -> Transport:
    return add_transport(workspace=by.workspace, kind=kind, by=by, now=now, wanted=wanted)


def change(transport: Transport, by: Member, now: datetime, **wanted: Any) -> Transport:
    return change_transport(transport=transport, by=by, now=now, wanted=wanted)


def last_entry() -> AuditEntry:
    return AuditEntry.objects.latest("pk")


def test_no_secret_stands_in_a_dump_or_in_the_audit_log(lead: Member, now: datetime) -> None:
    for wanted, kind in ((SMTP, "smtp"), ({**TOKEN, "name": "By token"}, "smtp"), (POSTMARK, "provider")):
        transport = add(lead, now, wanted, kind)
        change(transport, lead, now, weight=7, **({"password": "hidden-new"} if wanted is SMTP else {}))

    dumped = serializers.serialize("json", [*Transport.objects.all(), *AuditEntry.objects.all()])
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM delivery_transport t UNION ALL SELECT a::text FROM workspaces_auditentry a")
        raw = " ".join(row[0] for row in cursor.fetchall())

    assert "hidden" not in dumped + raw
    for word in ("hidden-new", "hidden-client", "hidden-refresh", "hidden-token"):
        assert word.encode().hex() not in raw
    assert "Our relay" in raw


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "  "}, "name"),
        ({"host": ""}, "host"),
        ({"host": "smtp://mail.example.com"}, "host"),
        ({"host": "mail.example.com:587"}, "host"),
        ({"host": "mail example"}, "host"),
        ({"host": "mail.example.com\r\nQUIT"}, "host"),
        ({"host": "169.254.169.254"}, "host"),
        ({"host": "0.0.0.0"}, "host"),  # noqa: S104  an address that is refused
        ({"port": 0}, "port"),
        ({"port": 70_000}, "port"),
        ({"username": ""}, "username"),
        ({"password": ""}, "password"),
        ({"security": "none"}, "security"),
        ({"security": "none", "host": "10.0.0.1"}, "security"),
        ({"sign_in": "xoauth2"}, "access_token"),
        ({**TOKEN, "token_url": "http://login.example.com/"}, "token_url"),
        ({**TOKEN, "token_url": "https://a:b@login.example.com/"}, "token_url"),
        ({**TOKEN, "client_id": ""}, "client_id"),
        ({**TOKEN, "refresh_token": ""}, "refresh_token"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(
    lead: Member, now: datetime, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(TransportRefused) as refusal:
        add(lead, now, {**SMTP, **changes})

    assert set(refusal.value.fields) == {field}
    assert not Transport.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"security": "none", "sign_in": "none", "host": "relay"},
        {"security": "none", "host": "127.0.0.1"},
        {"security": "none", "host": "localhost"},
        {"host": "::1"},
        {"host": "xn--bcher-kva.example"},
        {"sign_in": "xoauth2", "access_token": "endless"},
        TOKEN,
        {**TOKEN, "client_secret": ""},
    ],
)
def test_what_fits_is_kept(lead: Member, now: datetime, changes: dict[str, Any]) -> None:
    transport = add(lead, now, {**SMTP, **changes})

    transport.refresh_from_db()
    assert transport.is_enabled
    assert last_entry().action == "transport.added"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"provider": "test"}, "provider"),
        ({"provider_settings": {}}, "server_token"),
        ({"provider_settings": {"server_token": "  "}}, "server_token"),
        ({"provider_settings": {"server_token": "x", "debug_api_requests": "1"}}, "provider_settings"),
        ({"provider_settings": {"server_token": "x", "api_url": "http://api.example.com"}}, "api_url"),
        ({"provider_settings": {"server_token": "x", "api_url": "https://[broken"}}, "api_url"),
    ],
)
def test_what_a_provider_does_not_take_is_refused_by_field(
    lead: Member, now: datetime, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(TransportRefused) as refusal:
        add(lead, now, {**POSTMARK, **changes}, TransportKind.PROVIDER)

    assert set(refusal.value.fields) == {field}


def test_a_name_is_given_once_in_a_workspace(lead: Member, outsider: Member, now: datetime) -> None:
    add(lead, now, SMTP)
    add(outsider, now, SMTP)

    with pytest.raises(TransportRefused) as refusal:
        add(lead, now, SMTP)

    assert set(refusal.value.fields) == {"name"}


def test_changing_something_else_keeps_the_password(lead: Member, now: datetime) -> None:
    transport = add(lead, now, SMTP)

    changed = change(transport, lead, now, name="Renamed", weight=9, username="marta", password="")

    assert secret_of(changed, "password") == "hidden-word"
    assert last_entry().detail["changed"] == ["name", "username", "weight"]


def test_a_new_password_takes_the_place_of_the_old_and_is_told_by_name_alone(lead: Member, now: datetime) -> None:
    transport = add(lead, now, SMTP)

    changed = change(transport, lead, now, password="hidden-new")

    assert secret_of(changed, "password") == "hidden-new"
    assert last_entry().detail["changed"] == ["password"]


@pytest.mark.parametrize(
    "changes", [{"host": "evil.example.com"}, {"port": 2587}, {"host": "localhost", "security": "none"}]
)
def test_a_password_goes_to_another_server_only_if_it_is_typed_again(
    lead: Member, now: datetime, changes: dict[str, Any]
) -> None:
    transport = add(lead, now, SMTP)

    with pytest.raises(TransportRefused) as refusal:
        change(transport, lead, now, **changes)

    transport.refresh_from_db()
    assert set(refusal.value.fields) == {"password"}
    assert (transport.host, transport.port) == ("mail.example.com", 587)
    assert change(transport, lead, now, password="typed", **changes).version == 2


def test_from_starttls_to_tls_the_password_stays(lead: Member, now: datetime) -> None:
    changed = change(add(lead, now, SMTP), lead, now, security="tls")

    assert secret_of(changed, "password") == "hidden-word"


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"host": "evil.example.com"}, {"refresh_token"}),
        ({"token_url": "https://evil.example.com/"}, {"refresh_token", "client_secret"}),
    ],
)
def test_tokens_go_elsewhere_only_if_they_are_given_again(
    lead: Member, now: datetime, changes: dict[str, Any], fields: set[str]
) -> None:
    transport = add(lead, now, TOKEN)

    with pytest.raises(TransportRefused) as refusal:
        change(transport, lead, now, **changes)

    assert set(refusal.value.fields) == fields


def test_a_providers_key_goes_to_another_address_only_if_it_is_given_again(lead: Member, now: datetime) -> None:
    transport = add(lead, now, POSTMARK, TransportKind.PROVIDER)
    elsewhere = {"api_url": "https://evil.example.com/"}

    with pytest.raises(TransportRefused) as refusal:
        change(transport, lead, now, provider_settings=elsewhere)
    changed = change(transport, lead, now, provider_settings={**elsewhere, "server_token": "typed"})

    assert set(refusal.value.fields) == {"server_token"}
    assert json.loads(secret_of(changed, "provider_settings")) == {
        "server_token": "typed",
        "message_stream": "broadcast",
        **elsewhere,
    }
    assert last_entry().detail["changed"] == ["api_url", "server_token"]


def test_an_empty_setting_of_a_provider_goes_and_its_empty_key_stays(lead: Member, now: datetime) -> None:
    transport = add(lead, now, POSTMARK, TransportKind.PROVIDER)

    changed = change(transport, lead, now, provider_settings={"server_token": "", "message_stream": ""})

    assert json.loads(secret_of(changed, "provider_settings")) == {"server_token": "hidden-token"}


def test_secrets_that_are_no_longer_used_are_erased(lead: Member, now: datetime) -> None:
    transport = add(lead, now, TOKEN)

    changed = change(transport, lead, now, sign_in="none")

    assert not any((changed.password, changed.access_token, changed.refresh_token, changed.client_secret))


def test_changing_how_a_server_is_reached_forgets_its_trouble_and_renaming_does_not(
    lead: Member, now: datetime
) -> None:
    transport = add(lead, now, SMTP)
    Transport.objects.update(failures=4, trouble="535", needs_attention=True)

    renamed = change(transport, lead, now, name="Renamed")
    mended = change(transport, lead, now, password="right")

    assert (renamed.needs_attention, renamed.version) == (True, 1)
    assert (mended.needs_attention, mended.failures, mended.trouble, mended.version) == (False, 0, "", 2)


def test_saving_without_a_change_writes_nothing(lead: Member, now: datetime) -> None:
    transport = add(lead, now, SMTP)

    change(transport, lead, now, **{**SMTP, "password": ""})

    assert last_entry().action == "transport.added"


def test_switching_is_told_once(lead: Member, now: datetime) -> None:
    transport = TransportFactory.create(workspace=lead.workspace)

    for on in (False, False, True, True):
        switch_transport(transport=transport, on=on, by=lead, now=now)

    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["transport.disabled", "transport.enabled"]


def test_a_server_in_use_is_removed_only_once_it_is_switched_off(lead: Member, now: datetime) -> None:
    transport = TrialFactory.create(transport__workspace=lead.workspace, asked_at=now).transport
    run_to(lead.workspace, 1)

    with pytest.raises(TransportRefused, match="Switch it off first"):
        remove_transport(transport=transport, by=lead, now=now)
    switch_transport(transport=transport, on=False, by=lead, now=now)
    remove_transport(transport=transport, by=lead, now=now)

    assert not Transport.objects.exists()
    assert not TransportTrial.objects.exists()
    assert last_entry().target_label == transport.name


def test_with_a_server_go_its_limits_and_its_warm_up_alone(lead: Member, now: datetime) -> None:
    gone, stays = TransportFactory.create_batch(2, workspace=lead.workspace)
    for transport in (gone, stays):
        about = {"workspace": lead.workspace, "transport_id": transport.pk}
        SpeedLimitFactory.create(scope=LimitScope.SERVER, **about)
        WarmUpFactory.create(**about)

    remove_transport(transport=gone, by=lead, now=now)

    left = [SpeedLimit.objects.get().transport_id, WarmUp.objects.get().transport_id]
    assert left == [stays.pk, stays.pk]


def test_another_workspaces_send_does_not_keep_a_server(lead: Member, outsider: Member, now: datetime) -> None:
    transport = TransportFactory.create(workspace=lead.workspace)
    run_to(outsider.workspace, 1)

    remove_transport(transport=transport, by=lead, now=now)

    assert not Transport.objects.exists()


def test_what_was_removed_meanwhile_cannot_be_changed(lead: Member, now: datetime) -> None:
    transport = TransportFactory.create(workspace=lead.workspace)
    Transport.objects.all().delete()

    with pytest.raises(TransportRefused, match="removed meanwhile"):
        change(transport, lead, now, weight=1)


@pytest.mark.django_db(transaction=True)
def test_two_people_who_remove_at_once_remove_it_once(lead: Member, now: datetime) -> None:
    transport = TransportFactory.create(workspace=lead.workspace)
    refusals: list[TransportRefused] = []

    def remove() -> None:
        try:
            remove_transport(transport=Transport(pk=transport.pk), by=lead, now=now)
        except TransportRefused as refusal:
            refusals.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove) for _person in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refusals) == 1
    assert AuditEntry.objects.filter(action="transport.removed").count() == 1


def test_after_a_change_of_the_installations_key_secrets_are_sealed_anew(
    lead: Member, now: datetime, settings: Settings
) -> None:
    by_password, by_key = add(lead, now, SMTP), add(lead, now, POSTMARK, TransportKind.PROVIDER)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]

    call_command("reseal")
    settings.SECRET_KEY_FALLBACKS = []

    by_password.refresh_from_db()
    by_key.refresh_from_db()
    assert secret_of(by_password, "password") == "hidden-word"
    assert "hidden-token" in secret_of(by_key, "provider_settings")
