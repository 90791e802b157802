"""The way to the first campaign, on the home page of a new workspace."""

from collections.abc import Callable
from datetime import datetime

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaigns.first_steps import first_steps_panel
from campaigns.models import CampaignState
from tests.factories.audience import ContactFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.strategy import GoalFactory
from workspaces.models import Member, Workspace

HEADING = "The way to your first campaign"


def test_a_new_workspace_shows_what_to_begin_with(lead: Member, browse: Callable[[Member], Client]) -> None:
    page = browse(lead).get(f"/w/{lead.workspace.slug}/").content.decode()

    assert HEADING in page
    assert page.count("btn--primary") == 1
    assert f'btn--primary" href="/w/{lead.workspace.slug}/imports/"' in page


def test_what_is_done_is_ticked_and_the_next_step_is_offered(
    workspace: Workspace, lead: Member, browse: Callable[[Member], Client]
) -> None:
    ContactFactory.create(workspace=workspace)
    GoalFactory.create(workspace=workspace)

    page = browse(lead).get(f"/w/{workspace.slug}/").content.decode()

    assert page.count("Done:") == 2
    assert f'btn--primary" href="/w/{workspace.slug}/stories/new/"' in page


def test_only_steps_of_ones_own_role_are_offered(
    workspace: Workspace, seller: Member, browse: Callable[[Member], Client]
) -> None:
    page = browse(seller).get(f"/w/{workspace.slug}/").content.decode()

    assert HEADING in page
    assert f'href="/w/{workspace.slug}/stories/new/"' in page
    assert "Begin: Invite the business owner" not in page


def test_guests_are_not_sent_to_work(guest: Member, browse: Callable[[Member], Client]) -> None:
    page = browse(guest).get(f"/w/{guest.workspace.slug}/").content.decode()

    assert HEADING not in page


def test_after_the_first_send_the_way_is_behind_us(
    workspace: Workspace, lead: Member, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    CampaignFactory.create(workspace=workspace, state=CampaignState.SENT)

    with django_assert_max_num_queries(1):
        panel = first_steps_panel(lead, now)

    assert panel is None
