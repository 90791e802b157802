"""What every API request passes, asked through a real endpoint."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from rest_framework import exceptions
from rest_framework.test import APIClient

from audience.models import Contact
from emailops.lib.errors import DomainError
from tests.factories.audience import ContactFactory
from workspaces.api_access import answer_for_exception
from workspaces.models import ApiKey, AuditEntry, Member, Workspace
from workspaces.services import authenticate_key, create_api_key, remove_member, revoke_api_key

Api = Callable[..., APIClient]
URL = "/api/v1/contacts/"


def _client(secret: str, scheme: str = "Bearer") -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"{scheme} {secret}")
    return client


@pytest.fixture
def secret(workspace: Workspace, lead: Member, now: datetime) -> str:
    scopes = ["audience:read", "audience:write"]
    return create_api_key(workspace=workspace, name="CRM", scopes=scopes, by=lead, now=now)[1]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_key_opens_its_workspace(secret: str, scheme: str) -> None:
    assert _client(secret, scheme).get(URL).status_code == 200


@pytest.mark.parametrize(
    ("scheme", "value"), [("Basic", None), ("Token", None), ("", None), ("Bearer", ""), ("Bearer", "é\xff")]
)
def test_anything_else_opens_nothing(secret: str, scheme: str, value: str | None) -> None:
    answer = _client(secret if value is None else value, scheme).get(URL)

    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")


def test_a_signed_in_browser_is_no_key(lead: Member, browse: Callable[[Member], Any]) -> None:
    assert browse(lead).get(URL).status_code == 401


def test_a_revoked_key_is_answered_401(lead: Member, secret: str, now: datetime) -> None:
    revoke_api_key(key=ApiKey.objects.get(), by=lead, now=now)

    assert _client(secret).get(URL).status_code == 401


def test_an_expired_key_is_answered_401(secret: str, now: datetime) -> None:
    ApiKey.objects.update(expires_at=now - timedelta(seconds=1))

    assert _client(secret).get(URL).status_code == 401


def test_the_key_of_a_member_who_left_is_answered_401(lead: Member, owner: Member, secret: str, now: datetime) -> None:
    remove_member(member=lead, by=owner, now=now)

    assert _client(secret).get(URL).status_code == 401


def test_a_key_without_the_scope_is_answered_403(lead: Member, api: Api) -> None:
    client = api(lead, ["audience:read"])

    answer = client.post(URL, {"email": "ann@example.org"}, format="json")

    assert client.get(URL).status_code == 200
    assert answer.status_code == 403
    assert set(answer.json()) == {"code", "message", "fields"}
    assert not Contact.objects.exists()


def test_a_key_does_no_more_than_its_members_role(analyst: Member, api: Api) -> None:
    answer = api(analyst).post(URL, {"email": "ann@example.org"}, format="json")

    assert answer.status_code == 403


def test_the_audit_log_names_the_key(workspace: Workspace, lead: Member, secret: str) -> None:
    _client(secret).post(URL, {"email": "ann@example.org"}, format="json")

    entry = AuditEntry.objects.for_workspace(workspace).get(action="contact.created")
    assert (entry.member, entry.via) == (lead, str(ApiKey.objects.get()))


def test_authenticating_takes_two_queries(secret: str, now: datetime, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(2):
        key = authenticate_key(secret, now)
        assert key is not None
        assert (key.member.user.is_active, key.member.workspace.slug) == (True, "maren-moss")


def test_pages_stay_right_while_rows_are_added(workspace: Workspace, secret: str) -> None:
    ContactFactory.create_batch(7, workspace=workspace)
    client, url, seen = _client(secret), f"{URL}?page_size=3", []

    while url:
        page = client.get(url).json()
        seen += [row["id"] for row in page["results"]]
        ContactFactory.create(workspace=workspace)
        url = page["next"]

    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    ("asked", "got"), [("", 50), ("?page_size=9999", 60), ("?page_size=0", 50), ("?page_size=x", 50)]
)
def test_a_page_has_its_bounds(workspace: Workspace, secret: str, asked: str, got: int) -> None:
    ContactFactory.create_batch(60, workspace=workspace)

    assert len(_client(secret).get(f"{URL}{asked}").json()["results"]) == got


def test_a_cursor_that_is_not_ours_is_a_404_in_our_form(secret: str) -> None:
    answer = _client(secret).get(f"{URL}?cursor=nonsense")

    assert answer.status_code == 404
    assert set(answer.json()) == {"code", "message", "fields"}


def test_a_wrong_method_is_refused_in_our_form(secret: str) -> None:
    answer = _client(secret).delete(URL)

    assert answer.status_code in {403, 405}
    assert set(answer.json()) == {"code", "message", "fields"}


def test_an_address_with_nothing_behind_it_is_a_404_in_our_form(secret: str) -> None:
    answer = _client(secret).get(reverse("api:contact-detail", args=[10**30]))

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


class _Taken(DomainError):
    """The example of this test."""

    code = "taken"


@pytest.mark.parametrize(
    ("error", "status", "code", "message"),
    [
        (_Taken("There is one."), 409, "taken", "There is one."),
        (Http404(), 404, "not_found", "There is nothing at this address in your workspace."),
        (PermissionDenied(), 403, "forbidden", "This key may not do that."),
        (exceptions.ValidationError("x"), 400, "invalid", "Some fields are not valid."),
        (exceptions.Throttled(), 429, "throttled", "Request was throttled."),
    ],
)
def test_every_expected_error_has_one_form(error: Exception, status: int, code: str, message: str) -> None:
    answer = answer_for_exception(error, {})

    assert answer is not None
    assert (answer.status_code, answer.data["code"], answer.data["message"]) == (status, code, message)
    assert set(answer.data) == {"code", "message", "fields"}


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (_Taken("There is one.", fields={"name": ["Taken."]}), {"name": ["Taken."]}),
        (exceptions.ValidationError(["Not a list."]), {"non_field_errors": ["Not a list."]}),
        (exceptions.ValidationError({"name": "Blank."}), {"name": ["Blank."]}),
        (
            exceptions.ValidationError({"rules": [{}, {"field": ["Missing."], "deep": {"er": ["Bad."]}}]}),
            {"rules.1.field": ["Missing."], "rules.1.deep.er": ["Bad."]},
        ),
    ],
)
def test_the_fields_at_fault_are_named_on_one_level(error: Exception, fields: dict[str, list[str]]) -> None:
    answer = answer_for_exception(error, {})

    assert answer is not None
    assert answer.data["fields"] == fields


def test_the_unexpected_is_left_to_django() -> None:
    assert answer_for_exception(ZeroDivisionError(), {}) is None
