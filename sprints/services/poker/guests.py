"""The link for guests: somebody without an account joins a session by name and votes, and sees nothing else."""

import secrets
import unicodedata
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, seal, unseal
from sprints.broadcast import tell_poker
from sprints.models import PokerSeat, PokerSession
from sprints.services.poker.reveal import recount
from sprints.services.poker.table import PokerRefused, locked_session, require_leader
from workspaces.audit import record
from workspaces.models import Member

LINK_LIFE = timedelta(days=7)
NONCE_BITS = 63  # fits PostgreSQL's bigint
MOST_GUESTS = 30  # of one session, those counted who have left
LONGEST_NAME = 40


class PokerLinkInvalid(DomainError):
    """The link was never ours, was withdrawn or has expired, or the session has ended."""

    code = "poker_link_invalid"
    status = 410


@transaction.atomic
def open_link(*, session: PokerSession, by: Member, now: datetime) -> PokerSession:
    """Make a link for guests; one that was made before ends, and with it the seats that were taken through it.

    Raises `PokerRefused`.
    """
    session = _ended_link(session, by, now)
    session.link_nonce, session.link_expires_at = secrets.randbits(NONCE_BITS), now + LINK_LIFE
    session.save(update_fields=["link_nonce", "link_expires_at"])
    record("poker.link_opened", session, by=by, now=now)
    tell_poker(session)
    return session


@transaction.atomic
def withdraw_link(*, session: PokerSession, by: Member, now: datetime) -> None:
    """End the link; guests who came through it get up. Raises `PokerRefused`."""
    session = _ended_link(session, by, now)
    session.link_nonce = session.link_expires_at = None
    session.save(update_fields=["link_nonce", "link_expires_at"])
    record("poker.link_withdrawn", session, by=by, now=now)
    tell_poker(session)


def _ended_link(session: PokerSession, by: Member, now: datetime) -> PokerSession:
    session = locked_session(session.pk)
    require_leader(session, by)
    session.seats.filter(member=None, left_at=None).update(left_at=now)
    for item in session.items.filter(state="voting"):
        recount(session, item, now)
    return session


def guest_token(session: PokerSession) -> str:
    """What stands in the link. Raises `ValueError` for a session without one."""
    if session.link_nonce is None:
        raise ValueError("there is no link")
    return seal(Kind.POKER, session.pk, session.link_nonce)


def open_table(token: str, now: datetime) -> PokerSession:
    """The session that a link leads to. Changes nothing, however often it is opened. Raises `PokerLinkInvalid`."""
    return _session(Kind.POKER, token, now)[0]


def seat_token(seat: PokerSeat) -> str:
    """What stands in the address of a guest's own page; it ends with the link."""
    if seat.session.link_nonce is None:
        raise ValueError("there is no link")
    return seal(Kind.POKER_SEAT, seat.session_id, seat.session.link_nonce, seat.pk)


def open_seat(token: str, now: datetime) -> PokerSeat:
    """The seat of a guest. Raises `PokerLinkInvalid`."""
    session, numbers = _session(Kind.POKER_SEAT, token, now)
    seat = PokerSeat.objects.filter(pk=numbers[0], session=session, member=None, left_at=None).first()
    if seat is None:
        raise _invalid()
    seat.session = session
    return seat


def _session(kind: Kind, token: str, now: datetime) -> tuple[PokerSession, tuple[int, ...]]:
    try:
        pk, nonce, *rest = unseal(kind, token)
    except (BadToken, ValueError) as error:
        raise _invalid() from error
    session = PokerSession.objects.with_people().filter(pk=pk, link_nonce=nonce).first()
    if session is None or not session.link_works(now):
        raise _invalid()
    return session, tuple(rest)


def _invalid() -> PokerLinkInvalid:
    return PokerLinkInvalid(
        _("This link is not complete, was withdrawn, or the session is over. Ask whoever sent it for a new one.")
    )


@transaction.atomic
def join_as_guest(*, session: PokerSession, name: str, now: datetime) -> PokerSeat:
    """Give a guest a seat under a name that nobody else at the table has. Raises `PokerRefused`."""
    nonce = session.link_nonce
    session = locked_session(session.pk)
    if session.link_nonce != nonce or not session.link_works(now):
        raise _invalid()
    name = _checked_name(name)
    if session.seats.filter(member=None).count() >= MOST_GUESTS:
        raise PokerRefused(_("The table is full: %(most)d guests have joined.") % {"most": MOST_GUESTS})
    names = {str(seat).casefold() for seat in session.seats.filter(left_at=None).select_related("member__user")}
    if name.casefold() in names:
        raise _taken()
    try:
        with transaction.atomic():
            seat = PokerSeat.objects.create(
                workspace=session.workspace, session=session, guest_name=name, joined_at=now, seen_at=now
            )
    except IntegrityError as error:
        raise _taken() from error
    for item in session.items.filter(state="voting"):
        recount(session, item, now)
    record("poker.guest_joined", session, by=None, now=now, guest=name)
    tell_poker(session)
    return seat


def _checked_name(name: str) -> str:
    shown = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in name)
    name = " ".join(shown.split())
    if not name or len(name) > LONGEST_NAME:
        words = _("Give a name of 1 to %(most)d letters.") % {"most": LONGEST_NAME}
        raise PokerRefused(words, fields={"name": [words]})
    return name


def _taken() -> PokerRefused:
    words = _("Somebody of this name is at the table. Add a letter of your surname.")
    return PokerRefused(words, fields={"name": [words]})
