"""Rows of the sprints app: planning poker."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from sprints.models import PokerDeck, PokerSession
from sprints.services.poker.decks import write_deck
from sprints.services.poker.guests import open_link
from sprints.services.poker.seats import take_seat
from sprints.services.poker.votes import cast_vote
from tests.factories.approvals import member_as
from tests.factories.poker import EFFORT, agreed, item_of, sat, session_of, turned, window_until
from tests.factories.sprints import StoryFactory
from tests.factories.workspaces import MemberFactory
from tests.permissions.rows import ApiRow, Kwargs, Row
from workspaces.models import Workspace
from workspaces.permissions import Can, Role

SEE, PLAY, MANAGE = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.MANAGE_WORKSPACE
FIVE = {"effort": "5"}
DECK = {"name": "Cups", "cards": "S = 1\nL = 3"}


def _session(workspace: Workspace) -> PokerSession:
    """Led by the lead, who sits at the table."""
    return session_of(member_as(workspace, Role.LEAD), timezone.now())


def _fresh(workspace: Workspace) -> dict[str, Any]:
    return {"pk": _session(workspace).pk}


def _unseated(workspace: Workspace) -> dict[str, Any]:
    session = _session(workspace)
    session.seats.update(left_at=timezone.now())
    return {"pk": session.pk}


def _voted(workspace: Workspace) -> dict[str, Any]:
    session = _session(workspace)
    [seat] = sat(session, session.leader, now=timezone.now())
    cast_vote(item=item_of(session), seat=seat, cards=FIVE, now=timezone.now())
    return {"pk": session.pk}


def _turned(workspace: Workspace) -> dict[str, Any]:
    session = _session(workspace)
    turned(session, timezone.now())
    return {"pk": session.pk}


def _agreed(workspace: Workspace) -> dict[str, Any]:
    session = _session(workspace)
    agreed(session, timezone.now())
    return {"pk": session.pk}


def _window(workspace: Workspace) -> dict[str, Any]:
    now = timezone.now()
    lead = member_as(workspace, Role.LEAD)
    return {"pk": session_of(lead, now, rules=window_until(now + timedelta(days=1))).pk}


def _linked(workspace: Workspace) -> dict[str, Any]:
    session = _session(workspace)
    open_link(session=session, by=session.leader, now=timezone.now())
    return {"pk": session.pk}


def _deck(workspace: Workspace) -> dict[str, Any]:
    by = member_as(workspace, Role.LEAD)
    cards = [("S", 1.0), ("L", 3.0)]
    name = f"Own {PokerDeck.objects.for_workspace(workspace).count()}"
    return {"pk": write_deck(workspace=workspace, name=name, cards=cards, by=by, now=timezone.now()).pk}


def _on(**more: str) -> Callable[[Workspace, dict[str, Any]], dict[str, Any]]:
    """The first story of the session that the address names."""

    def data(_workspace: Workspace, kwargs: dict[str, Any]) -> dict[str, Any]:
        return {"item": item_of(PokerSession.objects.get(pk=kwargs["pk"])).pk, **more}

    return data


def _new(workspace: Workspace, *_ignored: Any) -> dict[str, Any]:
    return {
        "name": "Spring", "stories": [StoryFactory.create(workspace=workspace).pk], "mode": "live",
        "effort_deck": "fibonacci", "value_deck": "",
    }  # fmt: skip


def _more(workspace: Workspace, *_ignored: Any) -> dict[str, Any]:
    return {"stories": [StoryFactory.create(workspace=workspace).pk]}


def _leader(workspace: Workspace, *_ignored: Any) -> dict[str, Any]:
    return {"leader": MemberFactory.create(workspace=workspace).pk}


def _later(*_ignored: Any) -> dict[str, Any]:
    return {"deadline_at": (timezone.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")}


def _moved(name: str, kwargs: Kwargs, **more: str) -> Row:
    return Row(f"sprints:poker_{name}", act=PLAY, kwargs=kwargs, data=_on(**more))


ROWS = [
    Row("sprints:poker_list", see=SEE),
    Row("sprints:poker_new", see=PLAY, act=PLAY, data=_new),
    Row("sprints:poker_calibration", see=SEE),
    Row("sprints:poker_detail", see=SEE, kwargs=_fresh),
    Row("sprints:poker_look", act=SEE, kwargs=_fresh, is_audited=False),
    Row("sprints:poker_sit", act=PLAY, kwargs=_unseated),
    Row("sprints:poker_leave", act=PLAY, kwargs=_fresh),
    _moved("vote", _fresh, **FIVE),
    _moved("withdraw", _voted),
    _moved("put", _agreed),
    _moved("reveal", _voted),
    _moved("again", _turned),
    _moved("agree", _turned, **FIVE),
    _moved("skip", _fresh),
    Row("sprints:poker_lead", see=PLAY, kwargs=_fresh),
    Row("sprints:poker_stories", act=PLAY, kwargs=_fresh, data=_more),
    Row("sprints:poker_hand_over", act=PLAY, kwargs=_fresh, data=_leader),
    Row("sprints:poker_deadline", act=PLAY, kwargs=_window, data=_later),
    Row("sprints:poker_link", act=PLAY, kwargs=_fresh),
    Row("sprints:poker_link_withdraw", act=PLAY, kwargs=_linked),
    Row("sprints:poker_end", act=PLAY, kwargs=_fresh),
    Row("sprints:settings_decks", see=MANAGE, act=MANAGE, data=lambda _w, _k: DECK),
    Row("sprints:settings_deck_edit", see=MANAGE, act=MANAGE, kwargs=_deck, data=lambda _w, _k: DECK),
    Row("sprints:settings_deck_remove", act=MANAGE, kwargs=_deck),
]


def _newest(**more: Any) -> Callable[[Workspace, str], dict[str, Any]]:
    def data(workspace: Workspace, _method: str) -> dict[str, Any]:
        newest = PokerSession.objects.for_workspace(workspace).latest("pk")
        return {"item": item_of(newest).pk, **more}

    return data


def _seated(workspace: Workspace) -> dict[str, Any]:
    """With the member at the table whom the matrix lets in."""
    session = session_of(member_as(workspace, Role.LEAD), timezone.now(), rules=EFFORT)
    take_seat(session=session, member=member_as(workspace, Role.LEAD), now=timezone.now())
    return {"pk": session.pk}


def _leader_by_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"leader": MemberFactory.create(workspace=workspace).user.email}


def _deck_by_api(*_ignored: Any) -> dict[str, Any]:
    return {"name": "Cups", "cards": [["S", 1], ["L", 3]]}


def _move(name: str, kwargs: Kwargs, **more: str) -> ApiRow:
    return ApiRow(f"api:poker-session-{name}", {"post": PLAY}, kwargs=kwargs, data=_newest(**more))


API_ROWS = [
    ApiRow("api:poker-session-list", {"get": SEE, "post": PLAY}, data=_new),
    ApiRow("api:poker-session-detail", {"get": SEE}, kwargs=_fresh),
    ApiRow("api:poker-session-sit", {"post": PLAY}, kwargs=_unseated),
    ApiRow("api:poker-session-leave", {"post": PLAY}, kwargs=_fresh),
    _move("vote", _seated, **FIVE),
    _move("withdraw", _voted),
    _move("put-on-table", _agreed),
    _move("reveal", _voted),
    _move("again", _turned),
    _move("agree", _turned, **FIVE),
    _move("skip", _fresh),
    ApiRow("api:poker-session-stories", {"post": PLAY}, kwargs=_fresh, data=_more),
    ApiRow("api:poker-session-hand-over", {"post": PLAY}, kwargs=_fresh, data=_leader_by_api),
    ApiRow("api:poker-session-deadline", {"post": PLAY}, kwargs=_window, data=_later),
    ApiRow("api:poker-session-link", {"post": PLAY, "delete": PLAY}, kwargs=_linked),
    ApiRow("api:poker-session-end", {"post": PLAY}, kwargs=_fresh),
    ApiRow("api:poker-deck-list", {"get": SEE, "post": MANAGE}, data=_deck_by_api),
    ApiRow("api:poker-deck-usable", {"get": SEE}),
    ApiRow("api:poker-deck-detail", {"get": SEE, "put": MANAGE, "delete": MANAGE}, kwargs=_deck, data=_deck_by_api),
    ApiRow("api:poker-calibration-list", {"get": SEE}),
    ApiRow("api:poker-calibration-mine", {"get": SEE}),
]
