"""Upcoming sends on the home page, and campaigns on a story's page."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from campaigns.home import upcoming_panel
from campaigns.models import CampaignState
from tests.factories.audience import ContactFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.sprints import BriefFactory, StoryFactory
from workspaces.models import Member, Workspace

STORY_PART = Template("{% load campaigns_tags %}{% story_campaigns story %}")


def test_the_home_page_shows_what_goes_out_next(
    workspace: Workspace, guest: Member, browse: Callable[[Member], Client], now: datetime
) -> None:
    ContactFactory.create_batch(3, workspace=workspace)
    CampaignFactory.create(
        workspace=workspace, name="Serum reminder", state=CampaignState.SCHEDULED, scheduled_at=now + timedelta(hours=1)
    )
    CampaignFactory.create(workspace=workspace, name="Unset one")

    page = browse(guest).get(reverse("workspaces:home", kwargs={"workspace": workspace.slug})).content.decode()

    for words in ("Upcoming sends", "Serum reminder", "3 contacts", "Scheduled", "Unset one", "no time yet"):
        assert words in page


def test_while_nothing_is_ahead_there_is_no_panel(workspace: Workspace, guest: Member, now: datetime) -> None:
    CampaignFactory.create(workspace=workspace, state=CampaignState.SENT)

    assert upcoming_panel(guest, now) is None


@pytest.mark.django_db
def test_a_storys_page_lists_its_campaigns_and_offers_a_new_one(workspace: Workspace, marketer: Member) -> None:
    campaign = CampaignFactory.create(workspace=workspace, name="Serum reminder")
    CampaignFactory.create(workspace=workspace, name="Of another story")

    shown = STORY_PART.render(Context({"member": marketer, "story": campaign.story}))

    assert "Serum reminder" in shown
    assert "Of another story" not in shown
    assert f"?story={campaign.story_id}" in shown


def test_a_new_one_is_offered_only_where_it_can_be_made(
    workspace: Workspace, marketer: Member, guest: Member, now: datetime
) -> None:
    bare = StoryFactory.create(workspace=workspace)
    briefed = BriefFactory.create(story__workspace=workspace).story
    dropped = BriefFactory.create(story__workspace=workspace, story__dropped_at=now).story

    offers = {
        (story.pk, member.pk): "Create the campaign" in STORY_PART.render(Context({"member": member, "story": story}))
        for story in (bare, briefed, dropped)
        for member in (marketer, guest)
    }

    assert [pair for pair, is_offered in offers.items() if is_offered] == [(briefed.pk, marketer.pk)]
    assert "Write the send brief first" in STORY_PART.render(Context({"member": marketer, "story": bare}))
