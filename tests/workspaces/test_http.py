"""The guard before every page, and the small tools of the views behind it."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from emailops.lib.errors import DomainError
from tests.factories.workspaces import MemberFactory
from workspaces.http import LINES_AT_ONCE, MemberRequest, action, csv_download, page, shown_on
from workspaces.models import Member, Workspace
from workspaces.permissions import Can

SEE, EDIT = Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE


@page(SEE, EDIT)
def a_page(request: MemberRequest, pk: int = 0) -> HttpResponse:
    return HttpResponse(f"{request.member.pk} {request.workspace.pk} {pk}")


@page(SEE)
def a_reading_page(request: MemberRequest) -> HttpResponse:
    return HttpResponse("read")


@action(EDIT)
def an_action(request: MemberRequest) -> HttpResponse:
    return HttpResponse("done")


def _request(method: str, member: Member | None) -> HttpRequest:
    request = RequestFactory().generic(method, "/somewhere/")
    request.user = member.user if member else AnonymousUser()
    request.session = SessionStore()
    return request


def test_a_member_enters_and_the_view_knows_who_where_and_when(lead: Member) -> None:
    request = _request("GET", lead)

    answer = a_page(request, workspace="maren-moss", pk=7)

    entered = cast("MemberRequest", request)
    assert answer.content.decode() == f"{lead.pk} {lead.workspace.pk} 7"  # type: ignore[attr-defined]  # HttpResponse
    assert timezone.now() - entered.now < timedelta(seconds=10)
    assert entered.zone == ZoneInfo("Europe/Sofia")


def test_the_last_workspace_is_remembered(lead: Member) -> None:
    request = _request("GET", lead)

    a_page(request, workspace="maren-moss")

    assert request.session["workspace"] == "maren-moss"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whoever_has_not_signed_in_is_sent_to_sign_in(workspace: Workspace, method: str) -> None:
    answer = a_page(_request(method, None), workspace="maren-moss")

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{reverse('account_login')}?next=/somewhere/"


@pytest.mark.parametrize("slug", ["maren-moss", "nowhere"])
def test_for_a_stranger_there_is_no_such_workspace(workspace: Workspace, outsider: Member, slug: str) -> None:
    with pytest.raises(Http404):
        a_page(_request("GET", outsider), workspace=slug)


def test_for_a_member_who_left_there_is_no_such_workspace(workspace: Workspace) -> None:
    gone = MemberFactory.create(workspace=workspace, left_at=timezone.now())

    with pytest.raises(Http404):
        a_page(_request("GET", gone), workspace="maren-moss")


def test_one_role_may_read_and_another_also_change(seller: Member, marketer: Member, guest: Member) -> None:
    assert a_page(_request("GET", seller), workspace="maren-moss").status_code == 200
    assert a_page(_request("POST", marketer), workspace="maren-moss").status_code == 200
    for method, member in (("POST", seller), ("GET", guest), ("HEAD", guest)):
        with pytest.raises(PermissionDenied):
            a_page(_request(method, member), workspace="maren-moss")


@pytest.mark.parametrize(
    ("view", "method", "allowed"),
    [
        (a_page, "PUT", "GET, HEAD, POST"),
        (a_page, "DELETE", "GET, HEAD, POST"),
        (a_page, "OPTIONS", "GET, HEAD, POST"),
        (a_reading_page, "POST", "GET, HEAD"),
        (an_action, "GET", "POST"),
        (an_action, "HEAD", "POST"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(lead: Member, view: Any, method: str, allowed: str) -> None:
    answer = view(_request(method, lead), workspace="maren-moss")

    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


def test_a_view_says_what_it_asks_for() -> None:
    assert [(view.see, view.act) for view in cast("Any", (a_page, a_reading_page, an_action))] == [
        (SEE, EDIT),
        (SEE, None),
        (None, EDIT),
    ]


def test_entering_takes_one_query(lead: Member, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        a_page(_request("GET", lead), workspace="maren-moss")


class _Form(forms.Form):
    name = forms.CharField()


def _refused(**fields: list[str]) -> _Form:
    form = _Form({"name": "Ann"})
    assert form.is_valid()
    with shown_on(form):
        raise DomainError("There is one already.", fields=fields)
    return form  # type: ignore[unreachable]  # the block above swallows the refusal


def test_a_refusal_is_shown_under_the_field_it_names() -> None:
    assert dict(_refused(name=["Taken."]).errors) == {"name": ["Taken."]}


@pytest.mark.parametrize("fields", [{}, {"other": ["Unknown to this form."]}])
def test_a_refusal_of_no_field_of_the_form_is_shown_above(fields: dict[str, list[str]]) -> None:
    assert dict(_refused(**fields).errors) == {"__all__": ["There is one already."]}


def test_only_refusals_are_shown() -> None:
    with pytest.raises(ZeroDivisionError), shown_on(_Form({"name": "Ann"})):
        raise ZeroDivisionError


def test_a_csv_is_sent_while_it_is_made() -> None:
    made: list[int] = []

    def lines() -> Iterator[str]:
        for number in range(LINES_AT_ONCE * 2 + 1):
            made.append(number)
            yield f"{number}\r\n"

    response = csv_download("people.csv", lines())

    async def first_then_rest() -> tuple[int, str]:
        parts = aiter(response)
        first = await anext(parts)
        after_first = len(made)
        return after_first, (first + b"".join([part async for part in parts])).decode()

    after_first, everything = asyncio.run(first_then_rest())
    assert after_first == LINES_AT_ONCE
    assert everything == "".join(f"{number}\r\n" for number in range(LINES_AT_ONCE * 2 + 1))
    assert response.headers["Content-Disposition"] == 'attachment; filename="people.csv"'
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"


def test_a_workspace_of_mine_is_found_by_its_address(lead: Member, browse: Callable[[Member], Client]) -> None:
    assert browse(lead).get("/w/maren-moss/").status_code == 200
    assert browse(lead).get("/w/MAREN-MOSS/").status_code == 404
