"""Verbs on campaigns."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaigns import services
from campaigns.liquid import RenderFailed, TemplateRefused
from campaigns.models import Campaign, CampaignState, ContentFormat, ContentVersion, Sender
from campaigns.services import CampaignRefused, ScheduleRefused
from emailops.lib.errors import DomainError
from sprints.models import ApprovalRequest
from sprints.services.answer_words import ApprovalRefused
from tests.conftest import Bell
from tests.factories.audience import AttributeFactory, ContactFactory, SegmentFactory
from tests.factories.campaigns import (
    CampaignFactory,
    SenderFactory,
    cover_content,
    ready_campaign,
    with_parts,
    write,
)
from tests.factories.sprints import BriefFactory, StoryFactory
from tests.factories.workspaces import MemberFactory, WorkspaceFactory
from workspaces.models import AuditEntry, Member, Workspace

MAIL: dict[str, Any] = {
    "subject": "Hello",
    "preheader": "Soon",
    "written_as": ContentFormat.MARKDOWN,
    "source": "Hello {{ contact.first_name }}",
}


@pytest.fixture
def campaign(workspace: Workspace) -> Campaign:
    made: Campaign = CampaignFactory.create(workspace=workspace)
    return made


def _last_action() -> str:
    return AuditEntry.objects.order_by("pk").last().action  # type: ignore[union-attr]  # there is one


# Senders


def test_a_sender_is_added_once_and_can_come_back(workspace: Workspace, lead: Member, now: datetime) -> None:
    who: dict[str, Any] = {"workspace": workspace, "name": " Maren ", "email": "Maren@Moss.example", "by": lead}

    sender = services.add_sender(**who, now=now, reply_to="hello@moss.example")
    with pytest.raises(CampaignRefused):
        services.add_sender(**who, now=now)
    services.archive_sender(sender=sender, by=lead, now=now)
    services.archive_sender(sender=sender, by=lead, now=now)
    again = services.add_sender(**who, now=now)

    assert (sender.name, sender.email, sender.reply_to) == ("Maren", "maren@moss.example", "hello@moss.example")
    assert again.pk != sender.pk
    assert AuditEntry.objects.filter(action="sender.archived").count() == 1


@pytest.mark.parametrize("name", ["Maren\r\nBcc: all@example.org", "Ma\x00ren", "Ma\u2028ren"])
def test_a_senders_name_is_one_line(workspace: Workspace, lead: Member, now: datetime, name: str) -> None:
    with pytest.raises(CampaignRefused) as refusal:
        services.add_sender(workspace=workspace, name=name, email="a@moss.example", by=lead, now=now)

    assert "name" in refusal.value.fields
    assert not Sender.objects.exists()


# Beginning


def test_a_campaign_begins_with_the_brief_of_its_story(workspace: Workspace, marketer: Member, now: datetime) -> None:
    sender = SenderFactory.create(workspace=workspace)
    SenderFactory.create(workspace=workspace)
    brief = BriefFactory.create(story__workspace=workspace, offer="Free pouch", cost=Decimal(240))

    campaign = services.create_campaign(story=brief.story, by=marketer, now=now)

    assert campaign.name == brief.story.title
    assert (campaign.segment, campaign.offer, campaign.cost) == (brief.segment, "Free pouch", Decimal(240))
    assert (campaign.sender, campaign.state, campaign.content) == (sender, CampaignState.DRAFT, None)
    assert _last_action() == "campaign.created"


def test_no_campaign_begins_without_a_brief_or_for_a_dropped_story(
    workspace: Workspace, marketer: Member, now: datetime
) -> None:
    without = StoryFactory.create(workspace=workspace)
    dropped = BriefFactory.create(story__workspace=workspace, story__dropped_at=now).story

    for story in (without, dropped):
        with pytest.raises(CampaignRefused):
            services.create_campaign(story=story, by=marketer, now=now)

    assert not Campaign.objects.exists()


def test_the_first_sender_in_use_is_chosen_and_nobody_elses(
    workspace: Workspace, marketer: Member, now: datetime
) -> None:
    SenderFactory.create(workspace=WorkspaceFactory.create())
    SenderFactory.create(workspace=workspace, archived_at=now)
    story = BriefFactory.create(story__workspace=workspace).story

    assert services.create_campaign(story=story, by=marketer, now=now).sender is None


# Changing


def test_a_draft_can_be_changed_and_the_log_keeps_what_it_was(
    campaign: Campaign, marketer: Member, now: datetime
) -> None:
    services.change_campaign(campaign=campaign, by=marketer, now=now, offer="10 %", cost=Decimal(5))

    campaign.refresh_from_db()
    assert (campaign.offer, campaign.cost) == ("10 %", Decimal(5))
    entry = AuditEntry.objects.get(action="campaign.changed")
    assert entry.detail["before"]["offer"] == ""


def test_a_cost_is_never_negative(campaign: Campaign, marketer: Member, now: datetime) -> None:
    with pytest.raises(CampaignRefused):
        services.change_campaign(campaign=campaign, by=marketer, now=now, cost=Decimal(-1))


def test_a_field_a_campaign_does_not_have_is_a_mistake_of_ours(
    campaign: Campaign, marketer: Member, now: datetime
) -> None:
    with pytest.raises(TypeError):
        services.change_campaign(campaign=campaign, by=marketer, now=now, state=CampaignState.SENT)


@pytest.mark.parametrize("state", [s for s in CampaignState if s not in {CampaignState.DRAFT, CampaignState.HELD}])
def test_what_is_scheduled_or_gone_cannot_be_edited(
    campaign: Campaign, marketer: Member, now: datetime, state: CampaignState
) -> None:
    version = write(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(state=state)  # the one at hand still says “draft”

    with pytest.raises(CampaignRefused):
        services.change_campaign(campaign=campaign, by=marketer, now=now, offer="New")
    with pytest.raises(CampaignRefused):
        services.write_content(campaign=campaign, by=marketer, now=now, **MAIL)
    with pytest.raises(CampaignRefused):
        services.restore_content(version=version, by=marketer, now=now)

    assert Campaign.objects.get(pk=campaign.pk).offer == ""
    assert ContentVersion.objects.count() == 1


# Content


def test_each_text_is_a_version_and_the_same_text_makes_none(
    campaign: Campaign, marketer: Member, now: datetime
) -> None:
    first = services.write_content(campaign=campaign, by=marketer, now=now, **MAIL)
    same = services.write_content(campaign=campaign, by=marketer, now=now, **MAIL)
    other = services.write_content(campaign=campaign, by=marketer, now=now, **{**MAIL, "subject": "Other"})

    assert (first.number, same.pk, other.number) == (1, first.pk, 2)
    assert with_parts(campaign).content == other
    assert campaign.content == other
    assert first.fingerprint != other.fingerprint


def test_a_text_that_reads_the_same_keeps_its_fingerprint_and_the_persons_spelling(
    campaign: Campaign, marketer: Member, now: datetime
) -> None:
    first = services.write_content(campaign=campaign, by=marketer, now=now, **MAIL)
    spaced = services.write_content(
        campaign=campaign, by=marketer, now=now, **{**MAIL, "source": MAIL["source"] + "\n\n\n"}
    )

    assert spaced.number == 2
    assert spaced.source.endswith("\n\n\n")
    assert spaced.fingerprint == first.fingerprint


def test_line_ends_of_browsers_become_plain_ones(campaign: Campaign, marketer: Member, now: datetime) -> None:
    version = services.write_content(campaign=campaign, by=marketer, now=now, **{**MAIL, "source": "a\r\n\r\nb"})

    assert version.source == "a\n\nb"


@pytest.mark.parametrize(
    ("changes", "field", "line"),
    [
        ({"subject": "Hi {{ contact.first_name | nope }}"}, "subject", "Line 1"),
        ({"preheader": "{% if x %}"}, "preheader", "Line 1"),
        ({"source": "a\r\n\r\n{{ contact.first_name"}, "source", "Line 3"),
        ({"source": "a\n{% foo %}", "written_as": ContentFormat.HTML}, "source", "Line 2"),
        ({"subject": "two\nlines"}, "subject", "one line"),
        ({"preheader": "two\r\nlines"}, "preheader", "one line"),
    ],
)
def test_an_error_in_the_personal_parts_names_field_and_line_and_changes_nothing(
    campaign: Campaign, marketer: Member, now: datetime, changes: dict[str, Any], field: str, line: str
) -> None:
    with pytest.raises(TemplateRefused) as refusal:
        services.write_content(campaign=campaign, by=marketer, now=now, **{**MAIL, **changes})

    assert list(refusal.value.fields) == [field]
    assert line in str(refusal.value)
    assert with_parts(campaign).content is None
    assert not AuditEntry.objects.filter(action="campaign.content_written").exists()


def test_restoring_writes_a_new_version(campaign: Campaign, marketer: Member, now: datetime) -> None:
    first = services.write_content(campaign=campaign, by=marketer, now=now, **MAIL)
    services.write_content(campaign=campaign, by=marketer, now=now, **{**MAIL, "subject": "Worse"})

    restored = services.restore_content(version=first, by=marketer, now=now)

    assert restored.number == 3
    assert (restored.subject, restored.source, restored.fingerprint) == (first.subject, first.source, first.fingerprint)


def test_a_draft_version_is_not_written(campaign: Campaign) -> None:
    draft = services.draft_version(campaign=campaign, **MAIL)

    assert not draft.pk
    assert not ContentVersion.objects.exists()


# Asking the owner about the finished mail


def test_the_owner_is_shown_the_finished_mail_filled_in(
    workspace: Workspace, marketer: Member, owner: Member, now: datetime
) -> None:
    AttributeFactory.create(workspace=workspace, key="city")
    ContactFactory.create(workspace=workspace, first_name="Zdravka", attributes={"city": "Sofia"})
    campaign = ready_campaign(workspace, now, source="Hello {{ contact.first_name }} of {{ contact.attributes.city }}")
    cover_content(workspace, now)

    services.ask_about_content(campaign=campaign, approver=owner, by=marketer, now=now, message=" Look at the tone ")

    request = ApprovalRequest.objects.get(story=campaign.story)
    shown = request.items[0]["content"]
    assert "Hello Anna of Sofia" in shown["html"]
    assert "{{" not in shown["html"] + shown["subject"] + shown["preheader"]
    assert "Zdravka" not in str(request.snapshot)
    assert campaign.content is not None
    assert shown["fingerprint"] == campaign.content.fingerprint
    assert request.message == "Look at the tone"


def test_nothing_is_asked_where_the_brief_is_enough(
    workspace: Workspace, marketer: Member, owner: Member, now: datetime
) -> None:
    campaign = ready_campaign(workspace, now)

    with pytest.raises(CampaignRefused):
        services.ask_about_content(campaign=campaign, approver=owner, by=marketer, now=now)


def test_nothing_is_asked_without_content_or_of_somebody_who_may_not_decide(
    workspace: Workspace, marketer: Member, owner: Member, seller: Member, now: datetime
) -> None:
    cover_content(workspace, now)
    empty = CampaignFactory.create(workspace=workspace)
    written = ready_campaign(workspace, now)

    with pytest.raises(CampaignRefused):
        services.ask_about_content(campaign=empty, approver=owner, by=marketer, now=now)
    with pytest.raises(ApprovalRefused):
        services.ask_about_content(campaign=written, approver=seller, by=marketer, now=now)
    Campaign.objects.filter(pk=written.pk).update(state=CampaignState.SENT)
    with pytest.raises(CampaignRefused):
        services.ask_about_content(campaign=with_parts(written), approver=owner, by=marketer, now=now)

    assert not ApprovalRequest.objects.filter(subject="content").exists()


def test_a_mail_that_cannot_be_filled_in_is_not_shown(
    workspace: Workspace, marketer: Member, owner: Member, now: datetime
) -> None:
    cover_content(workspace, now)
    campaign = ready_campaign(workspace, now, source="{{ 1 | divided_by: 0 }}")

    with pytest.raises(RenderFailed):
        services.ask_about_content(campaign=campaign, approver=owner, by=marketer, now=now)


# The schedule


def _in_window(campaign: Campaign) -> datetime:
    day = campaign.story.brief.window_start
    return datetime(day.year, day.month, day.day, 12, tzinfo=campaign.workspace.zone)


def test_what_nothing_stops_goes_on_the_schedule_and_rings(
    workspace: Workspace,
    marketer: Member,
    now: datetime,
    bells: list[Bell],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    campaign = ready_campaign(workspace, now)

    with django_capture_on_commit_callbacks(execute=True):
        services.put_on_schedule(campaign=campaign, at=_in_window(campaign), by=marketer, now=now)

    assert (campaign.state, campaign.scheduled_at) == (CampaignState.SCHEDULED, _in_window(campaign))
    assert ("delivery.ring", {}) in bells
    assert _last_action() == "campaign.scheduled"


def test_a_time_in_the_past_is_refused_on_its_field(workspace: Workspace, marketer: Member, now: datetime) -> None:
    campaign = ready_campaign(workspace, now)

    with pytest.raises(ScheduleRefused) as refusal:
        services.put_on_schedule(campaign=campaign, at=now - timedelta(seconds=1), by=marketer, now=now)

    assert "at" in refusal.value.fields
    assert with_parts(campaign).state == CampaignState.DRAFT


def test_a_time_outside_the_approved_window_is_refused_with_the_difference(
    workspace: Workspace, marketer: Member, now: datetime
) -> None:
    campaign = ready_campaign(workspace, now)

    with pytest.raises(ScheduleRefused, match="Window: approved") as refusal:
        services.put_on_schedule(campaign=campaign, at=_in_window(campaign) + timedelta(days=60), by=marketer, now=now)

    assert "now" in str(refusal.value)
    assert with_parts(campaign).scheduled_at is None
    assert campaign.scheduled_at is None


def test_a_changed_offer_or_audience_is_refused_with_the_difference(
    workspace: Workspace, marketer: Member, now: datetime
) -> None:
    campaign = ready_campaign(workspace, now)
    other = SegmentFactory.create(
        workspace=workspace, name="VIP", definition={"match": "any", "rules": [], "negate": False}
    )
    services.change_campaign(campaign=campaign, by=marketer, now=now, offer="Everything free", segment=other)

    with pytest.raises(ScheduleRefused) as refusal:
        services.put_on_schedule(campaign=with_parts(campaign), at=_in_window(campaign), by=marketer, now=now)

    assert "Offer: approved “no offer”, now “Everything free”" in str(refusal.value)
    assert "Audience: approved" in str(refusal.value)


def test_a_campaign_held_back_can_be_scheduled_again(workspace: Workspace, marketer: Member, now: datetime) -> None:
    campaign = ready_campaign(workspace, now)
    held = {"state": CampaignState.HELD, "held_reason": "Offer", "scheduled_at": now - timedelta(hours=1)}
    Campaign.objects.filter(pk=campaign.pk).update(**held)

    services.put_on_schedule(campaign=with_parts(campaign), at=_in_window(campaign), by=marketer, now=now)

    again = with_parts(campaign)
    assert (again.state, again.held_reason) == (CampaignState.SCHEDULED, "")


def test_off_the_schedule_it_is_a_draft_without_a_time(campaign: Campaign, owner: Member, now: datetime) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.SCHEDULED, scheduled_at=now)

    services.unschedule_campaign(campaign=campaign, by=owner, now=now)

    again = with_parts(campaign)
    assert (again.state, again.scheduled_at) == (CampaignState.DRAFT, None)


def test_what_is_being_sent_cannot_be_unscheduled_or_given_up_here(
    campaign: Campaign, owner: Member, now: datetime
) -> None:
    for state in (CampaignState.SENDING, CampaignState.PAUSED):
        Campaign.objects.filter(pk=campaign.pk).update(state=state)
        with pytest.raises(CampaignRefused):
            services.unschedule_campaign(campaign=campaign, by=owner, now=now)
        with pytest.raises(CampaignRefused):
            services.cancel_campaign(campaign=campaign, by=owner, now=now)
        assert with_parts(campaign).state == state


@pytest.mark.parametrize("state", [CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.HELD])
def test_what_has_not_started_can_be_given_up_once(
    campaign: Campaign, owner: Member, now: datetime, state: CampaignState
) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(state=state)

    services.cancel_campaign(campaign=campaign, by=owner, now=now)

    assert campaign.state == CampaignState.CANCELLED
    assert campaign.finished_at == now
    with pytest.raises(CampaignRefused):
        services.cancel_campaign(campaign=campaign, by=owner, now=now)


def test_a_refusal_names_both_states(campaign: Campaign, owner: Member, now: datetime) -> None:
    with pytest.raises(CampaignRefused, match="“Draft”, so it cannot become “Sent”"):
        services.move_campaign(campaign=campaign, to=CampaignState.SENT, by=owner, now=now)


# Two at once


def _both(*calls: Callable[[], object]) -> list[str]:
    """Run each in a thread of its own, at the same moment; what became of each."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], object]) -> str:
        barrier.wait(timeout=10)
        try:
            call()
        except DomainError as refusal:
            return type(refusal).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(pool.map(run, calls))


@pytest.mark.django_db(transaction=True)
def test_two_who_schedule_at_once_succeed_once() -> None:
    now = timezone.now()
    workspace = WorkspaceFactory.create()
    campaign, marketer = ready_campaign(workspace, now), MemberFactory.create(workspace=workspace)
    at = _in_window(campaign)

    def schedule() -> None:
        services.put_on_schedule(campaign=with_parts(campaign), at=at, by=marketer, now=now)

    outcomes = _both(schedule, schedule)

    assert outcomes == ["CampaignRefused", "done"]
    assert AuditEntry.objects.filter(action="campaign.scheduled").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_write_at_once_make_two_versions() -> None:
    now = timezone.now()
    campaign = CampaignFactory.create()
    marketer = MemberFactory.create(workspace=campaign.workspace)

    def say(words: str) -> Callable[[], object]:
        mail = {**MAIL, "source": words}
        return lambda: services.write_content(campaign=with_parts(campaign), by=marketer, now=now, **mail)

    outcomes = _both(say("one"), say("two"))

    assert outcomes == ["done", "done"]
    assert sorted(campaign.versions.values_list("number", flat=True)) == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_of_a_change_and_a_schedule_at_once_one_is_refused() -> None:
    now = timezone.now()
    workspace = WorkspaceFactory.create()
    campaign, marketer = ready_campaign(workspace, now), MemberFactory.create(workspace=workspace)
    at, held = _in_window(campaign), with_parts(campaign)

    outcomes = _both(
        lambda: services.put_on_schedule(campaign=with_parts(campaign), at=at, by=marketer, now=now),
        lambda: services.change_campaign(campaign=held, by=marketer, now=now, offer="Everything free"),
    )

    after = with_parts(campaign)
    assert (after.state, after.offer) in {(CampaignState.SCHEDULED, ""), (CampaignState.DRAFT, "Everything free")}
    assert outcomes in (["CampaignRefused", "done"], ["ScheduleRefused", "done"])
