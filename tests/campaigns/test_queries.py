"""Reads that span models."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign, CampaignState
from campaigns.queries import (
    SHOWN_UPCOMING,
    compare_with_approved,
    content_approval,
    stories_to_send_for,
    upcoming_sends,
)
from campaigns.services import change_campaign
from campaigns.timing import proposed_time
from sprints.models import Verdict
from sprints.standing import Standing
from tests.factories.approvals import answer, asked_about_mail
from tests.factories.audience import ContactFactory
from tests.factories.campaigns import CampaignFactory, cover_content, ready_campaign, with_parts, write
from tests.factories.sprints import BriefFactory, StoryFactory
from workspaces.models import Member, Workspace


def test_a_campaign_as_approved_differs_in_nothing(workspace: Workspace, now: datetime) -> None:
    comparison = compare_with_approved(ready_campaign(workspace, now), now)

    assert comparison.is_approved
    assert comparison.approval.standing == Standing.APPROVED
    assert comparison.differences == 0
    assert [line.what for line in comparison.lines] == ["Audience", "Number of people", "Window", "Offer", "Cost"]
    assert all(line.approved and line.now for line in comparison.lines)


def test_each_difference_is_marked_on_its_line(workspace: Workspace, marketer: Member, now: datetime) -> None:
    campaign = ready_campaign(workspace, now)
    change_campaign(campaign=campaign, by=marketer, now=now, offer="Free pouch", cost=240)
    ContactFactory.create_batch(3, workspace=workspace)
    Campaign.objects.update(scheduled_at=now + timedelta(days=90), state=CampaignState.SCHEDULED)

    comparison = compare_with_approved(with_parts(campaign), now)

    marked = {line.what: (line.approved, line.now) for line in comparison.lines if line.differs}
    assert marked.keys() == {"Number of people", "Window", "Offer", "Cost"}
    assert marked["Offer"] == ("no offer", "Free pouch")
    assert marked["Cost"] == ("€0", "€240")
    assert marked["Number of people"] == ("1", "4")


def test_without_an_approval_the_approved_side_is_empty(workspace: Workspace, now: datetime) -> None:
    comparison = compare_with_approved(with_parts(CampaignFactory.create(workspace=workspace)), now)

    assert not comparison.is_approved
    assert comparison.differences == 0
    assert {line.approved for line in comparison.lines} == {""}


def test_after_the_launch_a_segment_that_lives_on_differs_in_nothing(workspace: Workspace, now: datetime) -> None:
    campaign = ready_campaign(workspace, now)
    ContactFactory.create_batch(5, workspace=workspace)
    campaign.segment.definition = {"match": "any", "rules": []}
    campaign.segment.save()
    Campaign.objects.update(state=CampaignState.SENT, launched_at=now, scheduled_at=proposed_time(campaign, now))

    comparison = compare_with_approved(with_parts(campaign), now)

    assert comparison.differences == 0
    assert "Number of people" not in {line.what for line in comparison.lines}


def test_the_finished_mail_stands_where_the_newest_request_about_it_stands(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    campaign = ready_campaign(workspace, now)
    assert not content_approval(campaign).is_covered

    cover_content(workspace, now)
    assert content_approval(campaign).request is None

    assert campaign.content is not None
    request = asked_about_mail(campaign.story, now, to=owner, fingerprint=campaign.content.fingerprint)
    answer(request, Verdict.APPROVED, now)
    approved = content_approval(campaign)
    assert approved.is_this_version
    assert approved.request is not None
    assert approved.request.verdict == Verdict.APPROVED

    write(campaign, "Other words")
    assert not content_approval(with_parts(campaign)).is_this_version


def test_stories_to_send_for_are_open_ones_with_a_brief(workspace: Workspace, outsider: Member, now: datetime) -> None:
    wanted = BriefFactory.create(story__workspace=workspace).story
    CampaignFactory.create(workspace=workspace, story=wanted)
    StoryFactory.create(workspace=workspace)
    BriefFactory.create(story__workspace=workspace, story__dropped_at=now)
    BriefFactory.create(story__workspace=workspace, story__done=True)
    BriefFactory.create(story__workspace=outsider.workspace)

    found = list(stories_to_send_for(workspace))

    assert found == [wanted]
    assert found[0].campaign_count == 1  # type: ignore[attr-defined]  # annotated


def test_upcoming_sends_come_by_their_moment(workspace: Workspace, now: datetime) -> None:
    soon = CampaignFactory.create(
        workspace=workspace, state=CampaignState.SCHEDULED, scheduled_at=now + timedelta(hours=2)
    )
    later = CampaignFactory.create(workspace=workspace, brief__window_start=now.date() + timedelta(days=9))
    running = CampaignFactory.create(
        workspace=workspace, state=CampaignState.SENDING, launched_at=now, scheduled_at=now
    )
    for state in (CampaignState.SENT, CampaignState.CANCELLED):
        CampaignFactory.create(workspace=workspace, state=state)
    CampaignFactory.create(workspace=workspace, brief=False)
    over = now.date() - timedelta(days=9)
    CampaignFactory.create(workspace=workspace, brief__window_start=over, brief__window_end=over)
    CampaignFactory.create()
    ContactFactory.create_batch(2, workspace=workspace)

    sends = upcoming_sends(workspace, now)

    assert [(send.campaign, send.is_set, send.people) for send in sends] == [
        (running, True, 2),
        (soon, True, 2),
        (later, False, 2),
    ]


@pytest.mark.parametrize("number", [1, 12])
def test_upcoming_sends_take_as_many_queries_as_lines_are_shown(
    workspace: Workspace, now: datetime, number: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    CampaignFactory.create_batch(number, workspace=workspace)

    with django_assert_max_num_queries(1 + 4 * SHOWN_UPCOMING):
        assert len(upcoming_sends(workspace, now)) == min(number, SHOWN_UPCOMING)
