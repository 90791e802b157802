"""What happens by itself: countdowns that end, deadlines that pass, reminders. Found in PostgreSQL, safe to repeat."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction

from sprints.broadcast import tell_poker
from sprints.models import ItemState, PokerItem, PokerMode, PokerSeat, PokerSession, PokerVote
from sprints.services.poker.reveal import is_complete, is_due, turn_cards
from sprints.services.poker.table import PokerRefused, locked_session
from sprints.telling_poker import tell_poker_over, tell_reminded
from workspaces.audit import record
from workspaces.systemmail import post

REMIND_BEFORE = timedelta(hours=24)


def poll(now: datetime) -> None:
    """Turn the cards whose moment has come, close windows whose deadline has passed, remind those who are missing."""
    due = PokerItem.objects.filter(state=ItemState.VOTING, reveal_at__lte=now)
    for pk in set(due.values_list("session_id", flat=True)):
        _each(_turn_due, pk, now)
    windows = PokerSession.objects.open().filter(mode=PokerMode.WINDOW, window_closed_at=None)
    for pk in windows.filter(deadline_at__lte=now).values_list("pk", flat=True):
        _each(_close_window, pk, now)
    soon = windows.filter(deadline_at__gt=now, deadline_at__lte=now + REMIND_BEFORE, reminded_at=None)
    for session in soon:
        if now >= remind_at(session):
            _each(_remind, session.pk, now)


def remind_at(session: PokerSession) -> datetime:
    """A day before the deadline, or after half of a window that is shorter than two days."""
    if session.deadline_at is None:
        raise ValueError("a live session reminds nobody")
    return session.deadline_at - min(REMIND_BEFORE, (session.deadline_at - session.created_at) / 2)


def _each(verb: Callable[[PokerSession, datetime], None], pk: int, now: datetime) -> None:
    with transaction.atomic():
        try:
            session = locked_session(pk)
        except PokerRefused:  # ended since we looked
            return
        verb(session, now)


def _turn_due(session: PokerSession, now: datetime) -> None:
    for item in _voting(session):
        if is_due(item, now):
            turn_cards(session, item, now, by=None)


def _voting(session: PokerSession) -> Iterable[PokerItem]:
    return session.items.filter(state=ItemState.VOTING).select_related("story", "workspace").order_by("position")


def _close_window(session: PokerSession, now: datetime) -> None:
    if session.window_is_open(now) or session.window_closed_at is not None:
        return
    for item in _voting(session):
        turn_cards(session, item, now, by=None)
    session.window_closed_at = now
    session.save(update_fields=["window_closed_at"])
    record("poker.window_closed", session, by=None, now=now)
    tell_poker_over(session, None, now)
    tell_poker(session)


def _remind(session: PokerSession, now: datetime) -> None:
    if session.reminded_at is not None:
        return
    session.reminded_at = now
    session.save(update_fields=["reminded_at"])
    missing = [seat for seat in missing_voters(session) if seat.member]
    for seat in missing:
        if seat.member:
            to = seat.member.user.email
            post("sprints.poker_reminder", workspace=session.workspace, object_id=seat.pk, to=to, now=now)
    tell_reminded(session, [seat.member for seat in missing if seat.member], now)
    record("poker.reminded", session, by=None, now=now, people=len(missing))


def missing_voters(session: PokerSession) -> list[PokerSeat]:
    """Seats that still owe a card on a story that is being voted on, with their people. Three queries."""
    seats = session.seats.taken().select_related("member__user").order_by("joined_at", "pk")
    missing = owing(session)
    return [seat for seat in seats if seat.pk in missing]


def owing(session: PokerSession) -> dict[int, int]:
    """How many stories each seat has still to vote on; a seat that owes none is left out. Two or three queries."""
    items = list(session.items.filter(state=ItemState.VOTING))
    votes = PokerVote.objects.filter(item__in=items).select_related("item")
    done = {
        (vote.item_id, vote.seat_id) for vote in votes if vote.round == vote.item.round and is_complete(vote, session)
    }
    seats = session.seats.taken().values_list("pk", flat=True)
    counted = {seat: sum((item.pk, seat) not in done for item in items) for seat in seats}
    return {seat: count for seat, count in counted.items() if count}
