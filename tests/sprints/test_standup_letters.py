"""The mails of the stand-up."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from pytest_django import Settings

from sprints.models import Sprint
from sprints.services.blockers import block_story
from sprints.services.standup_calls import call_stand_ups
from tests.factories.approvals import asked, ready_sprint
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.standups import every_day, said
from workspaces import systemmail
from workspaces.models import Member

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 6, 8, 6, 0, tzinfo=UTC)  # nine in Sofia
NOON = MONDAY + timedelta(hours=3)


def post_office(now: datetime) -> None:
    call_stand_ups(now)
    systemmail.send_due(now)


def sent() -> list[EmailMultiAlternatives]:
    return [letter for letter in mail.outbox if isinstance(letter, EmailMultiAlternatives)]


def text_to(member: Member) -> str:
    [letter] = [letter for letter in sent() if letter.to == [member.user.email]]
    return f"{letter.subject}\n{letter.body}"


def test_the_reminder_holds_the_plan_of_the_last_time_and_the_way(lead: Member) -> None:
    every_day([lead], MONDAY - timedelta(days=4))
    said(lead, MONDAY - timedelta(days=3), today="Photographs of the summer set")

    post_office(MONDAY)

    assert "Photographs of the summer set" in text_to(lead)
    assert f"/w/{lead.workspace.slug}/stand-up/" in text_to(lead)


def test_who_wrote_meanwhile_gets_no_reminder(lead: Member) -> None:
    every_day([lead], MONDAY)
    call_stand_ups(MONDAY)
    said(lead, MONDAY)

    systemmail.send_due(MONDAY)

    assert sent() == []


def test_a_reminder_that_comes_too_late_is_not_sent(lead: Member) -> None:
    every_day([lead], MONDAY)
    call_stand_ups(MONDAY)

    systemmail.send_due(MONDAY + timedelta(days=1))

    assert sent() == []


def test_the_digest_says_first_what_is_in_the_way(lead: Member, marketer: Member, owner: Member) -> None:
    every_day([lead, marketer], MONDAY)
    sprint: Sprint = SprintFactory.create(workspace=lead.workspace, running=True)
    story = StoryFactory.create(workspace=lead.workspace, sprint=sprint, title="Serum reminder")
    block_story(story=story, reason="No feed", owner=marketer, by=lead, now=MONDAY - timedelta(days=2))
    asked(ready_sprint(lead.workspace), MONDAY - timedelta(days=1), by=lead, to=owner)
    systemmail.send_due(MONDAY)
    mail.outbox.clear()
    said(lead, MONDAY, today="Photographs")

    post_office(NOON)

    text = text_to(lead)
    assert "1 of 2 wrote" in text
    assert text.index("No feed") < text.index(f"Waiting for {owner}") < text.index("Photographs")
    assert f"Did not write: {marketer}" in text


def test_the_digest_speaks_the_readers_language(lead: Member, marketer: Member, settings: Settings) -> None:
    settings.LANGUAGES = [("en", "English"), ("bg", "Bulgarian")]
    marketer.user.language = "bg"
    marketer.user.save()
    every_day([lead, marketer], MONDAY)
    said(lead, MONDAY)

    post_office(NOON)

    languages = {letter.to[0]: str(letter.alternatives[0][0]).split('lang="')[1][:2] for letter in sent()}
    assert languages == {lead.user.email: "en", marketer.user.email: "bg"}
