"""Raw ideas: how they come in, and that each is decided once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from sprints.idea_mail import idea_answer
from sprints.models import Idea, IdeaSource, IdeaState, Story, StoryKind
from sprints.services.ideas import (
    MOST_AN_HOUR,
    IdeaRefused,
    IntakeClosed,
    Told,
    TooManyIdeas,
    accept_idea,
    decline_idea,
    link_of,
    link_token,
    merge_idea,
    open_link,
    reopen_idea,
    revoke_link,
    snooze_idea,
    take_idea,
)
from tests.factories.audience import ContactFactory
from tests.factories.backlog import IdeaFactory, IntakeLinkFactory
from tests.factories.sprints import StoryFactory
from tests.sprints.looking import titles
from workspaces.models import Member, SystemMail, Workspace


class TestTaking:
    def test_the_same_reference_is_the_same_idea(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        told = Told("Ask for a photo", reference="crm-7", source=IdeaSource.API)

        first = take_idea(workspace=workspace, told=told, by=lead, now=now)
        again = take_idea(workspace=workspace, told=told, by=lead, now=now)

        assert first == again
        assert Idea.objects.count() == 1

    def test_ideas_without_a_reference_may_be_alike(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        for _n in range(2):
            take_idea(workspace=workspace, told=Told("Ask for a photo"), by=lead, now=now)

        assert Idea.objects.count() == 2

    def test_a_flood_by_one_link_is_stopped_for_an_hour(self, workspace: Workspace, now: datetime) -> None:
        link, other = IntakeLinkFactory.create(workspace=workspace), IntakeLinkFactory.create(workspace=workspace)
        IdeaFactory.create_batch(MOST_AN_HOUR, workspace=workspace, link=link, received_at=now)

        with pytest.raises(TooManyIdeas):
            take_idea(workspace=workspace, told=Told("One more", link=link), by=None, now=now)
        take_idea(workspace=workspace, told=Told("By another way", link=other), by=None, now=now)
        take_idea(workspace=workspace, told=Told("Later", link=link), by=None, now=now + timedelta(minutes=61))

        assert Idea.objects.filter(title__in=["One more", "By another way", "Later"]).count() == 2


class TestDeciding:
    def test_accepted_it_is_a_story_that_knows_where_it_comes_from(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        contact = ContactFactory.create(workspace=workspace)
        idea = IdeaFactory.create(
            workspace=workspace, source=IdeaSource.ANSWER, contact=contact, title="Smaller bottle"
        )
        StoryFactory.create(workspace=workspace, title="Old")

        story = accept_idea(idea=idea, kind=StoryKind.RESEARCH, tell=True, by=lead, now=now)

        idea.refresh_from_db()
        assert titles(workspace) == ["Smaller bottle", "Old"]
        assert (story.problem, story.kind, story.origin.kind, story.origin.contact) == (
            idea.text, "research", "answer", contact,
        )  # fmt: skip
        assert (idea.state, idea.story) == (IdeaState.ACCEPTED, story)
        mail = SystemMail.objects.get(kind="sprints.idea_answer")
        letter = idea_answer(mail, now)
        assert (mail.to, letter and letter.subject) == (idea.sender_email, f"Your idea: {idea.title}")

    def test_merged_it_stands_beside_the_story_and_makes_none(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        story, idea = StoryFactory.create(workspace=workspace), IdeaFactory.create(workspace=workspace)

        merge_idea(idea=idea, story=story, by=lead, now=now)

        assert list(story.ideas.all()) == [idea]
        assert Story.objects.count() == 1

    def test_snoozed_it_comes_back_on_its_day(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        idea, today = IdeaFactory.create(workspace=workspace), now.astimezone(workspace.zone).date()

        snooze_idea(idea=idea, until=today + timedelta(days=3), by=lead, now=now)

        waiting = [Idea.objects.waiting(today + timedelta(days=n)).exists() for n in range(5)]
        assert waiting == [False, False, False, True, True]
        assert Idea.objects.asleep(today).exists()

    @pytest.mark.parametrize("days", [-1, 0, 400])
    def test_snoozing_into_the_past_or_for_ever_is_refused(
        self, workspace: Workspace, lead: Member, now: datetime, days: int
    ) -> None:
        idea, today = IdeaFactory.create(workspace=workspace), now.astimezone(workspace.zone).date()

        with pytest.raises(IdeaRefused, match="from tomorrow"):
            snooze_idea(idea=idea, until=today + timedelta(days=days), by=lead, now=now)

    def test_declined_with_a_reason_that_the_sender_gets(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        idea = IdeaFactory.create(workspace=workspace)

        with pytest.raises(IdeaRefused, match="Say why"):
            decline_idea(idea=idea, reason=" ", by=lead, now=now)
        decline_idea(idea=idea, reason="Too early", tell=True, by=lead, now=now)

        idea.refresh_from_db()
        assert (idea.state, idea.reason, idea.decided_by) == (IdeaState.DECLINED, "Too early", lead)
        assert SystemMail.objects.filter(kind="sprints.idea_answer", to="nora@shop.example").count() == 1

    def test_there_is_no_mail_to_nobody(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        idea = IdeaFactory.create(workspace=workspace, sender_email="")

        with pytest.raises(IdeaRefused, match="left no address"):
            decline_idea(idea=idea, reason="Too early", tell=True, by=lead, now=now)

        idea.refresh_from_db()
        assert idea.state == IdeaState.NEW

    def test_what_was_declined_can_come_back_and_the_mail_is_pointless_then(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        idea = IdeaFactory.create(workspace=workspace)
        decline_idea(idea=idea, reason="Too early", tell=True, by=lead, now=now)

        reopen_idea(idea=idea, by=lead, now=now)

        idea.refresh_from_db()
        assert (idea.state, idea.reason) == (IdeaState.NEW, "")
        assert idea_answer(SystemMail.objects.get(), now) is None

    def test_a_story_is_not_taken_back_to_an_idea(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        idea = IdeaFactory.create(workspace=workspace)
        accept_idea(idea=idea, by=lead, now=now)

        with pytest.raises(IdeaRefused, match="is a story now"):
            reopen_idea(idea=idea, by=lead, now=now)

    def test_a_dropped_story_takes_no_ideas(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        story = StoryFactory.create(workspace=workspace, dropped_at=now)

        with pytest.raises(IdeaRefused, match="was dropped"):
            merge_idea(idea=IdeaFactory.create(workspace=workspace), story=story, by=lead, now=now)


@pytest.mark.django_db(transaction=True)
def test_two_who_accept_at_once_make_one_story(workspace: Workspace, lead: Member, now: datetime) -> None:
    idea = IdeaFactory.create(workspace=workspace)

    def accept(_n: int) -> str:
        try:
            accept_idea(idea=Idea.objects.select_related("workspace").get(pk=idea.pk), by=lead, now=now)
        except IdeaRefused as late:
            return str(late)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(accept, range(2)))

    assert said == ["", "This was decided already: Became a story."]
    assert Story.objects.count() == 1


class TestPage:
    @pytest.fixture
    def address(self, workspace: Workspace, lead: Member, now: datetime) -> str:
        link = open_link(workspace=workspace, label="Shop floor", welcome="", by=lead, now=now)
        return reverse("sprints:idea_page", args=[link_token(link)])

    def test_anybody_leaves_an_idea_without_signing_in(self, workspace: Workspace, address: str) -> None:
        client = Client(enforce_csrf_checks=True)
        asked = client.get(address)

        thanked = client.post(address, {"title": "Smaller bottle", "sender_email": "nora@shop.example"})

        idea = Idea.objects.get()
        assert "Your idea for Maren" in asked.content.decode()
        assert "Thank you" in thanked.content.decode()
        assert (idea.workspace, idea.source, idea.sender_email, idea.sent_by) == (
            workspace, "link", "nora@shop.example", None,
        )  # fmt: skip
        assert thanked.headers["X-Robots-Tag"] == "noindex, nofollow"

    def test_what_falls_into_the_trap_is_thanked_and_not_kept(self, address: str) -> None:
        answer = Client().post(address, {"title": "Buy", "website": "https://spam.example"})

        assert "Thank you" in answer.content.decode()
        assert not Idea.objects.exists()

    @pytest.mark.parametrize("data", [{}, {"title": " "}, {"title": "x" * 161}, {"title": "x", "sender_email": "no"}])
    def test_what_is_wrong_is_said_under_its_field(self, address: str, data: dict[str, str]) -> None:
        answer = Client().post(address, data)

        assert answer.status_code == 422
        assert "field__error" in answer.content.decode()

    def test_a_flood_is_asked_to_wait(self, workspace: Workspace, address: str, now: datetime) -> None:
        link = link_of(address.strip("/").rpartition("/")[2])
        IdeaFactory.create_batch(MOST_AN_HOUR, workspace=workspace, link=link, received_at=now)

        answer = Client().post(address, {"title": "One more"})

        assert answer.status_code == 429
        assert "try again in an hour" in answer.content.decode()

    def test_a_closed_a_forged_and_a_foreign_address_lead_nowhere(
        self, lead: Member, now: datetime, address: str
    ) -> None:
        revoke_link(link=link_of(address.strip("/").rpartition("/")[2]), by=lead, now=now)

        assert Client().get(address).status_code == 404
        assert Client().post(address, {"title": "Late"}).status_code == 404
        assert Client().get(reverse("sprints:idea_page", args=["AQwAAAA"])).status_code == 404
        assert not Idea.objects.exists()

    def test_a_link_without_a_place_is_refused(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        with pytest.raises(IdeaRefused, match="for whom"):
            open_link(workspace=workspace, label=" ", welcome="", by=lead, now=now)
        with pytest.raises(IntakeClosed):
            link_of("nonsense")
