"""Approval holds against scanners that open every link, against replays, and against everybody answering at once."""

import re
import threading
from collections.abc import Callable
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from sprints.approval_log import verify
from sprints.letters import approval, approval_message, condition
from sprints.models import (
    ApprovalCondition,
    ApprovalLogEntry,
    ApprovalRequest,
    ApprovalState,
    StoryDecision,
    Verdict,
)
from sprints.services.approval_links import approval_token
from sprints.services.approval_talk import write_message
from tests.factories.approvals import answer, asked, ready_sprint
from tests.factories.workspaces import MemberFactory
from workspaces.models import AuditEntry, Member, SystemMail, Workspace
from workspaces.permissions import Role

pytestmark = pytest.mark.django_db
TIMES = 100
HREF = re.compile(r'href="([^"]+)"')


@pytest.fixture
def waiting(workspace: Workspace, owner: Member, lead: Member, now: datetime) -> ApprovalRequest:
    return asked(ready_sprint(workspace), now, by=lead, to=owner)


def _links(build: Callable[..., Any], mail: SystemMail, now: datetime) -> list[str]:
    """The addresses in a finished mail that lead to us."""
    letter = build(mail, now)
    html = render_to_string(f"{letter.template}.html", letter.context)
    found = [unescape(link) for link in HREF.findall(html)]
    return [urlsplit(link).path for link in found if link.startswith(settings.BASE_URL)]


def _everything() -> dict[str, Any]:
    """All that an answer, a tick or a used link would change."""
    return {
        "requests": list(ApprovalRequest.objects.order_by("pk").values()),
        "conditions": list(ApprovalCondition.objects.order_by("pk").values()),
        "decisions": StoryDecision.objects.count(),
        "log": ApprovalLogEntry.objects.count(),
        "audit": AuditEntry.objects.count(),
        "mails": SystemMail.objects.count(),
    }


def test_a_scanner_that_opens_every_link_of_every_mail_changes_nothing(
    workspace: Workspace, owner: Member, lead: Member, marketer: Member, waiting: ApprovalRequest, now: datetime
) -> None:
    write_message(request=waiting, text="Is there stock?", by=lead, now=now)
    answered = asked(ready_sprint(workspace), now, by=lead, to=owner)
    answer(answered, Verdict.CONDITIONS, now, comment=f"@{marketer} counts the stock")
    letters = {
        "sprints.approval": approval,
        "sprints.approval_message": approval_message,
        "sprints.condition": condition,
    }
    mails = SystemMail.objects.filter(kind__in=letters).exclude(kind="sprints.approval", object_id=answered.pk)
    links = [link for mail in mails for link in _links(letters[mail.kind], mail, now)]
    assert len(links) == 3
    before = _everything()

    for link in links:
        for time in range(TIMES):
            client = Client()
            look = client.head if time % 2 else client.get
            assert look(link, {"verdict": "approved", "is_met": "on"}).status_code == 200

    assert _everything() == before
    said = {"fingerprint": waiting.fingerprint, "verdict": "approved"}
    assert Client().post(reverse("sprints:approve", args=[approval_token(waiting)]), said).status_code == 200


def test_an_answer_that_is_played_again_by_link_counts_once(waiting: ApprovalRequest) -> None:
    link = reverse("sprints:approve", args=[approval_token(waiting)])
    yes = {"fingerprint": waiting.fingerprint, "verdict": "approved"}

    answers = [Client().post(link, yes).status_code for _time in range(5)]
    other = Client().post(link, {**yes, "verdict": "declined"})

    assert answers == [200, 410, 410, 410, 410]
    assert other.status_code == 410
    assert StoryDecision.objects.get().verdict == Verdict.APPROVED


def test_an_answer_that_is_played_again_by_api_counts_once(
    waiting: ApprovalRequest, owner: Member, api: Callable[..., APIClient]
) -> None:
    url = reverse("api:approval-decide", kwargs={"pk": waiting.pk})
    yes = {"fingerprint": waiting.fingerprint, "verdict": "approved"}

    answers = [api(owner).post(url, yes, format="json").status_code for _time in range(3)]

    assert answers == [200, 409, 409]
    assert StoryDecision.objects.count() == 1


def test_words_on_a_link_that_ended_are_given_back(waiting: ApprovalRequest, now: datetime) -> None:
    link = reverse("sprints:approve", args=[approval_token(waiting)])
    answer(waiting, Verdict.APPROVED, now)

    page = Client().post(link, {"verdict": "change", "comment": "Mind the stock, please."})
    asked_by_itself = Client().get(link, {"writing": "1"})

    assert page.status_code == 410
    assert "Mind the stock, please." in page.content.decode()
    assert asked_by_itself.status_code == 286
    assert "was not sent" in asked_by_itself.content.decode()


def _at_once(*doings: Callable[[], int]) -> list[int]:
    barrier, statuses = threading.Barrier(len(doings)), []

    def run(do: Callable[[], int]) -> None:
        barrier.wait()
        try:
            statuses.append(do())
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(do,)) for do in doings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_time", range(3))
def test_two_owners_who_decide_at_once_by_browser_and_api_leave_one_answer(
    waiting: ApprovalRequest, owner: Member, browse: Callable[[Member], Client], api: Callable[..., APIClient],
    workspace: Workspace, _time: int,
) -> None:  # fmt: skip
    partner = MemberFactory.create(workspace=workspace, role=Role.OWNER)
    place = {"workspace": workspace.slug, "pk": waiting.pk}
    page, link = (
        reverse("sprints:approval_detail", kwargs=place),
        reverse("sprints:approve", args=[approval_token(waiting)]),
    )
    address = reverse("api:approval-decide", kwargs={"pk": waiting.pk})
    yes = {"fingerprint": waiting.fingerprint, "verdict": "approved"}
    no = {**yes, "verdict": "declined"}
    hers, by_api = browse(partner), api(partner)

    _at_once(
        lambda: hers.post(page, no).status_code,
        lambda: Client().post(link, yes).status_code,
        lambda: by_api.post(address, no, format="json").status_code,
        lambda: Client().post(link, yes).status_code,
    )

    waiting.refresh_from_db()
    assert StoryDecision.objects.get().verdict == waiting.verdict
    assert ApprovalLogEntry.objects.filter(event="decided").count() == 1
    assert verify(workspace).is_intact


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_time", range(3))
@pytest.mark.parametrize("way", ["browser", "api"])
def test_an_answer_at_the_moment_of_a_newer_version_is_whole_or_refused(
    waiting: ApprovalRequest, owner: Member, lead: Member, browse: Callable[[Member], Client],
    api: Callable[..., APIClient], workspace: Workspace, way: str, _time: int,
) -> None:  # fmt: skip
    yes = {"fingerprint": waiting.fingerprint, "verdict": "approved"}
    link = reverse("sprints:approve", args=[approval_token(waiting)])
    decide = reverse("api:approval-decide", kwargs={"pk": waiting.pk})
    place = {"workspace": workspace.slug, "pk": waiting.sprint_id}
    ask, ask_api = reverse("sprints:approval_request", kwargs=place), reverse("api:approval-list")
    maker, by_api, owner_api = browse(lead), api(lead), api(owner)
    asks = {"sprint": waiting.sprint_id, "approver": owner.user.email}
    doings: dict[str, tuple[Callable[[], int], Callable[[], int]]] = {
        "browser": (
            lambda: Client().post(link, yes).status_code,
            lambda: maker.post(ask, {"approver": owner.pk, "message": ""}).status_code,
        ),
        "api": (
            lambda: owner_api.post(decide, yes, format="json").status_code,
            lambda: by_api.post(ask_api, asks, format="json").status_code,
        ),
    }

    _at_once(*doings[way])

    waiting.refresh_from_db()
    decided = StoryDecision.objects.filter(request=waiting).count()
    assert (waiting.state, decided) in {(ApprovalState.DECIDED, 1), (ApprovalState.SUPERSEDED, 0)}
    newer = ApprovalRequest.objects.filter(version=2)
    assert newer.exists() is (waiting.state == ApprovalState.SUPERSEDED)
    assert verify(workspace).is_intact
