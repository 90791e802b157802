"""When a campaign goes out, or would."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns.models import Campaign, CampaignState
from campaigns.timing import first_moment, planned_at, proposed_time, send_window
from tests.factories.campaigns import CampaignFactory, ready_campaign, with_parts
from workspaces.models import Workspace

SOFIA = ZoneInfo("Europe/Sofia")
FIRST, LAST = date(2026, 5, 26), date(2026, 5, 28)


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 5, day, hour, minute, tzinfo=SOFIA)


@pytest.mark.parametrize(
    ("now", "moment"),
    [
        (_at(20, 12), _at(26, 10)),
        (_at(26, 7), _at(26, 10)),
        (_at(26, 10, 1), _at(26, 11)),
        (_at(26, 19, 59), _at(26, 20)),
        (_at(26, 21), _at(27, 10)),
        (_at(26, 23, 30), _at(27, 10)),
        (_at(28, 15), _at(28, 16)),
        (_at(28, 21), None),
        (_at(29, 0), None),
    ],
)
def test_the_first_good_moment_of_a_window(now: datetime, moment: datetime | None) -> None:
    assert first_moment(FIRST, LAST, SOFIA, now) == moment


def test_the_day_is_the_workspaces_not_greenwichs() -> None:
    late_in_utc = datetime(2026, 5, 25, 22, 30, tzinfo=UTC)  # half past one on the 26th in Sofia

    assert first_moment(FIRST, LAST, SOFIA, late_in_utc) == _at(26, 10)


def test_the_window_is_the_approved_one_whatever_the_brief_says_by_now(workspace: Workspace, now: datetime) -> None:
    campaign = ready_campaign(workspace, now)
    brief = campaign.story.brief
    approved = (brief.window_start, brief.window_end)
    brief.window_start += timedelta(days=30)
    brief.window_end += timedelta(days=30)
    brief.save()

    assert send_window(with_parts(campaign)) == approved


def test_before_the_approval_the_window_is_the_briefs(workspace: Workspace) -> None:
    campaign: Campaign = CampaignFactory.create(workspace=workspace)

    assert send_window(campaign) == (campaign.story.brief.window_start, campaign.story.brief.window_end)


def test_without_a_window_the_next_full_hour_is_proposed(workspace: Workspace) -> None:
    campaign: Campaign = CampaignFactory.create(workspace=workspace, brief=False)

    assert send_window(campaign) is None
    assert proposed_time(campaign, _at(26, 10, 20)) == _at(26, 11)


def test_a_campaign_on_the_schedule_goes_out_when_it_is_set_for(workspace: Workspace, now: datetime) -> None:
    at = now - timedelta(minutes=1)
    campaign: Campaign = CampaignFactory.create(workspace=workspace, state=CampaignState.SCHEDULED, scheduled_at=at)

    assert planned_at(campaign, now) == at


def test_a_time_that_was_missed_is_proposed_anew(workspace: Workspace, now: datetime) -> None:
    campaign: Campaign = CampaignFactory.create(
        workspace=workspace, state=CampaignState.HELD, scheduled_at=now - timedelta(hours=1)
    )

    assert planned_at(campaign, now) == proposed_time(campaign, now) > now
