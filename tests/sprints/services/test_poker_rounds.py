"""What the leader does with the story on the table."""

from datetime import datetime

import pytest

from sprints.models import ItemState, PokerResult, PokerVote, ScopeEntry, Sprint, Story
from sprints.services.poker.rounds import agree, pass_over, put_on_table, reveal_now, vote_again
from sprints.services.poker.sessions import end_session
from sprints.services.poker.table import PokerRefused
from sprints.services.stories import StoryRefused
from tests.factories.poker import BOTH, agreed, item_of, plain_story, sat, session_of, turned, vote
from workspaces.models import Member

pytestmark = pytest.mark.django_db


def test_what_is_agreed_becomes_the_storys_points_and_the_next_story_comes(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)

    item = agreed(session, now, "8")

    session.refresh_from_db()
    assert (item.state, Story.objects.get(pk=item.story_id).points) == (ItemState.AGREED, 8)
    assert session.current == item_of(session, 1)
    assert item_of(session, 1).state == ItemState.VOTING
    result = PokerResult.objects.get()
    assert (result.effort, result.effort_points, result.rounds, result.points_before) == ("8", 8.0, 1, None)


def test_a_new_estimate_in_a_running_sprint_goes_into_the_scope_log(
    lead: Member, running: Sprint, now: datetime
) -> None:
    story = plain_story(lead, sprint=running, points=3)
    session = session_of(lead, now, stories=[story])

    agreed(session, now, "8")

    entry = ScopeEntry.objects.get()
    assert (entry.change, entry.points, entry.by) == ("estimated", 5, lead)
    assert PokerResult.objects.get().points_before == 3


def test_value_goes_into_the_result_and_leaves_the_points_alone(lead: Member, now: datetime) -> None:
    session = session_of(lead, now, rules=BOTH)
    item = turned(session, now, effort="3", value="13")

    agree(item=item, cards={"effort": "5", "value": "13"}, by=lead, now=now)

    result = PokerResult.objects.get()
    assert (result.value, result.value_points, result.effort_points) == ("13", 13.0, 5.0)
    assert Story.objects.get(pk=item.story_id).points == 5


def test_the_spread_is_that_of_the_last_round(lead: Member, marketer: Member, now: datetime) -> None:
    session = session_of(lead, now)
    seats = sat(session, lead, marketer, now=now)
    for cards in (("1", "13"), ("3", "5")):
        for seat, card in zip(seats, cards, strict=True):
            vote(item_of(session), seat, card, now)
        reveal_now(item=item_of(session), by=lead, now=now)
        if cards[0] == "1":
            vote_again(item=item_of(session), by=lead, now=now)

    agree(item=item_of(session), cards={"effort": "5"}, by=lead, now=now)

    result = PokerResult.objects.get()
    assert (result.effort_spread, result.rounds) == (2.0, 2)
    assert PokerVote.objects.filter(round=1).count() == PokerVote.objects.filter(round=2).count() == 2


@pytest.mark.parametrize("cards", [{}, {"effort": "?"}, {"effort": "pass"}, {"effort": "4"}])
def test_only_a_card_with_points_can_be_agreed_on(lead: Member, now: datetime, cards: dict[str, str]) -> None:
    item = turned(session_of(lead, now), now)

    with pytest.raises(PokerRefused, match="with points"):
        agree(item=item, cards=cards, by=lead, now=now)

    assert not PokerResult.objects.exists()


def test_nothing_is_agreed_before_the_cards_are_turned(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)

    with pytest.raises(PokerRefused, match="Turn the cards"):
        agree(item=item_of(session), cards={"effort": "5"}, by=lead, now=now)


def test_a_story_of_a_closed_sprint_keeps_its_estimate(lead: Member, running: Sprint, now: datetime) -> None:
    session = session_of(lead, now, stories=[plain_story(lead, sprint=running)])
    item = turned(session, now)
    Sprint.objects.update(state="closed")

    with pytest.raises(StoryRefused):
        agree(item=item, cards={"effort": "8"}, by=lead, now=now)

    assert item_of(session).state == ItemState.REVEALED


def test_only_the_leader_leads(lead: Member, marketer: Member, now: datetime) -> None:
    session = session_of(lead, now)
    item = turned(session, now)

    for verb in (put_on_table, reveal_now, vote_again, pass_over):
        with pytest.raises(PokerRefused, match="Elena Petrova"):
            verb(item=item, by=marketer, now=now)
    with pytest.raises(PokerRefused, match="Elena Petrova"):
        agree(item=item, cards={"effort": "5"}, by=marketer, now=now)


def test_cards_are_not_turned_while_nobody_has_voted(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)

    with pytest.raises(PokerRefused, match="Nobody has voted"):
        reveal_now(item=item_of(session), by=lead, now=now)


def test_a_skipped_story_makes_room_for_the_next_and_can_come_back(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)

    pass_over(item=item_of(session), by=lead, now=now)
    put_on_table(item=item_of(session), by=lead, now=now)

    assert [item_of(session, place).state for place in (0, 1)] == [ItemState.VOTING, ItemState.WAITING]
    assert item_of(session).round == 1


def test_the_story_that_makes_room_keeps_its_votes(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)
    [seat] = sat(session, lead, now=now)
    vote(item_of(session), seat, "5", now)

    put_on_table(item=item_of(session, 1), by=lead, now=now)
    put_on_table(item=item_of(session, 0), by=lead, now=now)

    assert PokerVote.objects.get().effort == "5"
    assert item_of(session).state == ItemState.VOTING


def test_what_was_agreed_can_be_voted_on_anew_in_another_round(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)
    item = agreed(session, now)

    put_on_table(item=item, by=lead, now=now)

    assert (item_of(session).state, item_of(session).round) == (ItemState.VOTING, 2)


def test_an_agreed_story_is_not_skipped(lead: Member, now: datetime) -> None:
    item = agreed(session_of(lead, now), now)

    with pytest.raises(PokerRefused, match="Agreed"):
        pass_over(item=item, by=lead, now=now)


def test_after_the_end_nothing_moves(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)
    item = turned(session, now)

    end_session(session=session, by=lead, now=now)

    with pytest.raises(PokerRefused, match="has ended"):
        agree(item=item, cards={"effort": "5"}, by=lead, now=now)
