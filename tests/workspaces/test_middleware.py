"""What every request passes: refusals become answers, and people read in their language and their time."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from emailops.lib.addresses import InvalidAddress
from emailops.lib.errors import DomainError
from tests.factories.audience import ImportFactory
from workspaces.middleware import MemberClockMiddleware, RefusalMiddleware
from workspaces.models import Member, User, Workspace

HTMX = {"HX-Request": "true"}
Browse = Callable[[Member], Client]


@pytest.fixture
def refused_url(workspace: Workspace) -> str:
    """Cancelling is harmless, but starting an import twice is refused by the service."""
    found = ImportFactory.create(workspace=workspace, state="mapping", header=["name"], mapping={})
    return f"/w/{workspace.slug}/imports/{found.pk}/columns/"


class _Gone(DomainError):
    """The example of this test."""

    code = "gone"
    status = 410


def _answer(error: Exception, **headers: str) -> HttpResponse | None:
    request = RequestFactory().post("/somewhere/", headers=headers)
    request.htmx = headers.get("HX-Request") == "true"  # type: ignore[attr-defined]  # as django-htmx does
    return RefusalMiddleware(lambda _request: HttpResponse()).process_exception(request, error)


def test_a_refusal_is_a_page_with_the_sentence_and_the_way_back() -> None:
    answer = _answer(_Gone("This link <b>has</b> expired."), Referer="http://testserver/w/maren-moss/")

    assert answer is not None
    page = answer.content.decode()
    assert answer.status_code == 410
    assert "This link &lt;b&gt;has&lt;/b&gt; expired." in page
    assert 'href="http://testserver/w/maren-moss/"' in page


def test_without_a_page_before_it_the_way_back_is_home() -> None:
    answer = _answer(_Gone("Expired."))

    assert answer is not None
    assert 'href="/"' in answer.content.decode()


@pytest.mark.parametrize("referer", ["https://elsewhere.example/phish", "javascript:alert(1)"])
def test_the_way_back_never_leads_elsewhere(referer: str) -> None:
    answer = _answer(_Gone("Expired."), Referer=referer)

    assert answer is not None
    assert referer not in answer.content.decode()


@pytest.mark.parametrize("error", [_Gone("Expired."), InvalidAddress("No address."), DomainError("No.")])
def test_htmx_gets_a_fragment_with_the_one_status_it_shows(error: DomainError) -> None:
    answer = _answer(error, **HTMX)

    assert answer is not None
    assert answer.status_code == 409
    assert answer.headers["HX-Retarget"] == "#refusals"
    assert answer.headers["HX-Reswap"] == "innerHTML"
    assert "<html" not in answer.content.decode()
    assert 'role="alert"' in answer.content.decode()


def test_a_refusal_lists_what_its_fields_say() -> None:
    answer = _answer(DomainError("No.", fields={"name": ["Taken."], "other": ["Too long.", "Odd."]}), **HTMX)

    assert answer is not None
    assert answer.content.decode().count("<li>") == 3


def test_the_unexpected_stays_unexpected() -> None:
    assert _answer(ZeroDivisionError()) is None


def test_every_page_has_the_place_where_refusals_are_put(lead: Member, browse: Browse) -> None:
    assert 'id="refusals"' in browse(lead).get("/w/maren-moss/").content.decode()
    assert 'id="refusals"' in Client().get("/accounts/login/").content.decode()


def test_a_refusal_no_view_showed_reaches_the_person(lead: Member, browse: Browse, workspace: Workspace) -> None:
    url = f"/w/{workspace.slug}/settings/members/{lead.pk}/remove/"

    answer = browse(lead).post(url)

    assert answer.status_code == 409
    assert "Somebody has to manage the workspace." in answer.content.decode()


def test_a_refusal_no_view_showed_reaches_htmx(lead: Member, browse: Browse, workspace: Workspace) -> None:
    url = f"/w/{workspace.slug}/settings/members/{lead.pk}/remove/"

    answer = browse(lead).post(url, headers=HTMX)

    assert answer.status_code == 409
    assert "<html" not in answer.content.decode()


MOMENT = datetime(2026, 5, 18, 21, 30, tzinfo=UTC)


def _seen(user: User) -> str:
    """How a page shows a moment and a word to this person."""

    def view(_request: HttpRequest) -> HttpResponse:
        shown = Template('{{ at|date:"Y-m-d H:i" }} {{ at|date:"F" }}').render(Context({"at": MOMENT}))
        return HttpResponse(shown)

    request = RequestFactory().get("/")
    request.user = user
    return MemberClockMiddleware(view)(request).content.decode()


@pytest.mark.parametrize(
    ("zone", "language", "shown"),
    [
        ("UTC", "en", "2026-05-18 21:30 May"),
        ("Europe/Sofia", "bg", "2026-05-19 00:30 Май"),
        ("America/New_York", "ru", "2026-05-18 17:30 Май"),
    ],
)
def test_moments_and_words_are_shown_as_the_person_set_them(zone: str, language: str, shown: str) -> None:
    assert _seen(User(email="ann@example.org", time_zone=zone, language=language)) == shown


def test_the_clock_of_one_person_does_not_tick_for_the_next() -> None:
    with translation.override("en"):
        _seen(User(email="ann@example.org", time_zone="Asia/Tokyo"))

        assert timezone.get_current_timezone_name() == "UTC"


def test_the_page_says_which_language_it_is_in(lead: Member, browse: Browse) -> None:
    User.objects.filter(pk=lead.user.pk).update(language="bg")

    answer = browse(lead).get("/w/maren-moss/")

    assert answer.headers["Content-Language"] == "bg"
    assert '<html lang="bg"' in answer.content.decode()


def test_the_language_of_one_request_does_not_reach_the_next(lead: Member, browse: Browse) -> None:
    User.objects.filter(pk=lead.user.pk).update(language="bg")
    browse(lead).get("/w/maren-moss/")

    assert '<html lang="en"' in Client().get("/accounts/login/").content.decode()
