"""A campaign whose time passed while nothing ran asks before it goes out."""

from datetime import UTC, datetime, timedelta

import pytest

from audience.models import Contact
from campaigns.models import Campaign, CampaignState
from campaigns.services import put_on_schedule, unschedule_campaign
from delivery import planning
from delivery.models import Installation, Run
from delivery.safety import set_limits
from tests.factories.audience import ContactFactory
from tests.factories.delivery import approved_campaign
from workspaces.models import Member, SystemMail, Workspace

LATE = timedelta(minutes=30)
NOON = datetime(2026, 5, 19, 9, tzinfo=UTC)  # twelve o'clock in Sofia


@pytest.fixture
def reader(workspace: Workspace) -> Contact:
    workspace.time_zone = "Europe/Sofia"
    workspace.save()
    made: Contact = ContactFactory.create(workspace=workspace)
    return made


@pytest.fixture
def campaign(workspace: Workspace, reader: Contact) -> Campaign:
    return approved_campaign(workspace, NOON, name="Spring Glow")


def test_a_campaign_that_is_late_asks_instead_of_starting(campaign: Campaign, lead: Member) -> None:
    now = NOON + LATE + timedelta(minutes=1)

    planning.start_due(now)

    campaign.refresh_from_db()
    assert (campaign.state, campaign.missed_at) == (CampaignState.HELD, campaign.scheduled_at)
    assert campaign.held_reason == (
        "It was due on 19 May 2026, 11:59, and nothing started it then. Send it now, or choose another time?"
    )
    assert not Run.objects.exists()
    told = SystemMail.objects.filter(kind="delivery.held").values_list("to", flat=True)
    assert sorted(told) == sorted([lead.user.email, campaign.created_by.user.email])


def test_at_the_border_it_starts(campaign: Campaign) -> None:
    planning.start_due(NOON + LATE - timedelta(seconds=1))

    assert Run.objects.filter(campaign=campaign).exists()


def test_how_late_is_late_is_the_workspaces_to_say(campaign: Campaign, lead: Member) -> None:
    set_limits(workspace=campaign.workspace, by=lead, now=NOON, late_after_minutes=5)

    planning.start_due(NOON + timedelta(minutes=6))

    campaign.refresh_from_db()
    assert campaign.missed_at is not None


def test_it_says_when_the_workers_were_away_if_that_is_known(campaign: Campaign) -> None:
    now = NOON + timedelta(hours=2)
    idle = {"was_idle_from": NOON - timedelta(hours=1), "was_idle_until": now}
    Installation.objects.create(pk=1, born_at=NOON, clock=now, **idle)

    planning.start_due(now)

    campaign.refresh_from_db()
    away = "the workers were away from 19 May 2026, 11:00 to 19 May 2026, 14:00."
    assert campaign.held_reason == (f"It was due on 19 May 2026, 11:59; {away} Send it now, or choose another time?")


def test_what_could_not_go_out_now_anyway_is_not_asked_about(campaign: Campaign) -> None:
    planning.start_due(NOON + timedelta(days=3))

    campaign.refresh_from_db()
    assert (campaign.state, campaign.missed_at) == (CampaignState.HELD, None)
    assert "It was due on 19 May 2026" in campaign.held_reason
    assert "Window" in campaign.held_reason
    assert "Send it now" not in campaign.held_reason


def test_one_word_sends_it_now(campaign: Campaign, lead: Member) -> None:
    now = NOON + timedelta(hours=1)
    planning.start_due(now)

    put_on_schedule(campaign=campaign, at=now, by=lead, now=now)
    planning.start_due(now)

    campaign.refresh_from_db()
    assert (campaign.state, campaign.missed_at, campaign.held_reason) == (CampaignState.SENDING, None, "")


def test_another_time_or_none_ends_the_question_too(campaign: Campaign, lead: Member) -> None:
    planning.start_due(NOON + timedelta(hours=1))

    unschedule_campaign(campaign=campaign, by=lead, now=NOON)

    campaign.refresh_from_db()
    assert (campaign.state, campaign.missed_at) == (CampaignState.DRAFT, None)


@pytest.mark.parametrize(
    "due",
    [
        datetime(2026, 10, 25, 0, 55, tzinfo=UTC),  # 3:55 for the first time; clocks go back at 4:00
        datetime(2026, 3, 29, 0, 55, tzinfo=UTC),  # 2:55; clocks go on to 4:00 five minutes later
    ],
)
@pytest.mark.usefixtures("reader")
def test_an_hour_that_the_clocks_skip_or_repeat_makes_nothing_late(workspace: Workspace, due: datetime) -> None:
    approved_campaign(workspace, due)

    assert planning.start_due(due + timedelta(minutes=10)) == 1

    assert Run.objects.exists()
