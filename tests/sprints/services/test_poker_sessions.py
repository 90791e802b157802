"""Sessions, their queue and leader; windows with a deadline; the link for guests; decks."""

from datetime import datetime, timedelta

import pytest

from sprints.decks import BUILT_IN, DeckRefused, decks_of, find_deck
from sprints.models import ItemState, PokerDeck, PokerMode, PokerResult, PokerSeat, PokerVote, Story
from sprints.services.poker.decks import remove_deck, write_deck
from sprints.services.poker.guests import (
    LINK_LIFE,
    MOST_GUESTS,
    PokerLinkInvalid,
    guest_token,
    join_as_guest,
    open_link,
    open_seat,
    open_table,
    seat_token,
    withdraw_link,
)
from sprints.services.poker.reveal import COUNTDOWN
from sprints.services.poker.rounds import agree, reveal_now
from sprints.services.poker.sessions import (
    MOST_STORIES,
    Rules,
    add_stories,
    end_session,
    hand_over,
    move_deadline,
    open_session,
    stories_to_estimate,
)
from sprints.services.poker.table import PokerRefused
from sprints.services.poker.windows import poll, remind_at
from tests.factories.poker import EFFORT, FIBONACCI, guest_at, item_of, sat, session_of, stories_for, vote, window_until
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.together import together
from workspaces.models import AuditEntry, Member, SystemMail, Workspace

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def _mailed(kind: str) -> list[str]:
    return list(SystemMail.objects.filter(kind=f"sprints.poker_{kind}").order_by("to").values_list("to", flat=True))


class TestOpening:
    def test_the_first_story_is_on_the_table_and_the_leader_beside_it(self, lead: Member, now: datetime) -> None:
        session = session_of(lead, now)

        assert session.current == item_of(session)
        assert [item_of(session, n).state for n in (0, 1)] == [ItemState.VOTING, ItemState.WAITING]
        assert PokerSeat.objects.get().member == lead
        assert _mailed("invitation") == []

    def test_stories_still_to_be_done_can_be_chosen(self, lead: Member, workspace: Workspace) -> None:
        wanted = StoryFactory.create(workspace=workspace)
        StoryFactory.create(workspace=workspace, done=True)
        StoryFactory.create(workspace=workspace, sprint=SprintFactory.create(workspace=workspace, closed=True))
        StoryFactory.create()

        assert list(stories_to_estimate(workspace)) == [wanted]

    @pytest.mark.parametrize(
        ("name", "rules"),
        [
            (" ", EFFORT),
            ("A", Rules(effort=None)),
            ("A", Rules(effort=FIBONACCI, mode=PokerMode.WINDOW)),
            ("A", Rules(effort=FIBONACCI, deadline_at=datetime(2099, 1, 1).astimezone())),
        ],
    )
    def test_a_session_that_cannot_be_held_is_refused(
        self, lead: Member, now: datetime, name: str, rules: Rules
    ) -> None:
        stories = stories_for(lead, 1)

        with pytest.raises(PokerRefused) as refusal:
            open_session(workspace=lead.workspace, name=name, rules=rules, stories=stories, team=[], by=lead, now=now)

        assert refusal.value.fields

    @pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(days=31), -HOUR])
    def test_a_deadline_is_neither_now_nor_next_year(self, lead: Member, now: datetime, ahead: timedelta) -> None:
        with pytest.raises(PokerRefused, match="deadline"):
            session_of(lead, now, rules=window_until(now + ahead))

    def test_a_queue_holds_at_least_one_and_at_most_so_many_stories(self, lead: Member, now: datetime) -> None:
        for count in (0, MOST_STORIES + 1):
            stories = StoryFactory.create_batch(count, workspace=lead.workspace)
            with pytest.raises(PokerRefused, match="stories"):
                session_of(lead, now, stories=stories)

    def test_stories_are_added_once(self, lead: Member, now: datetime) -> None:
        session = session_of(lead, now)
        more = stories_for(lead, 1)

        add_stories(session=session, stories=[*more, item_of(session).story], by=lead, now=now)

        assert session.items.count() == 3
        with pytest.raises(PokerRefused):
            add_stories(session=session, stories=more, by=lead, now=now)


class TestLeading:
    def test_the_leader_hands_over(self, lead: Member, seller: Member, now: datetime) -> None:
        session = session_of(lead, now)

        hand_over(session=session, to=seller, by=lead, now=now)

        session.refresh_from_db()
        assert session.leader == seller

    def test_whoever_plans_sprints_can_take_over_and_nobody_else(
        self, lead: Member, marketer: Member, seller: Member, now: datetime
    ) -> None:
        session = session_of(lead, now)

        with pytest.raises(PokerRefused):
            hand_over(session=session, to=seller, by=seller, now=now)
        with pytest.raises(PokerRefused):
            hand_over(session=session, to=seller, by=marketer, now=now)
        hand_over(session=session, to=marketer, by=marketer, now=now)

        session.refresh_from_db()
        assert session.leader == marketer

    def test_a_guest_of_the_workspace_cannot_lead(self, lead: Member, guest: Member, now: datetime) -> None:
        with pytest.raises(PokerRefused, match="cannot lead"):
            hand_over(session=session_of(lead, now), to=guest, by=lead, now=now)

    def test_the_end_frees_the_table(self, lead: Member, now: datetime) -> None:
        session = open_link(session=session_of(lead, now), by=lead, now=now)

        end_session(session=session, by=lead, now=now)

        session.refresh_from_db()
        assert (session.is_open, session.current, session.link_nonce) == (False, None, None)
        assert item_of(session).state == ItemState.WAITING


class TestWindow:
    def test_all_stories_are_voted_on_at_once_and_the_team_is_told(
        self, lead: Member, marketer: Member, now: datetime
    ) -> None:
        session = session_of(lead, now, rules=window_until(now + 48 * HOUR), team=[lead, marketer])

        assert {item_of(session, n).state for n in (0, 1)} == {ItemState.VOTING}
        assert _mailed("invitation") == ["sofia@marenmoss.example"]

    def test_everybody_who_was_asked_is_waited_for_although_nobody_is_there(
        self, lead: Member, marketer: Member, seller: Member, now: datetime
    ) -> None:
        session = session_of(lead, now, rules=window_until(now + 48 * HOUR), team=[marketer, seller])
        seats = {seat.member_id: seat for seat in session.seats.all()}
        later = now + 5 * HOUR

        for member in (lead, marketer):
            vote(item_of(session), seats[member.pk], "3", later)
        waiting = item_of(session).reveal_at
        vote(item_of(session), seats[seller.pk], "5", later)
        poll(later + COUNTDOWN)

        assert waiting is None
        assert [item_of(session, n).state for n in (0, 1)] == [ItemState.REVEALED, ItemState.VOTING]

    def test_the_deadline_turns_all_cards_and_passes_for_the_missing(
        self, lead: Member, marketer: Member, now: datetime
    ) -> None:
        session = session_of(lead, now, rules=window_until(now + 48 * HOUR), team=[marketer])
        [seat] = sat(session, lead, now=now)
        vote(item_of(session), seat, "3", now)

        for _time in range(2):
            poll(now + 48 * HOUR)

        assert {item_of(session, n).state for n in (0, 1)} == {ItemState.REVEALED}
        assert PokerVote.objects.filter(item=item_of(session), is_absent=True).count() == 1
        assert AuditEntry.objects.filter(action="poker.window_closed").count() == 1

    def test_a_vote_after_the_deadline_is_refused_before_anybody_noticed(self, lead: Member, now: datetime) -> None:
        session = session_of(lead, now, rules=window_until(now + 48 * HOUR))
        [seat] = sat(session, lead, now=now)

        with pytest.raises(PokerRefused, match="are turned"):
            vote(item_of(session), seat, "3", now + 48 * HOUR)

    def test_who_is_missing_is_reminded_once(
        self, lead: Member, marketer: Member, seller: Member, now: datetime
    ) -> None:
        session = session_of(lead, now, rules=window_until(now + 72 * HOUR), team=[marketer, seller])
        seats = {seat.member_id: seat for seat in session.seats.all()}
        for place in (0, 1):
            vote(item_of(session, place), seats[seller.pk], "3", now)
        vote(item_of(session), seats[marketer.pk], "3", now)

        poll(now + 47 * HOUR)
        early = _mailed("reminder")
        for _time in range(2):
            poll(now + 48 * HOUR)

        assert early == []
        assert _mailed("reminder") == ["elena@marenmoss.example", "sofia@marenmoss.example"]

    def test_a_short_window_reminds_at_half_time(self, lead: Member, now: datetime) -> None:
        session = session_of(lead, now, rules=window_until(now + 4 * HOUR))

        assert remind_at(session) == now + 2 * HOUR

    def test_a_moved_deadline_opens_the_window_again(self, lead: Member, now: datetime) -> None:
        session = session_of(lead, now, rules=window_until(now + 4 * HOUR))
        poll(now + 4 * HOUR)

        move_deadline(session=session, deadline_at=now + 9 * HOUR, by=lead, now=now + 5 * HOUR)

        session.refresh_from_db()
        assert session.window_is_open(now + 5 * HOUR)
        assert (session.window_closed_at, session.reminded_at) == (None, None)

    def test_a_live_session_has_no_deadline_to_move(self, lead: Member, now: datetime) -> None:
        with pytest.raises(PokerRefused, match="no deadline"):
            move_deadline(session=session_of(lead, now), deadline_at=now + HOUR, by=lead, now=now)

    def test_what_was_agreed_early_is_left_alone_by_the_deadline(
        self, lead: Member, marketer: Member, now: datetime
    ) -> None:
        session = session_of(lead, now, rules=window_until(now + 4 * HOUR), team=[marketer])
        for seat in session.seats.all():
            vote(item_of(session), seat, "3", now)
        poll(now + COUNTDOWN)
        agree(item=item_of(session), cards={"effort": "3"}, by=lead, now=now + HOUR)

        poll(now + 4 * HOUR)

        assert item_of(session).state == ItemState.AGREED
        assert PokerResult.objects.count() == 1


class TestGuests:
    def test_a_guest_joins_by_the_link_and_votes(self, lead: Member, now: datetime) -> None:
        session = open_link(session=session_of(lead, now), by=lead, now=now)

        seat = join_as_guest(session=open_table(guest_token(session), now), name="  Hanna \n Berg ", now=now)
        vote(item_of(session), open_seat(seat_token(seat), now), "5", now)

        assert (seat.guest_name, seat.member) == ("Hanna Berg", None)
        assert AuditEntry.objects.get(action="poker.voted").detail["guest"] == "Hanna Berg"

    def test_opening_the_link_a_hundred_times_changes_nothing(self, lead: Member, now: datetime) -> None:
        session = open_link(session=session_of(lead, now), by=lead, now=now)
        entries = AuditEntry.objects.count()

        for _time in range(100):
            open_table(guest_token(session), now)

        assert (AuditEntry.objects.count(), session.seats.count()) == (entries, 1)

    def test_a_link_ends_when_it_lapses_is_withdrawn_or_replaced_and_with_the_session(
        self, lead: Member, now: datetime
    ) -> None:
        session = session_of(lead, now)
        tokens, seats = [], []
        for end in ("lapse", "withdraw", "replace", "end"):
            session = open_link(session=session, by=lead, now=now)
            tokens.append(guest_token(session))
            seats.append(seat_token(join_as_guest(session=session, name=end, now=now)))
            if end == "withdraw":
                withdraw_link(session=session, by=lead, now=now)
        for token in tokens[:-1]:
            with pytest.raises(PokerLinkInvalid):
                open_table(token, now)
        open_table(tokens[-1], now + LINK_LIFE - HOUR)
        with pytest.raises(PokerLinkInvalid):
            open_table(tokens[-1], now + LINK_LIFE)
        end_session(session=session, by=lead, now=now)

        for seat in seats:
            with pytest.raises(PokerLinkInvalid):
                open_seat(seat, now)
        with pytest.raises(PokerLinkInvalid):
            open_table(tokens[-1], now)

    def test_tokens_do_not_stand_in_for_each_other(self, lead: Member, now: datetime) -> None:
        session = open_link(session=session_of(lead, now), by=lead, now=now)
        seat = join_as_guest(session=session, name="Hanna", now=now)

        for token in (guest_token(session), "x", "", seat_token(seat)[:-1]):
            with pytest.raises(PokerLinkInvalid):
                open_seat(token, now)
        with pytest.raises(PokerLinkInvalid):
            open_table(seat_token(seat), now)

    @pytest.mark.parametrize("name", ["", " ", "\u200b", "x" * 41, "Elena Petrova", "elena PETROVA", "Hanna"])
    def test_a_name_must_tell_people_apart(self, lead: Member, now: datetime, name: str) -> None:
        session = session_of(lead, now)
        guest_at(session, now, "Hanna")
        session.refresh_from_db()

        with pytest.raises(PokerRefused) as refusal:
            join_as_guest(session=session, name=name, now=now)

        assert "name" in refusal.value.fields

    def test_a_table_takes_only_so_many_guests(self, lead: Member, now: datetime) -> None:
        session = open_link(session=session_of(lead, now), by=lead, now=now)
        for n in range(MOST_GUESTS):
            join_as_guest(session=session, name=f"Guest {n}", now=now)

        with pytest.raises(PokerRefused, match="full"):
            join_as_guest(session=session, name="One more", now=now)

    @pytest.mark.django_db(transaction=True)
    def test_one_name_joined_twice_at_once_gets_one_seat(self, lead: Member, now: datetime) -> None:
        session = open_link(session=session_of(lead, now), by=lead, now=now)

        found = together(*[lambda: join_as_guest(session=session, name="Hanna", now=now)] * 3)

        assert sum(isinstance(seat, PokerRefused) for seat in found) == 2
        assert PokerSeat.objects.filter(member=None).count() == 1


class TestDecks:
    def test_an_own_deck_stands_beside_the_usual_ones(self, lead: Member, workspace: Workspace, now: datetime) -> None:
        deck = write_deck(workspace=workspace, name="Cups", cards=[("S", 1.0), ("L", 3.0)], by=lead, now=now)

        assert [found.key for found in decks_of(workspace)][-1] == f"own-{deck.pk}"
        assert find_deck(workspace, f"own-{deck.pk}").cards == [("S", 1.0), ("L", 3.0)]

    def test_a_session_keeps_its_cards_when_the_deck_is_changed_or_removed(
        self, lead: Member, workspace: Workspace, now: datetime
    ) -> None:
        deck = write_deck(workspace=workspace, name="Cups", cards=[("S", 1.0), ("L", 3.0)], by=lead, now=now)
        session = session_of(lead, now, rules=Rules(effort=find_deck(workspace, f"own-{deck.pk}")))

        write_deck(workspace=workspace, name="Cups", cards=[("A", 1.0), ("B", 3.0)], deck=deck, by=lead, now=now)
        remove_deck(deck=deck, by=lead, now=now)

        session.refresh_from_db()
        assert session.cards_of("effort") == [("S", 1.0), ("L", 3.0)]
        assert not PokerDeck.objects.exists()

    @pytest.mark.parametrize("name", ["", " ", "CUPS", str(BUILT_IN[0].name)])
    def test_a_deck_needs_a_name_of_its_own(self, lead: Member, workspace: Workspace, now: datetime, name: str) -> None:
        cards = [("S", 1.0), ("L", 3.0)]
        write_deck(workspace=workspace, name="Cups", cards=cards, by=lead, now=now)

        with pytest.raises(DeckRefused):
            write_deck(workspace=workspace, name=name, cards=cards, by=lead, now=now)

    def test_the_deck_of_another_workspace_does_not_exist(self, lead: Member, outsider: Member, now: datetime) -> None:
        cards = [("S", 1.0), ("L", 3.0)]
        deck = write_deck(workspace=outsider.workspace, name="Cups", cards=cards, by=outsider, now=now)

        with pytest.raises(DeckRefused):
            find_deck(lead.workspace, f"own-{deck.pk}")


def test_a_story_in_two_sessions_gets_the_points_of_the_one_that_agreed_last(lead: Member, now: datetime) -> None:
    [story] = stories_for(lead, 1)
    for card in ("3", "8"):
        session = session_of(lead, now, stories=[story])
        [seat] = sat(session, lead, now=now)
        vote(item_of(session), seat, card, now)
        reveal_now(item=item_of(session), by=lead, now=now)
        agree(item=item_of(session), cards={"effort": card}, by=lead, now=now)

    assert Story.objects.get(pk=story.pk).points == 8
