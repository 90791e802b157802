"""Verbs of those at the table: sit down, look in, get up."""

from datetime import datetime

from django.db import transaction

from sprints.broadcast import tell_poker
from sprints.models import ItemState, PokerSeat, PokerSession
from sprints.services.poker.reveal import is_due, recount, turn_cards
from sprints.services.poker.table import is_there, locked_session
from workspaces.audit import record
from workspaces.models import Member


@transaction.atomic
def take_seat(*, session: PokerSession, member: Member, now: datetime) -> PokerSeat:
    """Sit down, also again. A countdown stops for who has not voted. Repeating changes nothing."""
    session = locked_session(session.pk)
    seat, is_new = PokerSeat.objects.get_or_create(
        session=session, member=member, defaults={"workspace": session.workspace, "joined_at": now, "seen_at": now}
    )
    was_away = is_new or seat.left_at is not None
    seat.left_at, seat.seen_at = None, now
    seat.save(update_fields=["left_at", "seen_at"])
    _recount_all(session, now)
    if was_away:
        record("poker.joined", session, by=member, now=now)
    tell_poker(session)
    return seat


@transaction.atomic
def leave_table(*, seat: PokerSeat, now: datetime) -> None:
    """Get up; cards that lie stay, and nobody waits for more. Repeating changes nothing."""
    session = locked_session(seat.session_id)
    if not PokerSeat.objects.filter(pk=seat.pk, left_at=None).update(left_at=now):
        return
    _recount_all(session, now)
    guest = {} if seat.member_id else {"guest": seat.guest_name}
    record("poker.left", session, by=seat.member, now=now, **guest)
    tell_poker(session)


@transaction.atomic
def look_in(*, session: PokerSession, seat: PokerSeat | None, now: datetime) -> None:
    """Say that somebody is still there (None: one who only watches), and turn what is due to turn.

    Who comes back without having voted is waited for again; who stays away is not. Safe to repeat at any rate.
    """
    session = locked_session(session.pk)
    _turn_due(session, now)
    if seat is not None and seat.left_at is None:
        came_back = not is_there(seat, now)
        PokerSeat.objects.filter(pk=seat.pk).update(seen_at=now)
        if came_back:
            tell_poker(session)
    _recount_all(session, now)


def _turn_due(session: PokerSession, now: datetime) -> None:
    for item in session.items.filter(state=ItemState.VOTING, reveal_at__lte=now).select_related("story", "workspace"):
        if is_due(item, now):
            turn_cards(session, item, now, by=None)


def _recount_all(session: PokerSession, now: datetime) -> None:
    for item in session.items.filter(state=ItemState.VOTING):
        if not is_due(item, now):
            recount(session, item, now)
