"""A poker session as one person at the table may see it.

Pages, fragments and the API show this and nothing else. Until the cards of a story are turned it holds of others only
whether they have voted: their cards are not even read.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from django.db.models import F, Q
from django.utils.translation import gettext as _

from sprints.decks import Card
from sprints.models import ItemState, PokerItem, PokerMode, PokerSeat, PokerSession, PokerVote
from sprints.services.poker.table import is_gone, is_there, words_of
from sprints.tally import Tally, tally
from workspaces.models import Member

OPEN_STATES = (ItemState.REVEALED, ItemState.AGREED)
Votes = dict[int, dict[int, dict[int, PokerVote]]]
"""Votes by item, round and seat."""

HIDDEN = "·"
"""Stands for a card that lies face down: that it lies there is all that is read of it."""


@dataclass(frozen=True, slots=True)
class ShownStory:
    """What everybody at the table is shown of a story, guests too; `skills` say how many points are whose work."""

    pk: int
    number: int
    title: str
    as_a: str
    i_want: str
    so_that: str
    criteria: tuple[str, ...]
    points: int | None
    skills: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the table. `cards` are empty until they are turned, but for one's own."""

    seat: int
    name: str
    member: Member | None
    is_me: bool
    is_leader: bool
    is_there: bool
    has_voted: bool
    was_absent: bool
    cards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dimension:
    """One thing that is voted on: the cards, one's own choice, and the count once they are turned."""

    key: str
    label: str
    cards: tuple[Card, ...]
    mine: str
    tally: Tally | None


@dataclass(frozen=True, slots=True)
class Round:
    """A round that was voted before: who chose what."""

    number: int
    votes: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A story of the queue."""

    item: int
    story: int
    title: str
    state: ItemState
    is_shown: bool
    voted: int
    is_mine_missing: bool
    agreed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Everything one person sees. `seconds_left` is until the cards turn; it is not a part of `version`."""

    item: int | None
    state: ItemState | None
    round: int
    story: ShownStory | None
    has_changed: bool
    reveal_at: datetime | None
    seconds_left: float
    people: tuple[Person, ...]
    dimensions: tuple[Dimension, ...]
    rounds: tuple[Round, ...]
    queue: tuple[Line, ...]
    is_seated: bool
    leader: str
    is_open: bool
    deadline_at: datetime | None

    @property
    def version(self) -> str:
        """Changes with what is shown, so that a page which shows it already is left alone."""
        shown = (
            self.item, self.state, self.round, self.story, self.has_changed, self.reveal_at, self.people,
            self.dimensions, self.rounds, self.queue, self.is_seated, self.leader, self.is_open, self.deadline_at,
        )  # fmt: skip
        return blake2b(repr(shown).encode(), digest_size=9).hexdigest()

    @property
    def is_voting(self) -> bool:
        return self.state == ItemState.VOTING

    @property
    def is_revealed(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def voted(self) -> int:
        return sum(person.has_voted for person in self.people)

    @property
    def awaited(self) -> int:
        """How many of those who are there, or were asked, have not voted."""
        is_window = self.deadline_at is not None
        return sum(not person.has_voted and (person.is_there or is_window) for person in self.people)

    @property
    def done(self) -> int:
        return sum(line.state in {ItemState.AGREED, ItemState.SKIPPED} for line in self.queue)

    @property
    def is_mine_complete(self) -> bool:
        return all(dimension.mine for dimension in self.dimensions)

    @property
    def following(self) -> int | None:
        """The next story one has to vote on; None when there is none."""
        return next((line.item for line in self.queue if line.is_mine_missing and not line.is_shown), None)


def table_of(session: PokerSession, seat: PokerSeat | None, now: datetime, *, wanted: int | None = None) -> Table:
    """The session as this seat sees it (None: somebody who only watches). Seven queries.

    `wanted` is the story somebody asks for; in a live session all look at the one on the table.
    """
    items = list(
        session.items.select_related("story", "result")
        .prefetch_related("story__criteria", "story__skill_points__skill")
        .order_by("position", "pk")
    )
    seats = list(session.seats.select_related("member__user").order_by("joined_at", "pk"))
    me = next((other for other in seats if seat and other.pk == seat.pk and other.left_at is None), None)
    view = _View(session, items, seats, me, _votes(session, me), now)
    item = _shown_item(view, wanted)
    return Table(
        item=item.pk if item else None,
        state=ItemState(item.state) if item else None,
        round=item.round if item else 1,
        story=_story(item) if item else None,
        has_changed=bool(item and item.state == ItemState.VOTING and item.shown != words_of(item.story)),
        reveal_at=item.reveal_at if item else None,
        seconds_left=max(0.0, (item.reveal_at - now).total_seconds()) if item and item.reveal_at else 0.0,
        people=tuple(_people(view, item)),
        dimensions=tuple(_dimension(view, item, name) for name in session.dimensions),
        rounds=tuple(_rounds(view, item)),
        queue=tuple(_line(view, other, item) for other in items),
        is_seated=me is not None,
        leader=str(session.leader),
        is_open=session.is_open,
        deadline_at=session.deadline_at,
    )


@dataclass(frozen=True, slots=True)
class _View:
    """What was read for one look at a session."""

    session: PokerSession
    items: list[PokerItem]
    seats: list[PokerSeat]
    me: PokerSeat | None
    votes: Votes
    now: datetime

    def of_round(self, item: PokerItem | None) -> dict[int, PokerVote]:
        """The votes of the round that an item is in, by seat."""
        return self.votes[item.pk][item.round] if item else {}

    def cards(self, vote: PokerVote | None) -> tuple[str, ...]:
        return tuple(getattr(vote, name) for name in self.session.dimensions) if vote else ()

    def is_whole(self, vote: PokerVote | None) -> bool:
        return bool(vote) and all(self.cards(vote))

    def owes(self, item: PokerItem) -> bool:
        """Whether one's own vote is missing."""
        if self.me is None or item.state != ItemState.VOTING:
            return False
        return not self.is_whole(self.of_round(item).get(self.me.pk))


def _votes(session: PokerSession, me: PokerSeat | None) -> Votes:
    """All votes of turned rounds and one's own; of others' that lie face down only that they are whole. Two queries."""
    is_hidden = Q(round=F("item__round"), item__revealed_at=None)
    is_mine = Q(seat=me.pk) if me else Q(pk__in=())
    rows = PokerVote.objects.filter(item__session=session)
    found: Votes = defaultdict(lambda: defaultdict(dict))
    for vote in rows.filter(~is_hidden | is_mine):
        found[vote.item_id][vote.round][vote.seat_id] = vote
    whole = rows.filter(is_hidden).exclude(is_mine)
    for dimension in session.dimensions:
        whole = whole.exclude(**{dimension: ""})
    for item_id, number, seat_id in whole.values_list("item_id", "round", "seat_id"):
        cards = dict.fromkeys(session.dimensions, HIDDEN)
        found[item_id][number][seat_id] = PokerVote(item_id=item_id, seat_id=seat_id, round=number, **cards)
    return found


def _shown_item(view: _View, wanted: int | None) -> PokerItem | None:
    """Live: what is on the table. Else what was asked for, what one owes, what is to be agreed, or the first."""
    if view.session.mode == PokerMode.LIVE and view.session.is_open:
        return next((item for item in view.items if item.pk == view.session.current_id), None)
    choices = [
        [item for item in view.items if item.pk == wanted],
        [item for item in view.items if view.owes(item)],
        [item for item in view.items if item.state == ItemState.REVEALED],
        view.items,
    ]
    return next((found[0] for found in choices if found), None)


def _story(item: PokerItem) -> ShownStory:
    story = item.story
    criteria = sorted(story.criteria.all(), key=lambda criterion: criterion.position)
    return ShownStory(
        pk=story.pk,
        number=story.number,
        title=story.title,
        as_a=story.as_a,
        i_want=story.i_want,
        so_that=story.so_that,
        criteria=tuple(criterion.text for criterion in criteria),
        points=story.points,
        skills=tuple(sorted((part.skill.name, part.points) for part in story.skill_points.all())),
    )


def _people(view: _View, item: PokerItem | None) -> Iterator[Person]:
    votes, is_turned = view.of_round(item), item is not None and item.revealed_at is not None
    for seat in view.seats:
        vote, is_me = votes.get(seat.pk), seat == view.me
        if vote is None and not is_me and is_gone(seat, view.session, view.now):
            continue
        yield Person(
            seat=seat.pk,
            name=str(seat),
            member=seat.member,
            is_me=is_me,
            is_leader=seat.member_id == view.session.leader_id,
            is_there=is_there(seat, view.now) or not view.session.is_open,
            has_voted=view.is_whole(vote),
            was_absent=bool(is_turned and vote and vote.is_absent),
            cards=view.cards(vote) if is_turned or is_me else (),
        )


def _dimension(view: _View, item: PokerItem | None, name: str) -> Dimension:
    votes, cards = view.of_round(item), view.session.cards_of(name)
    mine = votes.get(view.me.pk) if view.me else None
    names = {seat.pk: str(seat) for seat in view.seats}
    counted = None
    if item is not None and item.revealed_at is not None:
        counted = tally([(names[seat], getattr(vote, name)) for seat, vote in sorted(votes.items())], cards)
    return Dimension(
        key=name,
        label=_("Effort") if name == "effort" else _("Value"),
        cards=tuple(cards),
        mine=getattr(mine, name) if mine else "",
        tally=counted,
    )


def _rounds(view: _View, item: PokerItem | None) -> Iterator[Round]:
    names = {seat.pk: str(seat) for seat in view.seats}
    for number, votes in sorted(view.votes[item.pk].items()) if item else ():
        if item and number < item.round:
            yield Round(number, tuple((names[seat], view.cards(vote)) for seat, vote in sorted(votes.items())))


def _line(view: _View, item: PokerItem, shown: PokerItem | None) -> Line:
    result = getattr(item, "result", None)
    agreed = [getattr(result, name) for name in view.session.dimensions] if result else []
    return Line(
        item=item.pk,
        story=item.story_id,
        title=item.story.title,
        state=ItemState(item.state),
        is_shown=shown is not None and item.pk == shown.pk,
        voted=sum(view.is_whole(vote) for vote in view.of_round(item).values()),
        is_mine_missing=view.owes(item),
        agreed=tuple(agreed) if item.state == ItemState.AGREED else (),
    )
