"""Voting: hidden cards, the countdown that a change stops, and cards that turn once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from sprints.decks import PASS
from sprints.models import ItemState, PokerVote
from sprints.services.poker.reveal import COUNTDOWN
from sprints.services.poker.rounds import reveal_now
from sprints.services.poker.seats import leave_table, look_in, take_seat
from sprints.services.poker.table import PRESENCE, PokerRefused
from sprints.services.poker.votes import cast_vote, withdraw_vote
from sprints.services.poker.windows import poll
from tests.factories.poker import BOTH, guest_at, item_of, sat, session_of, vote
from tests.factories.sprints import StoryFactory
from tests.together import together
from workspaces.models import AuditEntry, Member

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def test_the_countdown_starts_when_all_who_are_there_have_voted(lead: Member, marketer: Member, now: datetime) -> None:
    session = session_of(lead, now)
    first, second = sat(session, lead, marketer, now=now)

    vote(item_of(session), first, "3", now)
    before = item_of(session).reveal_at
    vote(item_of(session), second, "5", now + SECOND)

    assert before is None
    assert item_of(session).reveal_at == now + SECOND + COUNTDOWN


def test_one_voter_alone_turns_no_card(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)
    [seat] = sat(session, lead, now=now)

    vote(item_of(session), seat, "3", now)

    assert item_of(session).reveal_at is None


def test_a_withdrawn_vote_cancels_the_countdown(lead: Member, marketer: Member, now: datetime) -> None:
    session = session_of(lead, now)
    seats = sat(session, lead, marketer, now=now)
    for seat in seats:
        vote(item_of(session), seat, "3", now)

    withdraw_vote(item=item_of(session), seat=seats[0], now=now + SECOND)
    poll(now + COUNTDOWN * 2)

    assert (item_of(session).state, item_of(session).reveal_at) == (ItemState.VOTING, None)
    assert PokerVote.objects.count() == 1


def test_a_changed_vote_begins_the_countdown_anew_and_the_same_card_does_not(
    lead: Member, marketer: Member, now: datetime
) -> None:
    session = session_of(lead, now)
    seats = sat(session, lead, marketer, now=now)
    for seat in seats:
        vote(item_of(session), seat, "3", now)

    vote(item_of(session), seats[0], "3", now + SECOND)
    same = item_of(session).reveal_at
    vote(item_of(session), seats[0], "8", now + 2 * SECOND)

    assert same == now + COUNTDOWN
    assert item_of(session).reveal_at == now + 2 * SECOND + COUNTDOWN


def test_whoever_joins_stops_the_countdown(lead: Member, marketer: Member, seller: Member, now: datetime) -> None:
    session = session_of(lead, now)
    for seat in sat(session, lead, marketer, now=now):
        vote(item_of(session), seat, "3", now)

    [late] = sat(session, seller, now=now + SECOND)
    stopped = item_of(session).reveal_at
    leave_table(seat=late, now=now + 2 * SECOND)

    assert stopped is None
    assert item_of(session).reveal_at == now + 2 * SECOND + COUNTDOWN


def test_a_guest_who_joins_stops_it_too(lead: Member, marketer: Member, now: datetime) -> None:
    session = session_of(lead, now)
    for seat in sat(session, lead, marketer, now=now):
        vote(item_of(session), seat, "3", now)

    guest_at(session, now + SECOND)

    assert item_of(session).reveal_at is None


def test_who_went_away_is_not_waited_for_and_who_comes_back_is(
    lead: Member, marketer: Member, seller: Member, now: datetime
) -> None:
    session = session_of(lead, now)
    first, second, away = sat(session, lead, marketer, seller, now=now)
    later = now + PRESENCE + SECOND
    for seat in (first, second):
        vote(item_of(session), seat, "3", later)

    counting = item_of(session).reveal_at
    look_in(session=session, seat=away, now=later + SECOND)

    assert counting == later + COUNTDOWN
    assert item_of(session).reveal_at is None


def test_the_last_look_of_somebody_who_left_starts_the_countdown_for_the_others(
    lead: Member, marketer: Member, seller: Member, now: datetime
) -> None:
    session = session_of(lead, now)
    first, second, _away = sat(session, lead, marketer, seller, now=now)
    for seat in (first, second):
        vote(item_of(session), seat, "3", now)
    later = now + PRESENCE + SECOND

    for seat in (first, second):
        look_in(session=session, seat=seat, now=later)

    assert item_of(session).reveal_at == later + COUNTDOWN


def test_cards_turn_when_the_moment_has_come_whoever_looks(lead: Member, marketer: Member, now: datetime) -> None:
    session = session_of(lead, now)
    for seat in sat(session, lead, marketer, now=now):
        vote(item_of(session), seat, "3", now)

    look_in(session=session, seat=None, now=now + COUNTDOWN - SECOND)
    early = item_of(session).state
    look_in(session=session, seat=None, now=now + COUNTDOWN)

    assert early == ItemState.VOTING
    assert (item_of(session).state, item_of(session).revealed_at) == (ItemState.REVEALED, now + COUNTDOWN)


def test_cards_turn_without_anybody_looking(lead: Member, marketer: Member, now: datetime) -> None:
    session = session_of(lead, now)
    for seat in sat(session, lead, marketer, now=now):
        vote(item_of(session), seat, "3", now)

    for _time in range(2):
        poll(now + COUNTDOWN)

    assert item_of(session).state == ItemState.REVEALED
    assert AuditEntry.objects.filter(action="poker.revealed").count() == 1


def test_a_vote_after_the_moment_is_refused_even_before_anybody_turned_the_cards(
    lead: Member, marketer: Member, now: datetime
) -> None:
    session = session_of(lead, now)
    seats = sat(session, lead, marketer, now=now)
    for seat in seats:
        vote(item_of(session), seat, "3", now)

    with pytest.raises(PokerRefused, match="are turned"):
        vote(item_of(session), seats[0], "8", now + COUNTDOWN)
    with pytest.raises(PokerRefused, match="are turned"):
        withdraw_vote(item=item_of(session), seat=seats[0], now=now + COUNTDOWN)

    assert set(PokerVote.objects.values_list("effort", flat=True)) == {"3"}


def test_a_vote_after_the_reveal_is_refused(lead: Member, now: datetime) -> None:
    session = session_of(lead, now)
    [seat] = sat(session, lead, now=now)
    vote(item_of(session), seat, "3", now)
    reveal_now(item=item_of(session), by=lead, now=now)

    with pytest.raises(PokerRefused, match="are turned"):
        vote(item_of(session), seat, "8", now)


def test_who_has_not_voted_gets_a_pass(lead: Member, marketer: Member, seller: Member, now: datetime) -> None:
    session = session_of(lead, now, rules=BOTH)
    first, second, _third = sat(session, lead, marketer, seller, now=now)
    cast_vote(item=item_of(session), seat=first, cards={"effort": "3", "value": "8"}, now=now)
    cast_vote(item=item_of(session), seat=second, cards={"effort": "5"}, now=now)

    reveal_now(item=item_of(session), by=lead, now=now)

    found = PokerVote.objects.order_by("seat_id").values_list("effort", "value", "is_absent")
    assert list(found) == [("3", "8", False), ("5", PASS, False), (PASS, PASS, True)]


def test_half_a_vote_is_waited_for(lead: Member, marketer: Member, now: datetime) -> None:
    session = session_of(lead, now, rules=BOTH)
    first, second = sat(session, lead, marketer, now=now)
    cast_vote(item=item_of(session), seat=first, cards={"effort": "3", "value": "8"}, now=now)

    cast_vote(item=item_of(session), seat=second, cards={"effort": "5"}, now=now)
    half = item_of(session).reveal_at
    cast_vote(item=item_of(session), seat=second, cards={"value": "5"}, now=now)

    assert half is None
    assert item_of(session).reveal_at is not None


@pytest.mark.parametrize("cards", [{}, {"effort": "4"}, {"effort": ""}, {"value": "5"}, {"mood": "5"}])
def test_a_card_that_the_deck_does_not_have_is_refused(lead: Member, now: datetime, cards: dict[str, str]) -> None:
    session = session_of(lead, now)
    [seat] = sat(session, lead, now=now)

    with pytest.raises(PokerRefused):
        cast_vote(item=item_of(session), seat=seat, cards=cards, now=now)


def test_only_those_at_this_table_vote(lead: Member, marketer: Member, now: datetime) -> None:
    session, other = session_of(lead, now), session_of(marketer, now)
    [elsewhere] = sat(other, marketer, now=now)
    [left] = sat(session, marketer, now=now)
    leave_table(seat=left, now=now)

    for seat in (elsewhere, left):
        with pytest.raises(PokerRefused, match="seat"):
            vote(item_of(session), seat, "3", now)


def test_the_audit_log_says_who_voted_and_never_what(lead: Member, now: datetime) -> None:
    session = session_of(lead, now, stories=[StoryFactory.create(workspace=lead.workspace, title="Serum reminder")])
    [seat] = sat(session, lead, now=now)

    vote(item_of(session), seat, "13", now)

    entry = AuditEntry.objects.get(action="poker.voted")
    assert (entry.member, entry.detail) == (lead, {"round": 1})
    assert "13" not in entry.target_label


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_the_two_last_votes_start_one_countdown_and_the_cards_turn_once(
        self, lead: Member, marketer: Member, now: datetime
    ) -> None:
        session = session_of(lead, now)
        seats = sat(session, lead, marketer, now=now)
        item = item_of(session)

        voted = together(*[self._voting(item, seat, now) for seat in seats])
        turned = together(*[lambda: poll(now + COUNTDOWN)] * 2, *[self._looking(session, now)] * 2)

        assert voted == [None, None]
        assert turned == [None] * 4
        assert item_of(session).state == ItemState.REVEALED
        assert AuditEntry.objects.filter(action="poker.revealed").count() == 1
        assert PokerVote.objects.count() == 2

    def test_a_vote_and_the_leaders_reveal_leave_one_of_two_outcomes(
        self, lead: Member, marketer: Member, now: datetime
    ) -> None:
        session = session_of(lead, now)
        first, second = sat(session, lead, marketer, now=now)
        item = item_of(session)
        vote(item, first, "3", now)

        late, _turned = together(self._voting(item, second, now), lambda: reveal_now(item=item, by=lead, now=now))

        card = PokerVote.objects.get(seat=second).effort
        assert (card == PASS) == isinstance(late, PokerRefused)
        assert card in {"5", PASS}

    def test_sitting_down_twice_at_once_takes_one_seat(self, lead: Member, marketer: Member, now: datetime) -> None:
        session = session_of(lead, now)

        seats = together(*[lambda: take_seat(session=session, member=marketer, now=now)] * 3)

        assert len({seat.pk for seat in seats if not isinstance(seat, Exception)}) == 1

    def _voting(self, item: object, seat: object, now: datetime) -> Callable[[], None]:
        return lambda: vote(item, seat, "5", now)  # type: ignore[arg-type]  # an item and a seat

    def _looking(self, session: object, now: datetime) -> Callable[[], None]:
        return lambda: look_in(session=session, seat=None, now=now + COUNTDOWN)  # type: ignore[arg-type]  # a session
