"""The list, a new campaign, one at a glance, its brief."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign, CampaignState
from tests.factories.audience import ContactFactory, SegmentFactory
from tests.factories.campaigns import CampaignFactory, SenderFactory, cover_content, ready_campaign, with_parts
from tests.factories.sprints import BriefFactory, StoryFactory
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]


def _url(name: str, workspace: Workspace, **kwargs: int) -> str:
    return reverse(f"campaigns:{name}", kwargs={"workspace": workspace.slug, **kwargs})


# The list


def test_the_list_shows_the_newest_first_with_state_story_segment_and_time(
    workspace: Workspace, marketer: Member, browse: Browse, now: datetime
) -> None:
    CampaignFactory.create(workspace=workspace, name="Older", created_at=now - timedelta(days=1))
    CampaignFactory.create(
        workspace=workspace, name="Newer", story__title="Serum story", segment__name="Buyers",
        state=CampaignState.SCHEDULED, scheduled_at=now,
    )  # fmt: skip

    page = browse(marketer).get(_url("campaign_list", workspace)).content.decode()

    assert page.index("Newer") < page.index("Older")
    for words in ("Serum story", "Buyers", "Scheduled", "No time yet", "New campaign"):
        assert words in page


def test_the_list_can_be_narrowed_by_state(workspace: Workspace, marketer: Member, browse: Browse) -> None:
    CampaignFactory.create(workspace=workspace, name="Held one", state=CampaignState.HELD)
    CampaignFactory.create(workspace=workspace, name="Draft one")
    client, url = browse(marketer), _url("campaign_list", workspace)

    assert "Draft one" not in client.get(url, {"state": "held"}).content.decode()
    assert "None in this state" in client.get(url, {"state": "sent"}).content.decode()
    assert "Draft one" in client.get(url, {"state": "nonsense"}).content.decode()


def test_an_empty_list_leads_to_the_stories(workspace: Workspace, marketer: Member, browse: Browse) -> None:
    page = browse(marketer).get(_url("campaign_list", workspace)).content.decode()

    assert "No campaigns yet" in page
    assert reverse("sprints:story_list", kwargs={"workspace": workspace.slug}) in page


def test_the_list_takes_as_many_queries_for_one_as_for_fifty(
    workspace: Workspace, marketer: Member, browse: Browse, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    CampaignFactory.create_batch(30, workspace=workspace)
    client = browse(marketer)

    with django_assert_max_num_queries(14):
        client.get(_url("campaign_list", workspace))


# A new one


def test_a_story_is_chosen_by_a_link_and_shows_what_the_campaign_begins_with(
    workspace: Workspace, marketer: Member, browse: Browse
) -> None:
    brief = BriefFactory.create(story__workspace=workspace, offer="Free pouch", segment__name="Buyers")
    ContactFactory.create_batch(2, workspace=workspace)
    client, url = browse(marketer), _url("campaign_new", workspace)

    assert f"?story={brief.story_id}" in client.get(url).content.decode()
    page = client.get(url, {"story": brief.story_id}).content.decode()

    for words in ("Free pouch", "Buyers", "2 people now", "Not sent for approval", "Create the campaign"):
        assert words in page


def test_a_story_without_a_brief_is_sent_to_write_one(workspace: Workspace, marketer: Member, browse: Browse) -> None:
    story = StoryFactory.create(workspace=workspace)

    page = browse(marketer).get(_url("campaign_new", workspace), {"story": story.pk}).content.decode()

    assert "does not say yet who hears from us" in page
    assert reverse("sprints:story_detail", kwargs={"workspace": workspace.slug, "pk": story.pk}) in page
    assert "Create the campaign" not in page


def test_creating_leads_to_the_campaign(workspace: Workspace, marketer: Member, browse: Browse) -> None:
    story = BriefFactory.create(story__workspace=workspace).story

    answer = browse(marketer).post(_url("campaign_new", workspace), {"story": story.pk, "name": "Serum reminder"})

    made = Campaign.objects.get()
    assert answer.headers["Location"] == _url("campaign_detail", workspace, pk=made.pk)
    assert (made.name, made.story, made.created_by) == ("Serum reminder", story, marketer)


def test_creating_without_a_story_or_a_name_says_what_is_missing(
    workspace: Workspace, marketer: Member, browse: Browse
) -> None:
    story = BriefFactory.create(story__workspace=workspace).story
    client, url = browse(marketer), _url("campaign_new", workspace)

    without_story = client.post(url, {"name": "Serum reminder"})
    without_name = client.post(url, {"story": story.pk, "name": " "})

    assert without_story.status_code == without_name.status_code == 422
    assert "Choose first the story" in without_story.content.decode()
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("story", ["abc", "-1", "1.5", "'"])
def test_nonsense_for_a_story_chooses_none(workspace: Workspace, marketer: Member, browse: Browse, story: str) -> None:
    assert browse(marketer).get(_url("campaign_new", workspace), {"story": story}).status_code == 200


def test_a_story_of_another_workspace_does_not_exist(
    workspace: Workspace, outsider: Member, marketer: Member, browse: Browse
) -> None:
    foreign = BriefFactory.create(story__workspace=outsider.workspace).story
    client, url = browse(marketer), _url("campaign_new", workspace)

    assert client.get(url, {"story": foreign.pk}).status_code == 404
    assert client.post(url, {"story": foreign.pk, "name": "x"}).status_code == 404


# At a glance


def test_the_campaign_is_traceable_upwards(workspace: Workspace, guest: Member, browse: Browse, now: datetime) -> None:
    campaign = ready_campaign(workspace, now)
    story = campaign.story
    assert story.sprint is not None
    assert story.goal is not None

    page = browse(guest).get(_url("campaign_detail", workspace, pk=campaign.pk)).content.decode()

    for name, pk in (
        ("sprints:story_detail", story.pk),
        ("sprints:sprint_detail", story.sprint_id),
        ("strategy:goal_detail", story.goal_id),
        ("strategy:kpi_detail", story.goal.kpi_id),
    ):
        assert reverse(name, kwargs={"workspace": workspace.slug, "pk": pk}) in page
    assert "differs" not in page


def test_the_next_step_is_the_primary_one(
    workspace: Workspace, marketer: Member, browse: Browse, now: datetime
) -> None:
    empty = CampaignFactory.create(workspace=workspace)
    stopped = CampaignFactory.create(workspace=workspace, content="Hello")
    ready = ready_campaign(workspace, now)
    client = browse(marketer)

    for campaign, words in ((empty, "Write the mail"), (stopped, "See what to fix"), (ready, "Choose the time")):
        page = client.get(_url("campaign_detail", workspace, pk=campaign.pk)).content.decode()
        assert words in page
        assert page.count("btn--primary") == 1


def test_a_difference_from_the_approval_is_shown_beside_it(
    workspace: Workspace, marketer: Member, browse: Browse, now: datetime
) -> None:
    campaign = ready_campaign(workspace, now)
    Campaign.objects.update(offer="Everything free")

    page = browse(marketer).get(_url("campaign_detail", workspace, pk=campaign.pk)).content.decode()

    assert "Everything free" in page
    assert page.count("differs") == 1
    assert "The approval does not cover this" in page


def test_what_was_held_back_says_why(workspace: Workspace, marketer: Member, browse: Browse) -> None:
    held = CampaignFactory.create(
        workspace=workspace, state=CampaignState.HELD, held_reason="Offer: approved “none”, now “<b>all</b>”."
    )

    page = browse(marketer).get(_url("campaign_detail", workspace, pk=held.pk)).content.decode()

    assert "Held back when its time came" in page
    assert "&lt;b&gt;all&lt;/b&gt;" in page


def test_the_owner_is_asked_from_here_where_the_approval_covers_the_mail(
    workspace: Workspace, marketer: Member, guest: Member, browse: Browse, now: datetime
) -> None:
    campaign = ready_campaign(workspace, now)
    url, ask = (_url(name, workspace, pk=campaign.pk) for name in ("campaign_detail", "campaign_ask_owner"))

    assert ask not in browse(marketer).get(url).content.decode()
    cover_content(workspace, now)
    assert ask in browse(marketer).get(url).content.decode()
    assert ask not in browse(guest).get(url).content.decode()


def test_buttons_follow_state_and_role(
    workspace: Workspace, owner: Member, guest: Member, browse: Browse, now: datetime
) -> None:
    scheduled = CampaignFactory.create(workspace=workspace, state=CampaignState.SCHEDULED, scheduled_at=now)
    sent = CampaignFactory.create(workspace=workspace, state=CampaignState.SENT, launched_at=now)
    url = _url("campaign_detail", workspace, pk=scheduled.pk)

    assert "Take off the schedule" in browse(owner).get(url).content.decode()
    assert "Take off the schedule" not in browse(guest).get(url).content.decode()
    page = browse(owner).get(_url("campaign_detail", workspace, pk=sent.pk)).content.decode()
    assert "Cancel the campaign" not in page


def test_a_campaign_is_given_up_by_the_owner_too(workspace: Workspace, owner: Member, browse: Browse) -> None:
    campaign = CampaignFactory.create(workspace=workspace)
    client, url = browse(owner), _url("campaign_cancel", workspace, pk=campaign.pk)

    assert client.post(url).status_code == 302
    assert with_parts(campaign).state == CampaignState.CANCELLED
    assert client.post(url).status_code == 409


# The brief

HOLD = {"unknown_policy": "hold"}


def test_what_may_differ_can_be_changed(workspace: Workspace, marketer: Member, browse: Browse) -> None:
    campaign = CampaignFactory.create(workspace=workspace)
    segment, sender = SegmentFactory.create(workspace=workspace), SenderFactory.create(workspace=workspace)
    data = {"name": "New", "segment": segment.pk, "sender": sender.pk, "offer": "10 %", "cost": "12.50"} | HOLD

    answer = browse(marketer).post(_url("campaign_edit", workspace, pk=campaign.pk), data)

    assert answer.status_code == 302
    changed = with_parts(campaign)
    assert (changed.name, changed.segment, changed.sender, changed.offer) == ("New", segment, sender, "10 %")


@pytest.mark.parametrize(
    "wrong",
    [{"cost": "-1"}, {"cost": "much"}, {"name": ""}, {"segment": "0"}, {"sender": "x"}, {"unknown_policy": "never"}],
)
def test_wrong_input_is_said_under_its_field(
    workspace: Workspace, marketer: Member, browse: Browse, wrong: dict[str, str]
) -> None:
    campaign = CampaignFactory.create(workspace=workspace)
    data = {"name": "New", "segment": campaign.segment_id, "sender": campaign.sender_id, "cost": "0", **HOLD, **wrong}

    answer = browse(marketer).post(_url("campaign_edit", workspace, pk=campaign.pk), data)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(wrong)
    assert with_parts(campaign).name == campaign.name


def test_nobody_elses_segment_or_sender_can_be_chosen(
    workspace: Workspace, outsider: Member, marketer: Member, browse: Browse
) -> None:
    campaign = CampaignFactory.create(workspace=workspace)
    data = {
        "name": "New",
        "cost": "0",
        "segment": SegmentFactory.create(workspace=outsider.workspace).pk,
        "sender": SenderFactory.create(workspace=outsider.workspace).pk,
        **HOLD,
    }

    answer = browse(marketer).post(_url("campaign_edit", workspace, pk=campaign.pk), data)

    assert set(answer.context["form"].errors) == {"segment", "sender"}


def test_a_segment_put_away_stays_chosen_but_is_offered_to_no_other(
    workspace: Workspace, marketer: Member, browse: Browse, now: datetime
) -> None:
    gone = SegmentFactory.create(workspace=workspace, name="Put away", archived_at=now)
    holder, other = (
        CampaignFactory.create(workspace=workspace, segment=gone),
        CampaignFactory.create(workspace=workspace),
    )
    client = browse(marketer)

    assert "Put away" in client.get(_url("campaign_edit", workspace, pk=holder.pk)).content.decode()
    assert "Put away" not in client.get(_url("campaign_edit", workspace, pk=other.pk)).content.decode()


def test_what_is_scheduled_shows_why_it_cannot_be_edited(
    workspace: Workspace, marketer: Member, browse: Browse, now: datetime
) -> None:
    campaign = CampaignFactory.create(workspace=workspace, state=CampaignState.SCHEDULED, scheduled_at=now)
    data = {"name": "New", "segment": campaign.segment_id, "sender": campaign.sender_id, "cost": "0", **HOLD}
    client, url = browse(marketer), _url("campaign_edit", workspace, pk=campaign.pk)

    assert "Take off the schedule" in client.get(url).content.decode()
    answer = client.post(url, data)

    assert answer.status_code == 422
    assert "Take it off the schedule to change it" in answer.content.decode()
