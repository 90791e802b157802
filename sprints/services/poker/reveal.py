"""When the cards turn: a moment that stands in PostgreSQL, set when everybody has voted and taken away by a change."""

from datetime import datetime, timedelta

from sprints.broadcast import tell_poker
from sprints.decks import PASS
from sprints.models import ItemState, PokerItem, PokerSeat, PokerSession, PokerVote
from sprints.services.poker.table import awaited
from workspaces.audit import record
from workspaces.models import Member

COUNTDOWN = timedelta(seconds=5)
FEWEST_VOTES = 2  # to turn by themselves: whoever comes first does not see a card turn before the others came


def recount(session: PokerSession, item: PokerItem, now: datetime, *, afresh: bool = False) -> None:
    """Start the countdown when nobody is waited for any more, and stop it when somebody is.

    `afresh` begins it again although it runs: a vote was changed. Needs the session's lock.
    """
    wanted = None
    if session.reveals_by_itself and _everybody_voted(session, item, now):
        wanted = item.reveal_at if item.reveal_at and not afresh else now + COUNTDOWN
    if wanted != item.reveal_at:
        item.reveal_at = wanted
        item.save(update_fields=["reveal_at"])
        tell_poker(session)


def _everybody_voted(session: PokerSession, item: PokerItem, now: datetime) -> bool:
    voted = {vote.seat_id for vote in _votes(item) if is_complete(vote, session)}
    seats = list(session.seats.taken())
    return len(voted) >= FEWEST_VOTES and all(seat.pk in voted for seat in awaited(session, seats, now))


def _votes(item: PokerItem) -> list[PokerVote]:
    return list(PokerVote.objects.filter(item=item, round=item.round))


def is_complete(vote: PokerVote, session: PokerSession) -> bool:
    """Whether a card lies for everything that is voted on."""
    return all(getattr(vote, dimension) for dimension in session.dimensions)


def is_due(item: PokerItem, now: datetime) -> bool:
    return item.state == ItemState.VOTING and item.reveal_at is not None and item.reveal_at <= now


def turn_cards(session: PokerSession, item: PokerItem, now: datetime, *, by: Member | None) -> None:
    """Turn the cards (`by` None: by themselves). Who has not voted gets a pass. Needs the session's lock.

    Repeating changes nothing: the row is turned by whoever finds it still being voted on.
    """
    turned = PokerItem.objects.filter(pk=item.pk, state=ItemState.VOTING).update(
        state=ItemState.REVEALED, revealed_at=now, reveal_at=None
    )
    if not turned:
        return
    item.refresh_from_db(fields=["state", "revealed_at", "reveal_at"])
    _pass_for_the_rest(session, item, now)
    record("poker.revealed", item, by=by, now=now, round=item.round)
    tell_poker(session)


def _pass_for_the_rest(session: PokerSession, item: PokerItem, now: datetime) -> None:
    votes = {vote.seat_id: vote for vote in _votes(item)}
    for vote in votes.values():
        _fill(vote, session)
    seats: list[PokerSeat] = list(session.seats.taken())
    expected = seats if session.deadline_at else awaited(session, seats, now)
    cards = dict.fromkeys(session.dimensions, PASS)
    PokerVote.objects.bulk_create(
        PokerVote(
            workspace=session.workspace,
            item=item,
            seat=seat,
            round=item.round,
            is_absent=True,
            voted_at=now,
            **cards,
        )
        for seat in expected
        if seat.pk not in votes
    )


def _fill(vote: PokerVote, session: PokerSession) -> None:
    empty = [dimension for dimension in session.dimensions if not getattr(vote, dimension)]
    if empty:
        PokerVote.objects.filter(pk=vote.pk).update(**dict.fromkeys(empty, PASS))
