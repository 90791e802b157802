"""The bar above a campaign's pages."""

from datetime import datetime

from campaigns.models import Campaign, CampaignState
from campaigns.preflight import Finding, Group, Level
from campaigns.steps import steps_of
from tests.factories.campaigns import CampaignFactory, ready_campaign
from workspaces.models import Workspace

STOPPED = [Group("Content", [Finding(Level.STOP, "No link"), Finding(Level.OK, "Fine")])]
FINE = [Group("Content", [Finding(Level.OK, "Fine")])]


def _done(campaign: Campaign, groups: list[Group] | None = None) -> list[str]:
    return [step.key for step in steps_of(campaign, groups) if step.is_done]


def _notes(campaign: Campaign, groups: list[Group] | None = None) -> dict[str, str]:
    return {step.key: step.note for step in steps_of(campaign, groups)}


def test_a_new_campaign_has_its_brief_and_nothing_else(workspace: Workspace) -> None:
    campaign = CampaignFactory.create(workspace=workspace)

    assert _done(campaign, STOPPED) == ["brief"]
    assert _notes(campaign, STOPPED)["checks"] == "1 to fix"
    assert _notes(campaign)["content"] == "Not written yet"
    assert _notes(campaign)["schedule"] == "No time yet"


def test_what_is_written_and_passes_is_ticked(workspace: Workspace, now: datetime) -> None:
    campaign = ready_campaign(workspace, now)

    assert _done(campaign, FINE) == ["brief", "content", "checks"]
    assert _notes(campaign, FINE)["checks"] == "All pass"
    assert _done(campaign) == ["brief", "content"]


def test_a_time_that_was_missed_is_no_time(workspace: Workspace, now: datetime) -> None:
    held = CampaignFactory.create(workspace=workspace, state=CampaignState.HELD, scheduled_at=now)
    scheduled = CampaignFactory.create(workspace=workspace, state=CampaignState.SCHEDULED, scheduled_at=now)

    assert "schedule" not in _done(held)
    assert "schedule" in _done(scheduled)
    assert _notes(scheduled)["schedule"] != "No time yet"


def test_what_went_out_has_all_behind_it(workspace: Workspace, now: datetime) -> None:
    sent = CampaignFactory.create(
        workspace=workspace, state=CampaignState.SENT, launched_at=now, finished_at=now, content="Hello"
    )

    assert _done(sent) == ["brief", "content", "checks", "schedule", "report"]
    assert _notes(sent)["report"] == "What it brought"


def test_what_was_cancelled_on_its_way_has_passed_its_checks(workspace: Workspace, now: datetime) -> None:
    cancelled = CampaignFactory.create(workspace=workspace, state=CampaignState.CANCELLED, launched_at=now)
    never_begun = CampaignFactory.create(workspace=workspace, state=CampaignState.CANCELLED)

    assert "Passed" in _notes(cancelled).values()
    assert "What it brought" in _notes(cancelled).values()
    assert "Passed" not in _notes(never_begun).values()
