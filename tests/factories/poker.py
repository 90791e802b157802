"""Poker sessions, opened and voted in by the services, as people do it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sprints.decks import BUILT_IN, Deck
from sprints.models import PokerItem, PokerMode, PokerSeat, PokerSession, Story
from sprints.services.poker.guests import join_as_guest, open_link
from sprints.services.poker.rounds import agree, reveal_now
from sprints.services.poker.seats import take_seat
from sprints.services.poker.sessions import Rules, open_session
from sprints.services.poker.votes import cast_vote
from tests.factories.sprints import CriterionFactory, StoryFactory
from workspaces.models import Member

FIBONACCI = BUILT_IN[0]
EFFORT = Rules(effort=FIBONACCI)
BOTH = Rules(effort=FIBONACCI, value=FIBONACCI)


def window_until(deadline_at: datetime, *, value: Deck | None = None) -> Rules:
    return Rules(effort=FIBONACCI, value=value, mode=PokerMode.WINDOW, deadline_at=deadline_at)


def stories_for(member: Member, count: int) -> list[Story]:
    return [CriterionFactory.create(story__workspace=member.workspace, story__points=None).story for _n in range(count)]


def session_of(
    leader: Member, now: datetime, *, rules: Rules = EFFORT, stories: Sequence[Story] | int = 2, **fields: Any
) -> PokerSession:
    """A session with so many stories that have no estimate; the leader alone sits at the table."""
    chosen = stories_for(leader, stories) if isinstance(stories, int) else stories
    return open_session(
        **{"workspace": leader.workspace, "name": "Spring backlog", "team": [], **fields},
        rules=rules,
        stories=chosen,
        by=leader,
        now=now,
    )


def sat(session: PokerSession, *members: Member, now: datetime) -> list[PokerSeat]:
    """The seats of these members, who are there now."""
    return [take_seat(session=session, member=member, now=now) for member in members]


def guest_at(session: PokerSession, now: datetime, name: str = "Hanna") -> PokerSeat:
    """A guest who came by a link; one is made if there is none."""
    if session.link_nonce is None:
        session = open_link(session=session, by=session.leader, now=now)
    return join_as_guest(session=session, name=name, now=now)


def item_of(session: PokerSession, place: int = 0) -> PokerItem:
    """A story of the queue as it stands now."""
    return session.items.select_related("story", "session__workspace").order_by("position")[place]


def vote(item: PokerItem, seat: PokerSeat, card: str, now: datetime, **more: str) -> None:
    cast_vote(item=item, seat=seat, cards={"effort": card, **more}, now=now)


def turned(session: PokerSession, now: datetime, **cards: str) -> PokerItem:
    """The first story with its cards turned after its leader's vote."""
    [seat] = sat(session, session.leader, now=now)
    cast_vote(item=item_of(session), seat=seat, cards=cards or {"effort": "5"}, now=now)
    reveal_now(item=item_of(session), by=session.leader, now=now)
    return item_of(session)


def agreed(session: PokerSession, now: datetime, card: str = "5") -> PokerItem:
    """The first story, agreed on."""
    item = turned(session, now)
    agree(item=item, cards={"effort": card}, by=session.leader, now=now)
    return item_of(session)


def plain_story(leader: Member, **fields: Any) -> Story:
    made: Story = StoryFactory.create(workspace=leader.workspace, **fields)
    return made
