"""The goals on the home page."""

from collections.abc import Callable
from datetime import datetime

from django.test import Client
from django.urls import reverse

from strategy.home import goals_panel
from tests.factories.strategy import GoalFactory
from tests.strategy.conftest import read
from workspaces.models import Member


def test_without_an_open_goal_there_is_no_panel(lead: Member, now: datetime) -> None:
    GoalFactory.create(workspace=lead.workspace, closed=True)

    assert goals_panel(lead, now) is None


def test_everybody_sees_the_goals_at_home(guest: Member, browse: Callable[[Member], Client], now: datetime) -> None:
    top = GoalFactory.create(workspace=guest.workspace, name="A brand people stay with")
    under = GoalFactory.create(workspace=guest.workspace, name="Second orders", parent=top)
    read(under.kpi, now.date(), "0.31")

    page = browse(guest).get(reverse("workspaces:home", kwargs={"workspace": "maren-moss"}))

    assert page.status_code == 200
    for words in ("Goals and KPIs", "A brand people stay with", "Second orders", "<b>31%</b>"):
        assert words in page.content.decode()


def test_only_the_first_goals_are_unfolded_at_home(lead: Member, browse: Callable[[Member], Client]) -> None:
    for _ in range(4):
        GoalFactory.create(workspace=lead.workspace, parent=GoalFactory.create(workspace=lead.workspace))
    client, address = browse(lead), {"workspace": "maren-moss"}

    home, strategy = (client.get(reverse(name, kwargs=address)) for name in ("workspaces:home", "strategy:goal_list"))

    assert home.content.decode().count('<details class="fold" open>') == 3
    assert strategy.content.decode().count('<details class="fold" open>') == 4
