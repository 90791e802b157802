"""The conversation about a request: it reaches those it is for, decides nothing, and stands in the log."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from sprints.approval_conversation import conversation_of
from sprints.letters import approval_message
from sprints.models import ApprovalEvent, ApprovalLogEntry, ApprovalMessage, ApprovalRequest, ApprovalState, Audience
from sprints.services.approval_links import approval_token
from sprints.services.approval_talk import LONGEST_MESSAGE, MOST_AN_HOUR, MessageRefused, may_speak, write_message
from sprints.services.comments import write_comment
from sprints.telling import SAID
from tests.factories.approvals import asked, ready_sprint
from workspaces.models import Member, Notice, SystemMail, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(workspace: Workspace, owner: Member, lead: Member, now: datetime) -> ApprovalRequest:
    return asked(ready_sprint(workspace), now, by=lead, to=owner)


def _told() -> set[int]:
    return set(Notice.objects.filter(kind=SAID).values_list("member", flat=True))


def test_a_question_of_the_owner_reaches_who_asked(
    waiting: ApprovalRequest, owner: Member, lead: Member, now: datetime
) -> None:
    write_message(request=waiting, text="Is there enough stock?", by=owner, now=now)

    waiting.refresh_from_db()
    assert (_told(), waiting.state) == ({lead.pk}, ApprovalState.OPEN)
    entry = ApprovalLogEntry.objects.get(event=ApprovalEvent.SAID)
    assert entry.detail["comment"] == "Is there enough stock?"


def test_an_answer_of_the_team_is_mailed_to_the_owner_with_the_link(
    waiting: ApprovalRequest, owner: Member, lead: Member, now: datetime
) -> None:
    write_message(request=waiting, text="640 bottles.", by=lead, now=now)

    mail = SystemMail.objects.get(kind="sprints.approval_message")
    letter = approval_message(mail, now)
    assert mail.to == owner.user.email
    assert letter is not None
    assert approval_token(waiting, owner) in letter.context["link"]
    assert Notice.objects.get(member=owner, kind=SAID).mail_at is None


def test_who_is_mentioned_and_who_spoke_before_is_told(
    waiting: ApprovalRequest, owner: Member, lead: Member, marketer: Member, seller: Member, now: datetime
) -> None:
    write_message(request=waiting, text="I can say more.", by=seller, now=now)
    Notice.objects.all().delete()

    write_message(request=waiting, text=f"@{marketer}, what do you think?", by=owner, now=now)

    assert _told() == {lead.pk, marketer.pk, seller.pk}


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (LONGEST_MESSAGE + 1)])
def test_nothing_and_too_much_are_refused(waiting: ApprovalRequest, owner: Member, now: datetime, text: str) -> None:
    with pytest.raises(MessageRefused):
        write_message(request=waiting, text=text, by=owner, now=now)


def test_a_link_in_wrong_hands_floods_nobody(waiting: ApprovalRequest, owner: Member, now: datetime) -> None:
    for _time in range(MOST_AN_HOUR):
        write_message(request=waiting, text="Again", by=owner, now=now)

    with pytest.raises(MessageRefused):
        write_message(request=waiting, text="Again", by=owner, now=now)
    write_message(request=waiting, text="Later", by=owner, now=now + timedelta(hours=1, minutes=1))


def test_guests_and_strangers_have_no_part_in_it(
    waiting: ApprovalRequest, guest: Member, outsider: Member, now: datetime
) -> None:
    assert not may_speak(waiting, guest, now)
    assert not may_speak(waiting, outsider, now)


def test_a_question_by_link_keeps_the_answer_that_is_half_written(waiting: ApprovalRequest) -> None:
    pk = waiting.items[0]["id"]
    draft = {"comment": "Not before Easter", f"story_{pk}_comment": "Smaller", f"story_{pk}_verdict": "change"}

    page = Client().post(
        reverse("sprints:approve_say", args=[approval_token(waiting)]), {"text": "Is there stock?", **draft}
    )

    words = page.content.decode()
    assert page.status_code == 200
    for kept in ("Is there stock?", "Not before Easter", "Smaller"):
        assert kept in words
    waiting.refresh_from_db()
    assert waiting.state == ApprovalState.OPEN
    assert ApprovalMessage.objects.get().via == "link"


def test_a_question_on_the_page_keeps_the_answer_that_is_half_written(
    waiting: ApprovalRequest, owner: Member, browse: Callable[[Member], Client]
) -> None:
    url = reverse("sprints:approval_say", kwargs={"workspace": waiting.workspace.slug, "pk": waiting.pk})

    words = browse(owner).post(url, {"text": "Is there stock?", "comment": "Not before Easter"}).content.decode()

    assert "Is there stock?" in words
    assert "Not before Easter" in words


def test_words_cannot_run_in_the_page(waiting: ApprovalRequest, lead: Member, now: datetime) -> None:
    write_message(request=waiting, text="<script>alert(1)</script>", by=lead, now=now)

    page = Client().get(reverse("sprints:approve", args=[approval_token(waiting)])).content.decode()

    assert "<script>alert(1)" not in page


def test_it_goes_on_over_versions_and_holds_what_was_shared_on_the_stories(
    waiting: ApprovalRequest, owner: Member, lead: Member, now: datetime
) -> None:
    write_message(request=waiting, text="About the first", by=owner, now=now)
    assert waiting.sprint is not None
    story = waiting.sprint.stories.get()
    write_comment(story=story, text="For everybody", audience=Audience.EVERYBODY, by=lead, now=now)
    write_comment(story=story, text="For the team", audience=Audience.TEAM, by=lead, now=now)
    story.criteria.create(workspace=story.workspace, text="One more", position=9)

    second = asked(waiting.sprint, now + timedelta(hours=1), by=lead, to=owner)

    said = [(entry.html or "", entry.words) for entry in conversation_of(second).entries]
    words = "".join(html for html, _words in said)
    assert "About the first" in words
    assert "For everybody" in words
    assert "For the team" not in words
    assert "about version 1" in [more for _html, more in said]


def test_open_pages_are_told(
    waiting: ApprovalRequest, owner: Member, told: Callable[..., set[str]], now: datetime
) -> None:
    topics = told(lambda: write_message(request=waiting, text="Is there stock?", by=owner, now=now))

    assert {f"approval-{waiting.pk}", f"approvals-{waiting.workspace_id}"} <= topics
