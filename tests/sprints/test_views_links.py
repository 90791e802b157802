"""The owner's link: looking decides nothing, one answer counts, and whoever has no link has nothing."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from sprints.models import ApprovalRequest, ApprovalState, Covers, StoryDecision, Verdict
from sprints.services.approval_links import approval_token
from sprints.services.approval_policy import set_policy
from sprints.services.approvals import LINK_LIFE, remind
from tests.factories.approvals import (
    answer,
    asked,
    asked_about_mail,
    brief_of,
    ready_sprint,
    ready_story,
)
from tests.factories.strategy import PrincipleFactory, ReadingFactory
from workspaces.models import AuditEntry, Member, SystemMail, User, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_(workspace: Workspace, owner: Member, lead: Member, now: datetime) -> ApprovalRequest:
    """A plan of two stories that waits for the owner."""
    sprint = ready_sprint(workspace, stories=2)
    assert sprint.goal is not None
    ReadingFactory.create(kpi=sprint.goal.kpi)
    return asked(sprint, now, by=lead, to=owner)


def _link(request: ApprovalRequest) -> str:
    return reverse("sprints:approve", args=[approval_token(request)])


def _say(request: ApprovalRequest, verdict: str = "approved", **more: Any) -> dict[str, Any]:
    return {"fingerprint": request.fingerprint, "verdict": verdict, **more}


def _words(answer: Any) -> str:
    return unescape(answer.content.decode())


def test_the_owner_sees_the_plan_without_signing_in(request_: ApprovalRequest) -> None:
    page = Client().get(_link(request_))

    assert page.status_code == 200
    words = _words(page)
    for shown in (request_.snapshot["sprint"]["goal_sentence"], "31.6%", "34%", "Approve the plan", "Elena Petrova"):
        assert shown in words
    for item in request_.items:
        assert item["title"] in words
        assert item["criteria"][0] in words


def test_looking_a_hundred_times_decides_nothing(request_: ApprovalRequest) -> None:
    client, link = Client(), _link(request_)
    entries, mails = AuditEntry.objects.count(), SystemMail.objects.count()
    before = ApprovalRequest.objects.filter(pk=request_.pk).values().get()

    for _time in range(100):
        assert client.get(link, {"verdict": "approved", "fingerprint": request_.fingerprint}).status_code == 200
    for _time in range(10):
        assert client.head(link).status_code == 200
    assert client.options(link).status_code == 405

    assert ApprovalRequest.objects.filter(pk=request_.pk).values().get() == before
    assert not StoryDecision.objects.exists()
    assert (AuditEntry.objects.count(), SystemMail.objects.count()) == (entries, mails)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_only_a_post_decides(request_: ApprovalRequest, method: str) -> None:
    assert getattr(Client(), method)(_link(request_)).status_code == 405


def test_a_yes_is_written_down_and_said_back(request_: ApprovalRequest, owner: Member) -> None:
    page = Client().post(_link(request_), _say(request_, comment="Go."))

    assert page.status_code == 200
    assert "Thank you" in _words(page)
    assert "Go." in _words(page)
    request_.refresh_from_db()
    assert (request_.verdict, request_.decided_by, request_.comment) == (Verdict.APPROVED, owner, "Go.")


def test_it_works_where_no_cookie_is_kept(request_: ApprovalRequest) -> None:
    client = Client(enforce_csrf_checks=True)

    assert client.post(_link(request_), _say(request_)).status_code == 200

    request_.refresh_from_db()
    assert request_.state == ApprovalState.DECIDED


def test_one_story_is_answered_otherwise(request_: ApprovalRequest) -> None:
    first, second = (item["id"] for item in request_.items)
    said = {f"story_{second}_verdict": "change", f"story_{second}_comment": "Too dear", f"story_{first}_verdict": ""}

    page = Client().post(_link(request_), _say(request_, **said))

    assert "Too dear" in _words(page)
    verdicts = dict(StoryDecision.objects.values_list("story", "verdict"))
    assert verdicts == {first: "approved", second: "change"}
    request_.refresh_from_db()
    assert request_.verdict == Verdict.CHANGE


def test_a_word_about_a_story_is_kept_whatever_the_verdict(request_: ApprovalRequest) -> None:
    first = request_.items[0]["id"]

    Client().post(_link(request_), _say(request_, **{f"story_{first}_comment": "Nice one"}))

    decision = StoryDecision.objects.get(story=first)
    assert (decision.verdict, decision.comment) == (Verdict.APPROVED, "Nice one")


@pytest.mark.parametrize("data", [{}, {"verdict": "maybe"}, {"verdict": "approved", "fingerprint": ""}])
def test_an_answer_that_is_none_of_the_three_changes_nothing(request_: ApprovalRequest, data: dict[str, str]) -> None:
    page = Client().post(_link(request_), {"fingerprint": request_.fingerprint, **data})

    assert page.status_code == 422
    request_.refresh_from_db()
    assert request_.state == ApprovalState.OPEN


def test_the_link_works_once(request_: ApprovalRequest) -> None:
    link = _link(request_)
    Client().post(link, _say(request_))

    again = Client().post(link, _say(request_, "declined"))
    look = Client().get(link)

    for page in (again, look):
        assert page.status_code == 410
        assert "This link was used: the answer was “Approved”" in _words(page)
    request_.refresh_from_db()
    assert request_.verdict == Verdict.APPROVED
    assert StoryDecision.objects.count() == 2


def test_a_link_that_was_never_ours_opens_nothing(request_: ApprovalRequest) -> None:
    token = approval_token(request_)
    for forged in ("x", token[::-1], token[:-2], f"{token}A"):
        page = Client().post(reverse("sprints:approve", args=[forged]), _say(request_))

        assert page.status_code == 410
        assert request_.snapshot["sprint"]["goal_sentence"] not in _words(page)
    request_.refresh_from_db()
    assert request_.state == ApprovalState.OPEN


def test_an_expired_link_opens_nothing(request_: ApprovalRequest, now: datetime) -> None:
    ApprovalRequest.objects.update(link_expires_at=now - timedelta(seconds=1))

    for page in (Client().get(_link(request_)), Client().post(_link(request_), _say(request_))):
        assert page.status_code == 410
        assert "expired" in _words(page)
    assert not StoryDecision.objects.exists()


def test_the_link_from_before_a_reminder_opens_nothing(request_: ApprovalRequest, lead: Member, now: datetime) -> None:
    old = _link(request_)
    remind(request=request_, by=lead, now=now + LINK_LIFE)
    request_.refresh_from_db()

    assert Client().post(old, _say(request_)).status_code == 410
    assert Client().get(_link(request_)).status_code == 200


def test_the_link_to_a_version_that_was_replaced_opens_nothing(
    request_: ApprovalRequest, owner: Member, now: datetime
) -> None:
    assert request_.sprint is not None
    asked(request_.sprint, now, to=owner)

    page = Client().post(_link(request_), _say(request_))

    assert page.status_code == 410
    assert "newer version" in _words(page)


def test_when_the_plan_changed_meanwhile_nothing_is_decided_and_the_words_stay(request_: ApprovalRequest) -> None:
    link = _link(request_)
    assert request_.sprint is not None
    brief = brief_of(request_.sprint.stories.ranked()[0])
    brief.cost = Decimal(540)
    brief.save()

    page = Client().post(link, _say(request_, comment="My long thoughts"))

    assert page.status_code == 422
    assert "The plan changed after it was sent to you. Nothing was decided" in _words(page)
    assert "My long thoughts" in _words(page)
    assert not StoryDecision.objects.exists()
    assert Client().get(link).status_code == 200


def test_a_page_of_another_version_decides_nothing(request_: ApprovalRequest) -> None:
    page = Client().post(_link(request_), _say(request_) | {"fingerprint": "0" * 64})

    assert page.status_code == 422
    assert "out of date" in _words(page)
    assert not StoryDecision.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_taps_at_once_one_counts(workspace: Workspace, owner: Member, lead: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace, stories=2), now, by=lead, to=owner)
    link, start, answers = _link(request), threading.Barrier(2), []

    def tap(verdict: str) -> None:
        start.wait()
        try:
            answers.append((Client().post(link, _say(request, verdict)).status_code, verdict))
        finally:
            connection.close()

    threads = [threading.Thread(target=tap, args=[verdict]) for verdict in ("approved", "declined")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    request.refresh_from_db()
    accepted = [verdict for status, verdict in answers if status == 200]
    assert accepted == [request.verdict]
    assert {status for status, _verdict in answers} <= {200, 410, 422}
    assert StoryDecision.objects.filter(verdict=request.verdict).count() == 2


@pytest.mark.parametrize(
    ("covers", "words"),
    [(Covers.BRIEF, "it does not come to you again"), (Covers.CONTENT, "comes to you before it goes out")],
)
def test_the_page_says_what_the_approval_covers(
    request_: ApprovalRequest, lead: Member, now: datetime, covers: Covers, words: str
) -> None:
    set_policy(workspace=request_.workspace, covers=covers, audience_tolerance=0.15, by=lead, now=now)

    page = _words(Client().get(_link(request_)))

    assert words in page
    assert "by more than 15%" in page


def test_the_rules_of_the_game_stand_where_the_decision_is_taken(request_: ApprovalRequest) -> None:
    PrincipleFactory.create(workspace=request_.workspace, rule="Teach first, sell second")

    assert "Teach first, sell second" in _words(Client().get(_link(request_)))


def test_what_changed_since_the_last_answer_is_shown(request_: ApprovalRequest, owner: Member, now: datetime) -> None:
    answer(request_, Verdict.CHANGE, now)
    assert request_.sprint is not None
    brief = brief_of(request_.sprint.stories.ranked()[0])
    brief.offer = "Free pouch"
    brief.save()
    second = asked(request_.sprint, now, to=owner)

    page = _words(Client().get(_link(second)))

    assert "Since version 1" in page
    assert "<ins>Free pouch</ins>" in page


def test_the_page_speaks_by_the_clock_of_the_owner(request_: ApprovalRequest, owner: Member) -> None:
    User.objects.filter(pk=owner.user_id).update(time_zone="Pacific/Auckland")
    late = request_.requested_at.replace(microsecond=0)
    ApprovalRequest.objects.update(requested_at=late)

    page = Client().get(_link(request_))

    assert late.astimezone(ZoneInfo("Pacific/Auckland")).isoformat() in _words(page)


def test_the_page_is_neither_cached_nor_listed(request_: ApprovalRequest) -> None:
    page = Client().get(_link(request_))

    assert "no-store" in page.headers["Cache-Control"]
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.headers["Referrer-Policy"] == "same-origin"


def test_signing_in_changes_nothing_about_the_link(
    request_: ApprovalRequest, outsider: Member, browse: Callable[[Member], Client]
) -> None:
    page = browse(outsider).get(_link(request_))

    assert page.status_code == 200
    assert "Oleg Strange" not in _words(page)


def test_enter_in_a_field_presses_no_button(request_: ApprovalRequest) -> None:
    page = _words(Client().get(_link(request_)))

    form = page[page.index('<form id="decide"') :]
    assert form.index('type="submit" disabled hidden') < form.index("</form>")


@pytest.fixture
def mail_request(workspace: Workspace, owner: Member, now: datetime) -> ApprovalRequest:
    return asked_about_mail(ready_story(ready_sprint(workspace)), now, to=owner)


def test_a_finished_mail_is_shown_with_subject_preview_text_and_sender(mail_request: ApprovalRequest) -> None:
    page = _words(Client().get(_link(mail_request)))

    for shown in ("Your serum is running low", "Three weeks are left", "hello@marenmoss.example", "exactly this mail"):
        assert shown in page
    mail = reverse("sprints:approve_mail", args=[approval_token(mail_request)])
    assert f'<iframe class="mailframe" src="{mail}" sandbox' in page


def _mail(request: ApprovalRequest) -> Any:
    return Client().get(reverse("sprints:approve_mail", args=[approval_token(request)]))


def test_the_mail_itself_is_frozen_html_that_can_do_nothing(mail_request: ApprovalRequest) -> None:
    page = _mail(mail_request)

    assert _words(page) == mail_request.items[0]["content"]["html"]
    policy = set(page.headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src 'none'", "style-src 'unsafe-inline'", "img-src 'self' https: data:", "sandbox",
        "form-action 'none'", "base-uri 'none'", "frame-ancestors 'self'",
    }  # fmt: skip
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "no-store" in page.headers["Cache-Control"]


def test_a_plan_has_no_mail_to_show(request_: ApprovalRequest) -> None:
    assert _mail(request_).status_code == 404


def test_the_mail_is_shown_only_through_a_link_that_works(mail_request: ApprovalRequest, now: datetime) -> None:
    answer(mail_request, Verdict.APPROVED, now)

    assert _mail(mail_request).status_code == 410
    assert Client().get(reverse("sprints:approve_mail", args=["nothing"])).status_code == 410


def test_the_mail_cannot_be_posted_to(mail_request: ApprovalRequest) -> None:
    mail = reverse("sprints:approve_mail", args=[approval_token(mail_request)])

    assert Client().post(mail).status_code == 405


def test_a_finished_mail_is_approved_as_a_whole(mail_request: ApprovalRequest) -> None:
    page = Client().post(_link(mail_request), _say(mail_request))

    assert page.status_code == 200
    assert StoryDecision.objects.get().verdict == Verdict.APPROVED
