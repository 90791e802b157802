"""Verbs of a voter: lay a card, take it back."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from sprints.broadcast import tell_poker
from sprints.decks import SPECIAL
from sprints.models import ItemState, PokerItem, PokerSeat, PokerSession, PokerVote
from sprints.services.poker.reveal import is_due, recount
from sprints.services.poker.table import PokerRefused, locked_item
from workspaces.audit import record


@transaction.atomic
def cast_vote(*, item: PokerItem, seat: PokerSeat, cards: Mapping[str, str], now: datetime) -> None:
    """Lay cards, by dimension; a dimension that is left out keeps the card it has. Stops a countdown that runs.

    The audit log keeps that somebody voted, never which card. Laying the same card again changes nothing. Raises
    `PokerRefused` once the cards are turned or due to turn, and for a card that the deck does not have.
    """
    item = _voting(item, seat, now)
    session = item.session
    _require_cards(session, cards)
    vote = PokerVote.objects.filter(item=item, seat=seat, round=item.round).first()
    vote = vote or PokerVote(workspace=session.workspace, item=item, seat=seat, round=item.round)
    changed = {dimension: card for dimension, card in cards.items() if getattr(vote, dimension) != card}
    if not changed:
        return
    for dimension, card in changed.items():
        setattr(vote, dimension, card)
    vote.voted_at = now
    vote.save()
    _look(seat, now)
    recount(session, item, now, afresh=True)
    record("poker.voted", item, by=seat.member, now=now, round=item.round, **_guest(seat))
    tell_poker(session)


@transaction.atomic
def withdraw_vote(*, item: PokerItem, seat: PokerSeat, now: datetime) -> None:
    """Take the cards back; a countdown stops. Repeating changes nothing. Raises `PokerRefused` once they are turned."""
    item = _voting(item, seat, now)
    taken, _rows = PokerVote.objects.filter(item=item, seat=seat, round=item.round).delete()
    if not taken:
        return
    _look(seat, now)
    recount(item.session, item, now)
    record("poker.vote_withdrawn", item, by=seat.member, now=now, round=item.round, **_guest(seat))
    tell_poker(item.session)


def _voting(item: PokerItem, seat: PokerSeat, now: datetime) -> PokerItem:
    item = locked_item(item)
    here = PokerSeat.objects.filter(pk=seat.pk, session=item.session, left_at=None)
    if not here.exists():
        raise PokerRefused(_("Take a seat first: only those at the table vote."))
    if item.state != ItemState.VOTING or is_due(item, now) or _is_over(item.session, now):
        raise PokerRefused(_("The cards of “%(story)s” are turned: this round takes no vote.") % {"story": item.story})
    return item


def _is_over(session: PokerSession, now: datetime) -> bool:
    """Whether the deadline has passed and nobody has turned the cards yet."""
    return session.deadline_at is not None and session.window_closed_at is None and not session.window_is_open(now)


def _require_cards(session: PokerSession, cards: Mapping[str, str]) -> None:
    for dimension, card in cards.items():
        if not (dimension in session.dimensions and card in _known(session, dimension)):
            raise PokerRefused(_("This card is not in the deck."), fields={dimension: [_("Not in the deck.")]})
    if not cards:
        raise PokerRefused(_("Choose a card."))


def _known(session: PokerSession, dimension: str) -> set[str]:
    return {label for label, _points in session.cards_of(dimension)} | set(SPECIAL)


def _look(seat: PokerSeat, now: datetime) -> None:
    """Who votes is there."""
    PokerSeat.objects.filter(pk=seat.pk).update(seen_at=now)


def _guest(seat: PokerSeat) -> dict[str, str]:
    return {} if seat.member_id else {"guest": seat.guest_name}
