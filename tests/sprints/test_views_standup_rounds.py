"""The page of the live round."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from sprints.models import SpeakingOrder, StandUp, StandUpTurn, TurnState
from sprints.services.standup_rounds import start_round
from tests.factories.standups import every_day, said, todays
from workspaces.models import Member

pytestmark = pytest.mark.django_db
Browse = Callable[[Member], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def team(lead: Member, marketer: Member, now: datetime) -> list[Member]:
    every_day([lead, marketer], now)
    return [lead, marketer]


@pytest.fixture
def stand_up(team: list[Member], now: datetime) -> StandUp:
    held = todays(team[0], now)
    start_round(stand_up=held, by=team[0], now=now)
    return held


def page_url(member: Member) -> str:
    return reverse("sprints:stand_up_round", args=[member.workspace.slug])


def step_url(stand_up: StandUp) -> str:
    return reverse("sprints:stand_up_step", args=[stand_up.workspace.slug, stand_up.pk])


def speaking(stand_up: StandUp) -> StandUpTurn:
    return stand_up.turns.select_related("member__user").get(state=TurnState.SPEAKING)


def test_before_the_round_the_order_stands_and_a_button_starts_it(
    team: list[Member], now: datetime, browse: Browse
) -> None:
    client = browse(team[0])

    before = client.get(page_url(team[0]))
    after = client.post(step_url(todays(team[0], now)), {"step": "start"}, follow=True)

    assert before.context["round"].people == team
    assert after.context["round"].speaking.member == team[0]


def test_who_speaks_is_shown_with_what_was_written(
    team: list[Member], stand_up: StandUp, now: datetime, browse: Browse
) -> None:
    said(team[0], now, today="Photographs")

    page = browse(team[1]).get(page_url(team[1])).content.decode()

    assert "Speaks now" in page
    assert "Photographs" in page


def test_the_clock_counts_what_the_server_says(stand_up: StandUp, team: list[Member], browse: Browse) -> None:
    turn = speaking(stand_up)
    turn.ends_at = (turn.ends_at or stand_up.created_at) - timedelta(seconds=100)
    turn.save()

    answer = browse(team[0]).get(page_url(team[0]))

    assert answer.context["round"].seconds <= -40
    assert "is-over" in answer.content.decode()


def test_next_answers_with_the_part_that_changes(stand_up: StandUp, team: list[Member], browse: Browse) -> None:
    data = {"step": "next", "turn": speaking(stand_up).pk}

    answer = browse(team[0]).post(step_url(stand_up), data, headers=HTMX)

    assert answer.content.decode().lstrip().startswith("<ui-round")
    assert f"{team[1]} speaks now" in answer.content.decode()


def test_the_same_button_on_two_screens_passes_the_word_once(
    stand_up: StandUp, team: list[Member], browse: Browse
) -> None:
    data = {"step": "next", "turn": speaking(stand_up).pk}

    for member in team:
        browse(member).post(step_url(stand_up), data)

    assert speaking(stand_up).member == team[1]


@pytest.mark.parametrize("data", [{"step": "dance"}, {}, {"step": "up"}, {"step": "next", "turn": "x"}])
def test_a_step_that_makes_no_sense_is_refused(
    stand_up: StandUp, team: list[Member], data: dict[str, str], browse: Browse
) -> None:
    assert browse(team[0]).post(step_url(stand_up), data).status_code == 409


def test_the_order_is_changed_by_hand(team: list[Member], now: datetime, browse: Browse) -> None:
    client = browse(team[0])

    client.post(step_url(todays(team[0], now)), {"step": "down", "member": team[0].pk})

    assert client.get(page_url(team[0])).context["round"].people == team[::-1]


def test_a_drawn_order_offers_another_draw(team: list[Member], now: datetime, browse: Browse) -> None:
    every_day(team, now, order=SpeakingOrder.DRAWN)

    assert "Draw again" in browse(team[0]).get(page_url(team[0])).content.decode()


@pytest.mark.parametrize("terms", [{"has_round": False}, {"weekdays": "another day"}])
def test_without_a_round_the_page_says_why(
    team: list[Member], now: datetime, terms: dict[str, object], browse: Browse
) -> None:
    wanted = terms if "has_round" in terms else {"weekdays": [(now + timedelta(days=3)).weekday()]}
    every_day(team, now, **wanted)

    answer = browse(team[0]).get(page_url(team[0]))

    assert answer.templates[0].name == "sprints/stand_up_no_round.html"


def test_a_guest_watches_without_buttons(stand_up: StandUp, guest: Member, browse: Browse) -> None:
    page = browse(guest).get(page_url(guest)).content.decode()

    assert "Speaks now" in page
    assert 'name="step"' not in page
