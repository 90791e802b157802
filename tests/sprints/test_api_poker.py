"""Planning poker by API."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from rest_framework.test import APIClient

from sprints.models import PokerDeck, PokerSession, PokerVote, Story
from tests.factories.poker import item_of, sat, session_of, turned, vote
from tests.factories.sprints import SprintFactory, StoryFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
PLACE = "/api/v1/poker-sessions/"


def _at(session: PokerSession, move: str = "") -> str:
    return f"{PLACE}{session.pk}/{f'{move}/' if move else ''}"


def test_a_session_is_played_from_the_opening_to_the_end(
    workspace: Workspace, lead: Member, marketer: Member, api: Api
) -> None:
    stories = [StoryFactory.create(workspace=workspace, points=None).pk for _n in range(2)]
    leader, other = api(lead), api(marketer)
    body = {"name": "Spring", "stories": stories, "team": [marketer.user.email], "value_deck": "shirts"}

    made = leader.post(PLACE, body, format="json")
    session = PokerSession.objects.get()
    item = made.json()["item"]
    other.post(_at(session, "sit"))
    laid = {"item": item, "effort": "8", "value": "L"}
    other.post(_at(session, "vote"), laid, format="json")
    hidden = leader.get(_at(session)).json()
    leader.post(_at(session, "reveal"), {"item": item}, format="json")
    agreed = leader.post(_at(session, "agree"), laid, format="json").json()
    ended = leader.post(_at(session, "end")).json()

    assert made.status_code == 201
    assert [person["has_voted"] for person in hidden["people"]] == [False, True]
    assert [person["cards"] for person in hidden["people"]] == [[], []]
    assert [line["agreed"] for line in agreed["queue"]] == [["8", "L"], []]
    assert Story.objects.get(pk=stories[0]).points == 8
    assert (ended["is_open"], ended["item"], ended["queue"][1]["state"]) == (False, item, "waiting")


def test_a_hidden_card_is_nowhere_in_the_answer(lead: Member, marketer: Member, api: Api, now: datetime) -> None:
    session = session_of(lead, now)
    _mine, other = sat(session, lead, marketer, now=now)
    before = api(lead).get(_at(session)).content
    vote(item_of(session), other, "13", now)

    after = api(lead).get(_at(session)).content

    assert after.count(b'"13"') == before.count(b'"13"')


def test_the_count_comes_with_the_turned_cards(lead: Member, api: Api, now: datetime) -> None:
    session = session_of(lead, now)
    turned(session, now)

    [effort] = api(lead).get(_at(session)).json()["dimensions"]

    assert (effort["tally"]["median"], effort["tally"]["proposed"], effort["mine"]) == (5.0, "5", "5")


def test_who_does_not_sit_at_the_table_does_not_vote(lead: Member, seller: Member, api: Api, now: datetime) -> None:
    session = session_of(lead, now)

    sent = api(seller).post(_at(session, "vote"), {"item": item_of(session).pk, "effort": "5"}, format="json")

    assert (sent.status_code, sent.json()["code"]) == (409, "poker_refused")


def test_a_story_of_another_session_does_not_exist_in_this_one(lead: Member, api: Api, now: datetime) -> None:
    session, other = session_of(lead, now), session_of(lead, now)

    sent = api(lead).post(_at(session, "vote"), {"item": item_of(other).pk, "effort": "5"}, format="json")

    assert sent.status_code == 404
    assert not PokerVote.objects.exists()


def test_a_session_cannot_be_opened_with_what_is_not_there(
    workspace: Workspace, lead: Member, outsider: Member, api: Api
) -> None:
    mine, done = StoryFactory.create(workspace=workspace), StoryFactory.create(workspace=workspace, done=True)
    closed = StoryFactory.create(workspace=workspace, sprint=SprintFactory.create(workspace=workspace, closed=True))
    body = {"name": "Spring", "stories": [mine.pk]}

    changes: tuple[dict[str, object], ...] = (
        {"stories": []}, {"stories": [done.pk]}, {"stories": [closed.pk]}, {"stories": [StoryFactory.create().pk]},
        {"team": [outsider.user.email]}, {"mode": "window"}, {"effort_deck": "tarot"}, {"effort_deck": ""},
        {"name": ""},
    )  # fmt: skip
    for change in changes:
        sent = api(lead).post(PLACE, {**body, **change}, format="json")
        assert sent.status_code in {400, 409}, change

    assert not PokerSession.objects.exists()


def test_leading_is_handed_over_and_the_deadline_moved(
    lead: Member, marketer: Member, api: Api, now: datetime, workspace: Workspace
) -> None:
    story = StoryFactory.create(workspace=workspace)
    until = (now + timedelta(days=2)).isoformat()
    body = {"name": "Spring", "stories": [story.pk], "mode": "window", "deadline_at": until}
    client = api(lead)
    client.post(PLACE, body, format="json")
    session = PokerSession.objects.get()

    later = (now + timedelta(days=3)).isoformat()
    moved = client.post(_at(session, "deadline"), {"deadline_at": later}, format="json").json()
    handed = client.post(_at(session, "hand-over"), {"leader": marketer.user.email}, format="json").json()

    assert datetime.fromisoformat(moved["deadline_at"]) == now + timedelta(days=3)
    assert handed["leader"] == "sofia@marenmoss.example"
    assert client.post(_at(session, "end")).status_code == 409


def test_the_link_is_made_and_withdrawn(lead: Member, api: Api, now: datetime) -> None:
    session, client = session_of(lead, now), api(lead)

    made = client.post(_at(session, "link"))
    opened = APIClient().get(f"/poker/{made.json()['token']}/").status_code
    client.delete(_at(session, "link"))

    assert (made.status_code, opened) == (201, 200)
    assert APIClient().get(f"/poker/{made.json()['token']}/").status_code == 410


def test_decks_are_written_listed_and_thrown_away(workspace: Workspace, lead: Member, api: Api) -> None:
    client = api(lead)

    made = client.post("/api/v1/poker-decks/", {"name": "Cups", "cards": [["S", 1], ["L", 3]]}, format="json")
    usable = client.get("/api/v1/poker-decks/usable/").json()
    place = f"/api/v1/poker-decks/{made.json()['id']}/"
    changed = client.put(place, {"name": "Mugs", "cards": [["S", 2], ["L", 5]]}, format="json").json()

    assert usable[-1] == {"key": made.json()["key"], "name": "Cups", "cards": [["S", 1.0], ["L", 3.0]]}
    assert (changed["name"], changed["cards"]) == ("Mugs", [["S", 2.0], ["L", 5.0]])
    assert client.delete(place).status_code == 204
    assert not PokerDeck.objects.exists()


@pytest.mark.parametrize("cards", [[], [["S", 1]], [["S", 1], ["S", 2]], [["S"], ["L"]], [["S", "x"], ["L", 2]], [5]])
def test_cards_that_make_no_deck_are_refused(lead: Member, api: Api, cards: object) -> None:
    sent = api(lead).post("/api/v1/poker-decks/", {"name": "Cups", "cards": cards}, format="json")

    assert sent.status_code == 400
    assert not PokerDeck.objects.exists()
