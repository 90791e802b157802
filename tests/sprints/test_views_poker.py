"""Planning poker in the browser, for members and for guests."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from sprints.forms.choosing import FIND, MOST_SHOWN
from sprints.models import ItemState, PokerDeck, PokerItem, PokerSeat, PokerSession, PokerVote, Story
from sprints.services.poker.guests import guest_token, open_link, seat_token, withdraw_link
from sprints.services.poker.sessions import end_session
from sprints.views import poker_guests
from tests.factories.poker import BOTH, agreed, guest_at, item_of, sat, session_of, turned, vote, window_until
from tests.factories.sprints import BlockerFactory, SprintFactory, StoryFactory
from tests.sprints.looking import HTMX, url
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db
Browse = Callable[[Member], Client]


def _words(page: Any) -> str:
    return unescape(page.content.decode())


@pytest.fixture
def session(lead: Member, now: datetime) -> PokerSession:
    return session_of(lead, now)


@pytest.fixture
def seat(session: PokerSession, now: datetime) -> PokerSeat:
    made = guest_at(session, now)
    session.refresh_from_db()
    return made


def _door(name: str, seat: PokerSeat) -> str:
    return reverse(f"sprints:poker_guest{name}", args=[seat_token(seat)])


class TestTable:
    def test_a_card_is_laid_and_comes_back_as_the_table(
        self, workspace: Workspace, session: PokerSession, lead: Member, browse: Browse
    ) -> None:
        client, item = browse(lead), item_of(session)

        sent = client.post(url("poker_vote", workspace, session.pk), {"item": item.pk, "effort": "8"}, headers=HTMX)

        assert sent.status_code == 200
        assert 'id="card-effort-6" name="effort" value="8" aria-pressed="true"' in _words(sent)
        assert PokerVote.objects.get().effort == "8"

    def test_without_script_the_page_comes_again(
        self, workspace: Workspace, session: PokerSession, lead: Member, browse: Browse
    ) -> None:
        sent = browse(lead).post(url("poker_vote", workspace, session.pk), {"item": item_of(session).pk, "effort": "8"})

        assert sent.headers["Location"].startswith(url("poker_detail", workspace, session.pk))

    def test_the_page_of_another_holds_no_trace_of_a_hidden_card(
        self, workspace: Workspace, session: PokerSession, lead: Member, marketer: Member, browse: Browse, now: datetime
    ) -> None:
        _mine, hers = sat(session, lead, marketer, now=now)
        before = _words(browse(lead).get(url("poker_detail", workspace, session.pk)))
        vote(item_of(session), hers, "13", now)

        after = _words(browse(lead).get(url("poker_detail", workspace, session.pk)))

        # A word by itself: the token of a form may hold the same digits.
        assert len(re.findall(r"\b13\b", after)) == len(re.findall(r"\b13\b", before))
        assert "Has voted" in after

    def test_a_look_says_nothing_while_nothing_changed(
        self, workspace: Workspace, session: PokerSession, lead: Member, browse: Browse
    ) -> None:
        client, look = browse(lead), url("poker_look", workspace, session.pk)
        first = client.post(look, headers=HTMX)
        version = _words(first).partition('name="version" value="')[2].partition('"')[0]

        second = client.post(look, {"version": version}, headers=HTMX)

        assert (first.status_code, second.status_code) == (200, 204)

    def test_the_countdown_runs_in_the_page_and_the_look_after_it_turns_the_cards(
        self, workspace: Workspace, session: PokerSession, lead: Member, marketer: Member, browse: Browse, now: datetime
    ) -> None:
        for place in sat(session, lead, marketer, now=now):
            vote(item_of(session), place, "5", now)
        client = browse(lead)
        shown = _words(client.get(url("poker_detail", workspace, session.pk)))
        PokerItem.objects.filter(pk=item_of(session).pk).update(reveal_at=now - timedelta(seconds=1))

        looked = _words(client.post(url("poker_look", workspace, session.pk), headers=HTMX))

        assert "the cards turn in a moment" in shown
        assert '<animate attributeName="width"' in shown
        assert "All chose the same card." in looked
        assert item_of(session).state == ItemState.REVEALED

    def test_the_outermost_are_asked_to_speak_and_the_nearest_card_is_proposed(
        self, workspace: Workspace, session: PokerSession, lead: Member, marketer: Member, browse: Browse, now: datetime
    ) -> None:
        first, second = sat(session, lead, marketer, now=now)
        vote(item_of(session), first, "3", now)
        vote(item_of(session), second, "8", now)
        browse(lead).post(url("poker_reveal", workspace, session.pk), {"item": item_of(session).pk})

        page = _words(browse(lead).get(url("poker_detail", workspace, session.pk)))

        assert "Elena Petrova with 3, then Sofia Marchetti with 8" in page
        assert 'name="effort" value="5" required checked' in page
        assert '<svg class="histogram"' in page

    def test_agreeing_writes_the_points_and_goes_on(
        self, workspace: Workspace, session: PokerSession, lead: Member, browse: Browse, now: datetime
    ) -> None:
        item = turned(session, now)

        sent = browse(lead).post(
            url("poker_agree", workspace, session.pk), {"item": item.pk, "effort": "8"}, headers=HTMX
        )

        assert Story.objects.get(pk=item.story_id).points == 8
        assert item_of(session, 1).story.title in _words(sent)
        assert "1 of 2 done" in _words(sent)

    def test_a_refusal_is_shown_in_place(
        self, workspace: Workspace, session: PokerSession, lead: Member, browse: Browse
    ) -> None:
        sent = browse(lead).post(
            url("poker_reveal", workspace, session.pk), {"item": item_of(session).pk}, headers=HTMX
        )

        assert (sent.status_code, sent.headers["HX-Retarget"]) == (409, "#refusals")
        assert "Nobody has voted yet" in _words(sent)

    def test_a_story_of_another_session_is_not_voted_on(
        self, workspace: Workspace, session: PokerSession, lead: Member, browse: Browse, now: datetime
    ) -> None:
        other = session_of(lead, now)

        for item in (item_of(other).pk, "", "x", 10**30):
            sent = browse(lead).post(url("poker_vote", workspace, session.pk), {"item": item, "effort": "5"})
            assert sent.status_code in {404, 409}

        assert not PokerVote.objects.exists()

    def test_who_watches_is_offered_a_seat_and_a_guest_of_the_workspace_is_not(
        self, workspace: Workspace, session: PokerSession, marketer: Member, guest: Member, browse: Browse
    ) -> None:
        page = url("poker_detail", workspace, session.pk)

        assert "Take a seat" in _words(browse(marketer).get(page))
        seen = _words(browse(guest).get(page))
        assert "Take a seat" not in seen
        assert "Manage the session" not in seen

    def test_somebody_sits_down_votes_takes_the_card_back_and_gets_up(
        self, workspace: Workspace, session: PokerSession, seller: Member, browse: Browse
    ) -> None:
        client, item = browse(seller), {"item": item_of(session).pk}

        for name, data in (("sit", {}), ("vote", {**item, "effort": "5"}), ("withdraw", item), ("leave", {})):
            assert client.post(url(f"poker_{name}", workspace, session.pk), data).status_code == 302

        assert not PokerVote.objects.exists()
        assert PokerSeat.objects.get(member=seller).left_at is not None

    def test_two_dimensions_are_voted_on_one_after_the_other(
        self, workspace: Workspace, lead: Member, browse: Browse, now: datetime
    ) -> None:
        session = session_of(lead, now, rules=BOTH)
        client, item = browse(lead), item_of(session).pk

        for card in ({"effort": "5"}, {"value": "13"}):
            client.post(url("poker_vote", workspace, session.pk), {"item": item, **card})

        assert (PokerVote.objects.get().effort, PokerVote.objects.get().value) == ("5", "13")

    def test_an_ended_session_shows_what_was_agreed(
        self, workspace: Workspace, session: PokerSession, lead: Member, browse: Browse, now: datetime
    ) -> None:
        item = agreed(session, now, "8")
        end_session(session=session, by=lead, now=now)

        page = _words(browse(lead).get(url("poker_detail", workspace, session.pk)))

        assert "What was agreed" in page
        assert item.story.title in page
        assert "every 10s" not in page

    def test_a_page_that_is_open_at_the_end_is_loaded_anew(
        self, workspace: Workspace, session: PokerSession, lead: Member, browse: Browse, now: datetime
    ) -> None:
        end_session(session=session, by=lead, now=now)

        looked = browse(lead).post(url("poker_look", workspace, session.pk), headers=HTMX)

        assert looked.headers["HX-Refresh"] == "true"


class TestSessions:
    def test_a_session_is_opened_with_the_stories_of_a_sprint_ticked(
        self, workspace: Workspace, lead: Member, marketer: Member, browse: Browse
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace, number=7)
        story = StoryFactory.create(workspace=workspace, sprint=sprint)
        client = browse(lead)

        form = _words(client.get(f"{url('poker_new', workspace)}?sprint={sprint.pk}"))
        sent = client.post(
            url("poker_new", workspace),
            {"name": "Seven", "stories": [story.pk], "mode": "live", "effort_deck": "shirts", "team": [marketer.pk]},
        )

        assert f'value="{story.pk}"' in form
        assert 'value="Sprint 7"' in form
        session = PokerSession.objects.get()
        assert sent.headers["Location"] == url("poker_detail", workspace, session.pk)
        assert (session.effort_deck, session.seats.count()) == ("T-shirt sizes", 2)

    @pytest.mark.parametrize(
        "change",
        [
            {"name": ""},
            {"stories": []},
            {"effort_deck": ""},
            {"effort_deck": "tarot"},
            {"mode": "window"},
            {"mode": "x"},
        ],
    )
    def test_what_is_missing_is_said_under_the_form(
        self, workspace: Workspace, lead: Member, browse: Browse, change: dict[str, Any]
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        data = {"name": "Seven", "stories": [story.pk], "mode": "live", "effort_deck": "shirts"}

        sent = browse(lead).post(url("poker_new", workspace), {**data, **change})

        assert sent.status_code == 422
        assert "field__error" in _words(sent)
        assert not PokerSession.objects.exists()

    def test_stories_and_people_of_others_cannot_be_chosen(
        self, workspace: Workspace, lead: Member, outsider: Member, browse: Browse
    ) -> None:
        foreign, mine = StoryFactory.create(), StoryFactory.create(workspace=workspace)
        data = {"name": "Seven", "stories": [mine.pk], "mode": "live", "effort_deck": "shirts"}

        for change in ({"stories": [foreign.pk]}, {"team": [outsider.pk]}):
            assert browse(lead).post(url("poker_new", workspace), {**data, **change}).status_code == 422

    def test_the_list_is_empty_then_counts_what_is_done(
        self, workspace: Workspace, lead: Member, browse: Browse, now: datetime
    ) -> None:
        client = browse(lead)
        assert "No estimates together yet" in _words(client.get(url("poker_list", workspace)))

        agreed(session_of(lead, now), now)

        assert "1 of 2 stories done" in _words(client.get(url("poker_list", workspace)))

    def test_the_menu_counts_sessions_that_wait_for_ones_card(
        self, workspace: Workspace, lead: Member, marketer: Member, browse: Browse, now: datetime
    ) -> None:
        session = session_of(lead, now, rules=window_until(now + timedelta(days=2)), team=[marketer], stories=1)
        client = browse(marketer)
        alert = 'nav__count--on">1<'
        before = _words(client.get(url("poker_list", workspace)))

        vote(item_of(session), session.seats.get(member=marketer), "5", now)

        assert alert in before
        assert alert not in _words(client.get(url("poker_list", workspace)))

    def test_the_leader_manages_and_others_are_told_who_does(
        self, workspace: Workspace, session: PokerSession, lead: Member, seller: Member, browse: Browse
    ) -> None:
        page = url("poker_lead", workspace, session.pk)

        assert "Hand the lead over" in _words(browse(lead).get(page))
        seen = _words(browse(seller).get(page))
        assert "Hand the lead over" not in seen
        assert "Elena Petrova leads this session" in seen

    def test_a_wrong_deadline_is_said_on_the_page(
        self, workspace: Workspace, lead: Member, browse: Browse, now: datetime
    ) -> None:
        session = session_of(lead, now, rules=window_until(now + timedelta(days=2)))

        sent = browse(lead).post(url("poker_deadline", workspace, session.pk), {"deadline_at": "2020-01-01T10:00"})

        assert sent.status_code == 422
        assert "from ten minutes to 30 days" in _words(sent)

    def test_the_pages_cost_the_same_for_many(
        self,
        workspace: Workspace,
        lead: Member,
        browse: Browse,
        now: datetime,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for _time in range(5):
            session = session_of(lead, now, stories=6)
            turned(session, now)
        client = browse(lead)

        with django_assert_max_num_queries(14):
            client.get(url("poker_list", workspace))
        with django_assert_max_num_queries(20):
            client.get(url("poker_detail", workspace, session.pk))


class TestDecks:
    def test_a_deck_is_written_changed_and_removed(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        client = browse(lead)

        client.post(url("settings_decks", workspace), {"name": "Cups", "cards": "S = 1\nL = 3"})
        deck = PokerDeck.objects.get()
        shown = _words(client.get(url("settings_deck_edit", workspace, deck.pk)))
        client.post(url("settings_deck_edit", workspace, deck.pk), {"name": "Mugs", "cards": "1\n2"})
        deck.refresh_from_db()
        client.post(url("settings_deck_remove", workspace, deck.pk))

        assert "S = 1\nL = 3" in shown
        assert (deck.name, deck.cards) == ("Mugs", [["1", 1.0], ["2", 2.0]])
        assert not PokerDeck.objects.exists()

    @pytest.mark.parametrize("cards", ["", "1", "b = x\n2", "3\n2"])
    def test_a_deck_that_is_none_says_why(self, workspace: Workspace, lead: Member, browse: Browse, cards: str) -> None:
        sent = browse(lead).post(url("settings_decks", workspace), {"name": "Cups", "cards": cards})

        assert sent.status_code == 422
        assert "field__error" in _words(sent)


class TestGuests:
    def test_the_link_shows_a_form_and_a_scanner_changes_nothing(
        self, session: PokerSession, lead: Member, now: datetime
    ) -> None:
        link = reverse("sprints:poker_join", args=[guest_token(open_link(session=session, by=lead, now=now))])
        entries, seats = AuditEntry.objects.count(), PokerSeat.objects.count()

        answers = {
            method: [getattr(Client(), method)(link).status_code for _n in range(50)] for method in ("get", "head")
        }

        assert answers == {"get": [200] * 50, "head": [200] * 50}
        assert (AuditEntry.objects.count(), PokerSeat.objects.count()) == (entries, seats)

    def test_a_guest_joins_and_votes_without_a_cookie(self, session: PokerSession, lead: Member, now: datetime) -> None:
        link = reverse("sprints:poker_join", args=[guest_token(open_link(session=session, by=lead, now=now))])
        joined = Client(enforce_csrf_checks=True).post(link, {"name": "Hanna"})

        page = Client().get(joined.headers["Location"])
        seat = PokerSeat.objects.select_related("session").get(guest_name="Hanna")
        sent = Client(enforce_csrf_checks=True).post(
            _door("_vote", seat), {"item": item_of(session).pk, "effort": "8"}, headers=HTMX
        )

        assert page.status_code == 200
        assert "no-store" in page.headers["Cache-Control"]
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert sent.status_code == 200
        assert PokerVote.objects.get(seat=seat).effort == "8"

    def test_a_guest_sees_the_stories_of_the_session_and_nothing_else(
        self, session: PokerSession, seat: PokerSeat, lead: Member, now: datetime
    ) -> None:
        story = item_of(session).story
        Story.objects.filter(pk=story.pk).update(problem="A secret problem", points=13)
        BlockerFactory.create(story=story, reason="A secret")
        elsewhere = StoryFactory.create(workspace=session.workspace, title="A story of nobody's business")
        [mine] = sat(session, lead, now=now)
        vote(item_of(session), mine, "21", now)

        page = _words(Client().get(_door("", seat)))

        for shown in (story.title, story.as_a, story.i_want, story.so_that, story.criteria.get().text):
            assert shown in page
        for hidden in ("secret", elsewhere.title, f"/w/{session.workspace.slug}", "Estimated at", "marenmoss.example"):
            assert hidden not in page, hidden
        assert page.count('value="21"') == 1  # the card in one's own hand

    def test_a_guest_cannot_lead(self, session: PokerSession, seat: PokerSeat, now: datetime) -> None:
        turned(session, now)

        page = _words(Client().get(_door("", seat)))

        assert "Agree on this" not in page
        assert "Vote again" not in page

    def test_a_withdrawn_link_closes_the_table_on_open_pages(
        self, session: PokerSession, seat: PokerSeat, lead: Member, now: datetime
    ) -> None:
        look = _door("_look", seat)
        assert Client().post(look, headers=HTMX).status_code == 200
        withdraw_link(session=session, by=lead, now=now)

        polled = Client().post(look, headers=HTMX)
        loaded = Client().get(_door("", seat))

        assert (polled.status_code, loaded.status_code) == (200, 410)
        assert "The table is closed" in _words(polled)
        assert polled.headers["HX-Retarget"] == "#watch"
        assert "hx-trigger" not in _words(polled)

    def test_doors_answer_their_methods_alone(self, seat: PokerSeat) -> None:
        for name in ("_look", "_vote", "_withdraw", "_leave"):
            assert Client().get(_door(name, seat)).status_code == 405
        assert Client().post(_door("", seat)).status_code == 405

    def test_a_taken_name_is_said_under_the_field(self, session: PokerSession, seat: PokerSeat) -> None:
        link = reverse("sprints:poker_join", args=[guest_token(session)])

        sent = Client().post(link, {"name": seat.guest_name.upper()})

        assert sent.status_code == 422
        assert "Add a letter of your surname" in _words(sent)

    def test_joining_again_and_again_is_stopped(self, session: PokerSession, seat: PokerSeat) -> None:
        link = reverse("sprints:poker_join", args=[guest_token(session)])

        answers = [Client().post(link, {"name": ""}).status_code for _n in range(poker_guests.JOINS + 1)]

        assert answers[-2:] == [422, 429]
        assert seat.pk

    def test_a_seat_that_moves_without_rest_is_stopped(self, session: PokerSession, seat: PokerSeat) -> None:
        answers = [Client().post(_door("_look", seat)).status_code for _n in range(poker_guests.MOVES + 1)]

        assert answers[-2:] == [200, 429]

    def test_a_guest_gets_up(self, session: PokerSession, seat: PokerSeat) -> None:
        left = Client().post(_door("_leave", seat))

        assert "You left the table" in _words(left)
        assert Client().get(_door("", seat)).status_code == 410
        assert session.seats.filter(left_at=None).count() == 1


class TestChoosing:
    def test_of_many_stories_the_first_are_shown_and_the_others_counted(
        self, workspace: Workspace, lead: Member, browse: Browse, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        StoryFactory.create_batch(MOST_SHOWN + 3, workspace=workspace, status="todo")
        client = browse(lead)

        with django_assert_max_num_queries(16):
            shown = _words(client.get(url("poker_new", workspace)))

        assert shown.count('name="stories"') == MOST_SHOWN
        assert "3 more stories fit" in shown

    @pytest.mark.parametrize("asked", ["walnut", "number"])
    def test_others_are_found_and_what_was_filled_in_stays(
        self, workspace: Workspace, lead: Member, browse: Browse, asked: str
    ) -> None:
        ticked, *_others = StoryFactory.create_batch(MOST_SHOWN + 3, workspace=workspace)
        wanted = StoryFactory.create(workspace=workspace, title="A walnut in every parcel")
        find = f"#{wanted.number}" if asked == "number" else asked
        filled = {"find": find, "stories": [ticked.pk], "name": "Tuesday", FIND: "1"}

        shown = browse(lead).post(url("poker_new", workspace), filled)
        words = _words(shown)

        assert (shown.status_code, PokerSession.objects.count()) == (200, 0)
        assert "A walnut in every parcel" in words
        assert words.count(" checked") >= 1
        assert 'value="Tuesday"' in words
        assert "field__error" not in words

    def test_a_story_that_is_not_shown_can_be_sent(
        self, workspace: Workspace, session: PokerSession, lead: Member, browse: Browse
    ) -> None:
        *_shown, last = StoryFactory.create_batch(MOST_SHOWN + 3, workspace=workspace)

        browse(lead).post(url("poker_stories", workspace, session.pk), {"stories": [last.pk]})

        assert session.items.filter(story=last).exists()

    def test_the_leader_finds_more_for_the_queue(
        self, workspace: Workspace, session: PokerSession, lead: Member, browse: Browse
    ) -> None:
        StoryFactory.create(workspace=workspace, title="A walnut in every parcel")
        before = session.items.count()

        shown = browse(lead).post(url("poker_stories", workspace, session.pk), {"find": "walnut", FIND: "1"})

        assert (shown.status_code, session.items.count()) == (200, before)
        assert "A walnut in every parcel" in _words(shown)
