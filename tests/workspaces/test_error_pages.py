"""What people see when something is not there, not allowed, refused, or broken."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, path

from tests.html import without_tokens
from workspaces.models import Member

Browse = Callable[[Member], Client]


def _broken(_request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("a secret detail")


urlpatterns: list[URLPattern] = [path("broken/", _broken)]


@pytest.fixture
def broken_site() -> Iterator[Client]:
    """A site on which one page fails, seen as a visitor sees it."""
    with override_settings(ROOT_URLCONF="tests.workspaces.test_error_pages", DEBUG=False):
        yield Client(raise_request_exception=False)


def _require_our_look(page: str, title: str) -> None:
    assert "css/app.css" in page
    assert '<header class="bare__head">' in page
    assert re.findall(r"<h1>(.*?)</h1>", page) == [title]
    assert 'class="btn"' in page
    assert "style=" not in page


def test_nothing_here(client: Client) -> None:
    answer = client.get("/no/such/page/")

    assert answer.status_code == 404
    _require_our_look(answer.content.decode(), "Nothing here")


def test_a_workspace_that_is_not_mine_looks_like_one_that_is_not_there(
    outsider: Member, lead: Member, browse: Browse
) -> None:
    client = browse(outsider)

    theirs, nobodys = client.get("/w/maren-moss/"), client.get("/w/nowhere/")

    assert theirs.status_code == nobodys.status_code == 404
    assert without_tokens(theirs) == without_tokens(nobodys)


def test_not_for_your_role(guest: Member, browse: Browse) -> None:
    answer = browse(guest).get("/w/maren-moss/contacts/")

    assert answer.status_code == 403
    _require_our_look(answer.content.decode(), "Not for your role")


def test_a_page_that_was_open_too_long(lead: Member) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(lead.user)

    answer = client.post("/w/maren-moss/me/", {"name": "Elena"})

    assert answer.status_code == 403
    _require_our_look(answer.content.decode(), "This page was open too long")


def test_not_possible_now(lead: Member, browse: Browse) -> None:
    answer = browse(lead).post(f"/w/maren-moss/settings/members/{lead.pk}/remove/")

    assert answer.status_code == 409
    _require_our_look(answer.content.decode(), "This is not possible now")


def test_something_broke_on_our_side(broken_site: Client) -> None:
    answer = broken_site.get("/broken/")

    assert answer.status_code == 500
    _require_our_look(answer.content.decode(), "Something broke on our side")
    assert "a secret detail" not in answer.content.decode()


def test_the_page_of_a_failure_needs_no_database(broken_site: Client) -> None:
    """No database fixture: the template would fail if it asked for anything."""
    assert "please try again" in broken_site.get("/broken/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/accounts/login/", "/no/such/page/", "/health/live/"])
def test_every_answer_carries_the_policy_that_forbids_inline_code(client: Client, address: str) -> None:
    policy = client.get(address).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
