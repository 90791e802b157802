"""What pages of campaigns show of sends."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.template import Context, Template
from django.urls import reverse

from campaigns.models import Campaign, CampaignState
from tests.factories.campaigns import CampaignFactory
from tests.factories.delivery import RunFactory, SentCampaignFactory
from workspaces.models import Member, Workspace


def _shown(tag: str, member: Member, campaign: Campaign, now: datetime) -> str:
    around: dict[str, Any] = {"member": member, "workspace": member.workspace, "request": SimpleNamespace(now=now)}
    source = f"{{% load delivery_tags %}}{{% {tag} campaign %}}"
    html: str = Template(source).render(Context({**around, "campaign": campaign, "csrf_token": "token-of-the-page"}))
    return html


def test_a_campaign_that_sends_shows_how_far_it_is(workspace: Workspace, lead: Member, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)

    html = _shown("run_panel", lead, run.campaign, now)

    assert 'id="run-panel"' in html
    assert reverse("delivery:run_pause", kwargs={"workspace": workspace.slug, "pk": run.campaign_id}) in html


def test_its_buttons_carry_the_token_of_the_page(workspace: Workspace, lead: Member, now: datetime) -> None:
    html = _shown("run_panel", lead, RunFactory.create(workspace=workspace).campaign, now)

    assert html.count('value="token-of-the-page"') == 3, "pause, cancel and speed"


def test_before_the_send_there_is_no_panel(workspace: Workspace, lead: Member, now: datetime) -> None:
    assert _shown("run_panel", lead, CampaignFactory.create(workspace=workspace), now).strip() == ""


@pytest.mark.parametrize(
    ("state", "is_offered"),
    [
        (CampaignState.DRAFT, True),
        (CampaignState.HELD, True),
        (CampaignState.SCHEDULED, True),
        (CampaignState.SENDING, False),
        (CampaignState.SENT, False),
        (CampaignState.CANCELLED, False),
    ],
)
def test_a_test_is_offered_until_the_send(
    workspace: Workspace, marketer: Member, now: datetime, state: CampaignState, is_offered: bool
) -> None:
    campaign = SentCampaignFactory.create(workspace=workspace, state=state)

    html = _shown("campaign_test_button", marketer, campaign, now)

    way = reverse("delivery:campaign_test", kwargs={"workspace": workspace.slug, "pk": campaign.pk})
    assert (way in html) == is_offered


def test_a_test_is_offered_only_of_what_is_written_and_to_those_who_write(
    workspace: Workspace, marketer: Member, guest: Member, now: datetime
) -> None:
    unwritten = CampaignFactory.create(workspace=workspace)
    written = SentCampaignFactory.create(workspace=workspace, state=CampaignState.DRAFT)

    for member, campaign in ((marketer, unwritten), (guest, written)):
        assert _shown("campaign_test_button", member, campaign, now).strip() == ""
