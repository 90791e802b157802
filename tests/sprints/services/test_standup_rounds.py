"""The live round: one speaks, everybody sees the same clock, and no button works twice."""

from datetime import UTC, datetime, timedelta

import pytest

from sprints.models import SpeakingOrder, StandUp, StandUpTurn, TurnState
from sprints.services.standup_rounds import (
    bring_back,
    draw_again,
    end_round,
    pass_word,
    pause,
    skip_turn,
    speaking_order,
    start_round,
)
from sprints.services.standup_schedules import move_seat
from sprints.services.standups import StandUpRefused
from sprints.standup_days import schedule_of
from tests.factories.standups import every_day, todays
from tests.together import together
from workspaces.models import Member

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 6, 8, 6, 0, tzinfo=UTC)


@pytest.fixture
def team(lead: Member, marketer: Member, analyst: Member) -> list[Member]:
    every_day([lead, marketer, analyst], MONDAY)
    return [lead, marketer, analyst]


@pytest.fixture
def stand_up(team: list[Member]) -> StandUp:
    held = todays(team[0], MONDAY)
    start_round(stand_up=held, by=team[0], now=MONDAY)
    return held


def speaking(stand_up: StandUp) -> StandUpTurn:
    return stand_up.turns.select_related("member__user").get(state=TurnState.SPEAKING)


def test_the_first_gets_the_word_and_the_time(stand_up: StandUp, team: list[Member]) -> None:
    turn = speaking(stand_up)

    assert turn.member == team[0]
    assert turn.ends_at == MONDAY + timedelta(seconds=60)


def test_the_word_goes_round_and_the_round_ends(stand_up: StandUp, team: list[Member]) -> None:
    spoke = []
    for n in range(3):
        turn = speaking(stand_up)
        spoke.append(turn.member)
        pass_word(stand_up=stand_up, turn=turn.pk, by=team[0], now=MONDAY + timedelta(minutes=n))

    stand_up.refresh_from_db()
    assert spoke == team
    assert not stand_up.is_live
    assert stand_up.round_ended_at == MONDAY + timedelta(minutes=2)


def test_passing_the_word_twice_for_one_turn_passes_it_once(stand_up: StandUp, team: list[Member]) -> None:
    first = speaking(stand_up)

    for _press in range(2):
        pass_word(stand_up=stand_up, turn=first.pk, by=team[1], now=MONDAY)

    assert speaking(stand_up).member == team[1]


def test_who_was_skipped_can_come_back_at_the_end(stand_up: StandUp, team: list[Member]) -> None:
    first = speaking(stand_up)
    skip_turn(stand_up=stand_up, turn=first.pk, by=team[1], now=MONDAY)

    bring_back(stand_up=stand_up, turn=first.pk, by=team[1], now=MONDAY)

    waiting = stand_up.turns.filter(state=TurnState.WAITING).order_by("position")
    assert speaking(stand_up).member == team[1]
    assert [turn.member for turn in waiting] == [team[2], team[0]]


def test_a_pause_keeps_what_is_left(stand_up: StandUp, team: list[Member]) -> None:
    turn = speaking(stand_up)
    pause(stand_up=stand_up, turn=turn.pk, by=team[0], now=MONDAY + timedelta(seconds=20))
    paused = speaking(stand_up)

    pause(stand_up=stand_up, turn=turn.pk, by=team[0], now=MONDAY + timedelta(minutes=5))

    assert (paused.is_paused, paused.seconds_left) == (True, 40)
    assert speaking(stand_up).ends_at == MONDAY + timedelta(minutes=5, seconds=40)


def test_starting_twice_holds_one_round(stand_up: StandUp, team: list[Member]) -> None:
    pass_word(stand_up=stand_up, turn=speaking(stand_up).pk, by=team[0], now=MONDAY)

    start_round(stand_up=stand_up, by=team[1], now=MONDAY)

    assert speaking(stand_up).member == team[1]


def test_an_ended_round_can_begin_anew(stand_up: StandUp, team: list[Member]) -> None:
    end_round(stand_up=stand_up, by=team[0], now=MONDAY)

    start_round(stand_up=stand_up, by=team[0], now=MONDAY + timedelta(minutes=1))

    assert speaking(stand_up).member == team[0]


def test_a_team_that_does_not_meet_has_no_round(team: list[Member]) -> None:
    every_day(team, MONDAY, has_round=False)

    with pytest.raises(StandUpRefused):
        start_round(stand_up=todays(team[0], MONDAY), by=team[0], now=MONDAY)


def test_the_drawn_order_is_one_for_all_and_another_after_drawing_again(team: list[Member]) -> None:
    schedule = every_day(team, MONDAY, order=SpeakingOrder.DRAWN)
    stand_up, orders = todays(team[0], MONDAY), set()
    for _draw in range(12):
        first_look, second_look = speaking_order(stand_up, schedule), speaking_order(stand_up, schedule)
        assert first_look == second_look
        orders.add(tuple(member.pk for member in first_look))
        draw_again(stand_up=stand_up, by=team[0], now=MONDAY)
        stand_up.refresh_from_db()

    assert len(orders) > 1
    assert all(sorted(order) == sorted(member.pk for member in team) for order in orders)


def test_the_order_put_by_hand_stays(team: list[Member]) -> None:
    move_seat(workspace=team[0].workspace, member=team[2], up=True, by=team[0], now=MONDAY)
    move_seat(workspace=team[0].workspace, member=team[0], up=True, by=team[0], now=MONDAY)

    order = speaking_order(todays(team[0], MONDAY), schedule_of(team[0].workspace))

    assert order == [team[0], team[2], team[1]]


def test_a_drawn_order_is_not_put_by_hand(team: list[Member]) -> None:
    every_day(team, MONDAY, order=SpeakingOrder.DRAWN)

    with pytest.raises(StandUpRefused):
        move_seat(workspace=team[0].workspace, member=team[2], up=True, by=team[0], now=MONDAY)


def test_an_order_put_by_hand_is_not_drawn(stand_up: StandUp, team: list[Member]) -> None:
    end_round(stand_up=stand_up, by=team[0], now=MONDAY)

    with pytest.raises(StandUpRefused):
        draw_again(stand_up=stand_up, by=team[0], now=MONDAY)


@pytest.mark.django_db(transaction=True)
def test_three_who_press_next_at_once_pass_the_word_once(lead: Member, marketer: Member, analyst: Member) -> None:
    every_day([lead, marketer, analyst], MONDAY)
    stand_up = todays(lead, MONDAY)
    start_round(stand_up=stand_up, by=lead, now=MONDAY)
    turn = speaking(stand_up).pk

    def press() -> None:
        pass_word(stand_up=stand_up, turn=turn, by=lead, now=MONDAY)

    found = together(press, press, press)

    assert found == [None] * 3
    assert speaking(stand_up).member == marketer
