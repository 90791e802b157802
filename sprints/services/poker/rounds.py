"""Verbs of the leader on the story at hand: put it on the table, turn the cards, vote again, agree, skip."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from sprints.broadcast import tell_poker
from sprints.decks import whole_points
from sprints.models import ItemState, PokerItem, PokerMode, PokerResult, PokerSession, PokerVote
from sprints.services.poker.reveal import recount, turn_cards
from sprints.services.poker.table import PokerRefused, locked_item, require_leader, step, words_of
from sprints.services.stories import rewrite_story
from sprints.tally import tally
from sprints.telling_poker import tell_owing
from workspaces.audit import record
from workspaces.models import Member


@transaction.atomic
def put_on_table(*, item: PokerItem, by: Member, now: datetime) -> None:
    """Have the team vote on a story; one that was voted on already gets a new round. Repeating changes nothing.

    In a live session the story that is being voted on goes back into the queue with its votes. Raises `PokerRefused`.
    """
    item = _led(item, by)
    if item.state == ItemState.VOTING and item.session.current_id in {None, item.pk}:
        return
    if item.session.mode == PokerMode.LIVE:
        _take_from_table(item.session, item)
    if item.state != ItemState.VOTING:
        _begin(item)
    _show(item.session, item)
    recount(item.session, item, now)
    record("poker.put_on_table", item, by=by, now=now, round=item.round)
    tell_poker(item.session)


def _take_from_table(session: PokerSession, other: PokerItem) -> None:
    voting = PokerItem.objects.filter(session=session, state=ItemState.VOTING).exclude(pk=other.pk)
    voting.update(state=ItemState.WAITING, reveal_at=None)


def _begin(item: PokerItem) -> None:
    """Let an item take votes: in a new round when the cards of this one have been seen."""
    has_been_seen = item.revealed_at is not None
    step(item, ItemState.VOTING)
    item.round += has_been_seen
    item.reveal_at, item.revealed_at, item.shown = None, None, words_of(item.story)
    item.save(update_fields=["state", "round", "reveal_at", "revealed_at", "shown"])


def _show(session: PokerSession, item: PokerItem | None) -> None:
    session.current = item
    session.save(update_fields=["current"])


@transaction.atomic
def reveal_now(*, item: PokerItem, by: Member, now: datetime) -> None:
    """Turn the cards at once. Who has not voted gets a pass. Raises `PokerRefused` while nobody has voted."""
    item = _led(item, by)
    if item.state != ItemState.VOTING:
        raise PokerRefused(_("Nothing is being voted on: the cards of “%(story)s” lie open.") % {"story": item.story})
    if not PokerVote.objects.filter(item=item, round=item.round).exists():
        raise PokerRefused(_("Nobody has voted yet. Wait for a card, or skip the story."))
    turn_cards(item.session, item, now, by=by)


@transaction.atomic
def vote_again(*, item: PokerItem, by: Member, now: datetime) -> None:
    """Begin another round after the cards were seen; the rounds before are kept. Raises `PokerRefused`."""
    item = _led(item, by)
    if item.state != ItemState.REVEALED:
        raise PokerRefused(_("Another round begins when the cards of this one are turned."))
    _begin(item)
    _show(item.session, item)
    record("poker.again", item, by=by, now=now, round=item.round)
    tell_owing(item.session, by, now)
    tell_poker(item.session)


@transaction.atomic
def agree(*, item: PokerItem, cards: Mapping[str, str], by: Member, now: datetime) -> PokerResult:
    """Write down what the team agreed on, a card for each dimension; effort becomes the story's points.

    A live session goes on with the next story that waits. Raises `PokerRefused` before the cards are turned and for a
    card that the deck does not have, `StoryRefused` for a story that may not be estimated any more.
    """
    item = _led(item, by)
    session = item.session
    if item.state != ItemState.REVEALED:
        raise PokerRefused(_("Turn the cards first, then agree."))
    points = {dimension: _points_of(session, dimension, cards.get(dimension, "")) for dimension in session.dimensions}
    before = item.story.points
    if "effort" in points:
        rewrite_story(story=item.story, points=whole_points(points["effort"]), by=by, now=now)
    fields = {name: cards[name] for name in points} | {f"{name}_points": found for name, found in points.items()}
    spreads = {f"{name}_spread": _spread(item, session, name) for name in points}
    result, _new = PokerResult.objects.update_or_create(
        item=item,
        defaults={
            "workspace": session.workspace,
            "story": item.story,
            "rounds": item.round,
            "points_before": before,
            "agreed_by": by,
            "agreed_at": now,
            **fields,
            **spreads,
        },
    )
    step(item, ItemState.AGREED)
    item.save(update_fields=["state"])
    record("poker.agreed", item, by=by, now=now, rounds=item.round, **fields)
    _go_on(session, item)
    tell_poker(session)
    return result


def _points_of(session: PokerSession, dimension: str, card: str) -> float:
    found = dict(session.cards_of(dimension)).get(card)
    if found is None:
        raise PokerRefused(_("Choose a card with points."), fields={dimension: [_("Choose a card with points.")]})
    return found


def _spread(item: PokerItem, session: PokerSession, dimension: str) -> float | None:
    votes = PokerVote.objects.filter(item=item, round=item.round).values_list("seat_id", dimension)
    return tally(((str(seat), card) for seat, card in votes), session.cards_of(dimension)).spread


@transaction.atomic
def pass_over(*, item: PokerItem, by: Member, now: datetime) -> None:
    """Leave a story without an estimate; it can be put on the table again. Raises `PokerRefused` once it is agreed."""
    item = _led(item, by)
    step(item, ItemState.SKIPPED)
    item.reveal_at = None
    item.save(update_fields=["state", "reveal_at"])
    record("poker.skipped", item, by=by, now=now)
    _go_on(item.session, item)
    tell_poker(item.session)


def _go_on(session: PokerSession, done: PokerItem) -> None:
    """Put the next story on the table that waits; in a window all have been there from the beginning."""
    if session.current_id not in {None, done.pk}:
        return
    waiting = PokerItem.objects.filter(session=session, state=ItemState.WAITING)
    following = waiting.select_related("story").order_by("position", "pk").first()
    if following is not None:
        _begin(following)
    _show(session, following or done)


def _led(item: PokerItem, by: Member) -> PokerItem:
    item = locked_item(item)
    require_leader(item.session, by)
    return item
