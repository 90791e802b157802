"""Checks, the owner's word on the mail, the schedule."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, CampaignState
from campaigns.timing import proposed_time
from sprints.models import ApprovalRequest, ApprovalSubject
from tests.factories.campaigns import CampaignFactory, cover_content, ready_campaign, with_parts, write
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]


def _url(name: str, campaign: Campaign) -> str:
    return reverse(f"campaigns:{name}", kwargs={"workspace": campaign.workspace.slug, "pk": campaign.pk})


@pytest.fixture
def ready(workspace: Workspace, now: datetime) -> Campaign:
    return ready_campaign(workspace, now)


@pytest.fixture
def maker(marketer: Member, browse: Browse) -> Client:
    return browse(marketer)


# Checks


def test_the_checks_say_how_many_things_to_fix_and_lead_to_them(ready: Campaign, maker: Client) -> None:
    write(ready, '<a href="/again">x</a> {{ postal_address }}', written_as="html")

    page = maker.get(_url("campaign_checks", ready)).content.decode()

    assert "2 things to fix before this can go out" in page
    assert "One link leads nowhere" in page
    assert "Fix the 2 things marked to continue" in page
    assert _url("campaign_content", ready) in page
    assert f'href="{_url("campaign_schedule", ready)}"' not in page.partition("Continue to schedule")[0][-200:]


def test_one_thing_is_said_in_the_singular(ready: Campaign, maker: Client) -> None:
    Campaign.objects.update(sender=None)

    assert "One thing to fix before this can go out" in maker.get(_url("campaign_checks", ready)).content.decode()


def test_when_nothing_stops_it_goes_on_to_the_schedule(ready: Campaign, maker: Client) -> None:
    page = maker.get(_url("campaign_checks", ready)).content.decode()

    assert "It can go out" in page
    assert f'href="{_url("campaign_schedule", ready)}"' in page
    assert "1 person" in page
    assert "proposed, not set" in page


def test_a_guest_may_look_and_gets_no_buttons(ready: Campaign, guest: Member, browse: Browse) -> None:
    Campaign.objects.update(sender=None)

    page = browse(guest).get(_url("campaign_checks", ready)).content.decode()

    assert "There is no sender" in page
    assert "Edit the campaign" not in page
    assert "Continue to schedule" not in page


def test_what_has_started_is_no_longer_checked_here(ready: Campaign, maker: Client) -> None:
    Campaign.objects.update(state=CampaignState.SENDING)

    assert maker.get(_url("campaign_checks", ready)).headers["Location"] == _url("campaign_detail", ready)


# The schedule


def test_the_first_good_moment_in_the_window_is_chosen_beforehand(
    ready: Campaign, maker: Client, now: datetime
) -> None:
    page = maker.get(_url("campaign_schedule", ready))

    expected = proposed_time(ready, now).strftime("%Y-%m-%dT%H:%M")
    assert f'value="{expected}"' in page.content.decode()
    assert "Europe/Sofia" in page.content.decode()
    assert "The owner approved" in page.content.decode()


def test_the_time_is_read_by_the_workspaces_clock_not_by_the_persons(
    ready: Campaign, marketer: Member, maker: Client
) -> None:
    marketer.user.time_zone = "America/New_York"
    marketer.user.save()
    day = ready.story.brief.window_start

    answer = maker.post(_url("campaign_schedule", ready), {"when": "later", "at": f"{day.isoformat()}T12:00"})

    assert answer.status_code == 302
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ready.workspace.zone)
    assert with_parts(ready).scheduled_at == noon.astimezone(UTC)


def test_now_needs_no_moment_but_has_to_be_in_the_window(ready: Campaign, maker: Client) -> None:
    _approve_days(5, 9)
    early = maker.post(_url("campaign_schedule", ready), {"when": "now", "at": ""})
    _approve_days(-1, 1)
    answer = maker.post(_url("campaign_schedule", ready), {"when": "now", "at": "nonsense"})

    assert early.status_code == 422
    assert "Window: approved" in early.content.decode()
    assert answer.status_code == 302
    assert with_parts(ready).state == CampaignState.SCHEDULED


def _approve_days(first: int, last: int) -> None:
    """As if the owner had approved the window between so many days from now."""
    request = ApprovalRequest.objects.get(subject=ApprovalSubject.SPRINT)
    today = timezone.now().date()
    days = [(today + timedelta(days=days)).isoformat() for days in (first, last)]
    request.snapshot["stories"][0]["brief"]["window"] = days
    request.save()


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2020-01-01T10:00", "This time is in the past. Choose a later one."),
        ("", "This field is required."),
        ("tomorrow", "Enter a valid date/time."),
        ("9999-99-99T10:00", "Enter a valid date/time."),
    ],
)
def test_a_time_that_will_not_do_is_said_under_its_field(ready: Campaign, maker: Client, at: str, words: str) -> None:
    answer = maker.post(_url("campaign_schedule", ready), {"when": "later", "at": at})

    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors["at"])
    assert with_parts(ready).state == CampaignState.DRAFT


def test_an_hour_the_clock_leaves_out_is_refused(ready: Campaign, maker: Client) -> None:
    """On 28 March 2027 clocks in Sofia go from three to four."""
    answer = maker.post(_url("campaign_schedule", ready), {"when": "later", "at": "2027-03-28T03:30"})

    assert answer.status_code == 422
    assert "at" in answer.context["form"].errors


def test_stops_that_remain_are_shown_and_refuse_again(ready: Campaign, maker: Client) -> None:
    Campaign.objects.update(offer="Everything free")
    url = _url("campaign_schedule", ready)
    day = ready.story.brief.window_start.isoformat()

    page = maker.get(url).content.decode()
    answer = maker.post(url, {"when": "later", "at": f"{day}T12:00"})

    assert "One thing stops it" in page
    assert "btn--primary" not in page
    assert answer.status_code == 422
    assert "Offer: approved “no offer”, now “Everything free”" in answer.content.decode()


def test_a_guest_sees_the_time_and_cannot_set_it(ready: Campaign, guest: Member, browse: Browse) -> None:
    page = browse(guest).get(_url("campaign_schedule", ready)).content.decode()

    assert "Put on the schedule" not in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CampaignState.SCHEDULED, "It goes out on"),
        (CampaignState.SENT, "It went out on"),
        (CampaignState.CANCELLED, "It does not go out"),
    ],
)
def test_after_that_the_page_says_when(
    workspace: Workspace, maker: Client, now: datetime, state: CampaignState, words: str
) -> None:
    launched = now if state == CampaignState.SENT else None
    campaign = CampaignFactory.create(workspace=workspace, state=state, scheduled_at=now, launched_at=launched)

    assert words in maker.get(_url("campaign_schedule", campaign)).content.decode()


def test_the_owner_can_take_it_off_the_schedule(
    workspace: Workspace, owner: Member, browse: Browse, now: datetime
) -> None:
    campaign = CampaignFactory.create(workspace=workspace, state=CampaignState.SCHEDULED, scheduled_at=now)
    client, url = browse(owner), _url("campaign_unschedule", campaign)

    assert client.post(url).headers["Location"] == _url("campaign_detail", campaign)
    assert with_parts(campaign).state == CampaignState.DRAFT
    refused = client.post(url)
    assert refused.status_code == 409
    assert "“Draft”" in refused.content.decode()


# The owner's word on the mail


def test_the_owner_is_asked_about_exactly_this_version(
    ready: Campaign, workspace: Workspace, owner: Member, maker: Client, now: datetime
) -> None:
    cover_content(workspace, now)
    url = _url("campaign_ask_owner", ready)

    assert owner.user.name in maker.get(url).content.decode()
    answer = maker.post(url, {"approver": owner.pk, "message": "Is the tone right?"})

    assert answer.status_code == 302
    request = ApprovalRequest.objects.get(subject=ApprovalSubject.CONTENT)
    assert ready.content is not None
    assert request.items[0]["content"]["fingerprint"] == ready.content.fingerprint
    assert "Waiting for Marta Lindqvist" in maker.get(_url("campaign_detail", ready)).content.decode()


def test_where_the_brief_is_enough_there_is_nothing_to_ask(ready: Campaign, owner: Member, maker: Client) -> None:
    url = _url("campaign_ask_owner", ready)

    assert "There is nothing to ask" in maker.get(url).content.decode()
    answer = maker.post(url, {"approver": owner.pk})
    assert answer.status_code == 422
    assert not ApprovalRequest.objects.filter(subject=ApprovalSubject.CONTENT).exists()


def test_somebody_who_may_not_decide_cannot_be_asked(
    ready: Campaign, workspace: Workspace, seller: Member, maker: Client, now: datetime
) -> None:
    cover_content(workspace, now)

    answer = maker.post(_url("campaign_ask_owner", ready), {"approver": seller.pk})

    assert answer.status_code == 422
    assert "approver" in answer.context["form"].errors


def test_without_content_one_is_sent_to_write_it(
    workspace: Workspace, owner: Member, maker: Client, now: datetime
) -> None:
    cover_content(workspace, now)
    campaign = CampaignFactory.create(workspace=workspace)

    assert _url("campaign_content", campaign) in maker.get(_url("campaign_ask_owner", campaign)).content.decode()
