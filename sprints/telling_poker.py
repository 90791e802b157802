"""Telling those who sit at a poker table; what a mail of its own says is not put into another."""

from collections.abc import Collection
from datetime import datetime

from sprints.models import PokerMode, PokerSession
from workspaces.models import Member
from workspaces.notices.telling import notify, spare_mail

INVITED = "poker.invited"
OWING = "poker.waiting"
OVER = "poker.over"


def tell_invited(session: PokerSession, team: Collection[Member], by: Member, now: datetime) -> None:
    """Tell who is asked to vote; into a window a mail with the deadline invites as well."""
    notify(INVITED, session, to=team, by=by, now=now, is_mailed=session.mode == PokerMode.LIVE)


def tell_owing(session: PokerSession, by: Member, now: datetime) -> None:
    """Tell who votes on their own that there is something to vote on again; at a live table everybody sees it."""
    if session.window_is_open(now):
        notify(OWING, session, to=_seated(session), by=by, now=now)


def tell_reminded(session: PokerSession, members: Collection[Member], now: datetime) -> None:
    """Tell who has not voted that the deadline comes near; the reminder is a mail of its own."""
    notify(OWING, session, to=members, by=None, now=now, is_mailed=False)


def tell_poker_over(session: PokerSession, by: Member | None, now: datetime) -> None:
    """Tell who sits at the table that it is over (`by` None: its deadline passed). What was asked is mailed no more."""
    spare_mail((INVITED, OWING), session)
    notify(OVER, session, to=_seated(session), by=by, now=now)


def _seated(session: PokerSession) -> list[Member]:
    seats = session.seats.filter(left_at=None, member__isnull=False).select_related("member").order_by("pk")
    return [seat.member for seat in seats if seat.member]
