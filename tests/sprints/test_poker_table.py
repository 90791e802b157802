"""What one person sees of a table: nothing of others' cards before they are turned."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from sprints.models import ItemState, PokerSession, PokerVote
from sprints.poker_table import HIDDEN, table_of
from sprints.services.poker.rounds import pass_over, put_on_table, reveal_now, vote_again
from sprints.services.poker.table import PRESENCE
from sprints.services.stories import rewrite_story, set_criteria
from tests.factories.poker import BOTH, agreed, guest_at, item_of, sat, session_of, turned, vote, window_until
from workspaces.models import Member

pytestmark = pytest.mark.django_db


def test_a_card_that_lies_face_down_is_nowhere_in_what_others_see(
    lead: Member, marketer: Member, now: datetime
) -> None:
    session = session_of(lead, now, rules=BOTH)
    mine, other = sat(session, lead, marketer, now=now)
    vote(item_of(session), other, "13", now, value="21")

    for viewer in (mine, None):
        table = table_of(session, viewer, now)
        person = next(person for person in table.people if person.name == "Sofia Marchetti")
        assert (person.has_voted, person.cards) == (True, ())
        assert HIDDEN not in repr(table.people)
        assert "'13'" not in repr((table.people, table.rounds, table.queue))
        assert all(dimension.tally is None for dimension in table.dimensions)


def test_ones_own_card_is_seen_face_down(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)
    [mine] = sat(session, lead, now=now)
    vote(item_of(session), mine, "13", now)

    table = table_of(session, mine, now)

    assert [dimension.mine for dimension in table.dimensions] == ["13"]
    assert table.people[0].cards == ("13",)


def test_turned_cards_are_seen_by_all(lead: Member, marketer: Member, now: datetime) -> None:
    session = session_of(lead, now)
    first, second = sat(session, lead, marketer, now=now)
    vote(item_of(session), first, "3", now)
    vote(item_of(session), second, "13", now)
    reveal_now(item=item_of(session), by=lead, now=now)

    table = table_of(session, None, now)

    assert [person.cards for person in table.people] == [("3",), ("13",)]
    counted = table.dimensions[0].tally
    assert counted is not None
    assert (counted.lowest, counted.highest) == (("Elena Petrova",), ("Sofia Marchetti",))


def test_a_new_round_hides_its_cards_and_shows_those_of_the_round_before(
    lead: Member, marketer: Member, now: datetime
) -> None:
    session = session_of(lead, now)
    first, second = sat(session, lead, marketer, now=now)
    vote(item_of(session), second, "3", now)
    reveal_now(item=item_of(session), by=lead, now=now)
    vote_again(item=item_of(session), by=lead, now=now)
    vote(item_of(session), second, "13", now)

    table = table_of(session, first, now)

    assert table.rounds[0].votes == (("Elena Petrova", ("pass",)), ("Sofia Marchetti", ("3",)))
    assert "'13'" not in repr((table.people, table.rounds))


def test_cards_of_a_story_that_is_skipped_or_set_aside_stay_hidden(
    lead: Member, marketer: Member, now: datetime
) -> None:
    session = session_of(lead, now)
    first, second = sat(session, lead, marketer, now=now)
    for verb, place in ((put_on_table, 1), (pass_over, 1)):
        vote(item_of(session, 0 if verb is put_on_table else 1), second, "13", now)
        verb(item=item_of(session, place), by=lead, now=now)

    for viewer in (first, None):
        assert "'13'" not in repr((table_of(session, viewer, now).people, table_of(session, viewer, now).rounds))
    assert set(PokerVote.objects.values_list("effort", flat=True)) == {"13"}


def test_who_got_up_after_voting_is_still_counted(lead: Member, marketer: Member, now: datetime) -> None:
    session = session_of(lead, now)
    first, second = sat(session, lead, marketer, now=now)
    vote(item_of(session), second, "8", now)
    second.left_at = now
    second.save()
    reveal_now(item=item_of(session), by=lead, now=now)

    table = table_of(session, first, now)

    assert [person.name for person in table.people] == ["Elena Petrova", "Sofia Marchetti"]
    assert not table_of(session, second, now).is_seated


def test_a_story_that_was_changed_meanwhile_says_so_until_it_is_voted_on_anew(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)
    story = item_of(session).story
    before = table_of(session, None, now).has_changed

    set_criteria(story=story, texts=["Something else"], by=lead, now=now)
    after = table_of(session, None, now).has_changed
    turned(session, now)
    vote_again(item=item_of(session), by=lead, now=now)

    assert (before, after, table_of(session, None, now).has_changed) == (False, True, False)


def test_a_new_estimate_is_no_change_of_the_story(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)

    rewrite_story(story=item_of(session).story, points=8, by=lead, now=now)

    assert not table_of(session, None, now).has_changed


def test_the_version_changes_with_what_is_seen_and_not_with_the_clock(
    lead: Member, marketer: Member, now: datetime
) -> None:
    session = session_of(lead, now)
    first, second = sat(session, lead, marketer, now=now)
    for seat in (first, second):
        vote(item_of(session), seat, "5", now)
    table = table_of(session, first, now)

    later = table_of(session, first, now + timedelta(seconds=2))
    away = table_of(session, first, now + PRESENCE + timedelta(seconds=1))

    assert (table.seconds_left, later.seconds_left) == (5.0, 3.0)
    assert table.version == later.version
    assert away.version != table.version


def test_in_a_window_one_sees_first_what_one_owes(lead: Member, marketer: Member, now: datetime) -> None:
    session = session_of(lead, now, rules=window_until(now + timedelta(days=2)), team=[marketer], stories=3)
    seat = session.seats.get(member=marketer)
    vote(item_of(session), seat, "5", now)

    table = table_of(session, seat, now)

    assert table.item == item_of(session, 1).pk
    assert table.following == item_of(session, 2).pk
    assert table_of(session, seat, now, wanted=item_of(session).pk).item == item_of(session).pk


def test_a_live_session_shows_everybody_the_same_story(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)

    assert table_of(session, None, now, wanted=item_of(session, 1).pk).item == item_of(session).pk


def test_the_queue_says_what_was_agreed(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)
    agreed(session, now, "8")
    session.refresh_from_db()

    table = table_of(session, None, now)

    assert [(line.state, line.agreed) for line in table.queue] == [(ItemState.AGREED, ("8",)), (ItemState.VOTING, ())]
    assert table.done == 1


def test_a_table_costs_the_same_for_many(
    lead: Member, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    session = session_of(lead, now, stories=8)
    for n in range(6):
        vote(item_of(session), guest_at(session, now, f"Guest {n}"), "5", now)
        session.refresh_from_db()
    session = PokerSession.objects.with_people().get()

    with django_assert_max_num_queries(6):
        table_of(session, None, now)
