"""What every verb of planning poker begins and ends with: one change of a session at a time, and telling who looks."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from emailops.lib.fingerprint import fingerprint
from sprints.models import ItemState, PokerItem, PokerSeat, PokerSession, Story
from workspaces.models import Member

PRESENCE = timedelta(seconds=90)
"""So long somebody counts as at the table after the last look: browsers let a hidden page look once a minute."""


class PokerRefused(DomainError):
    """The move is not possible at this table now."""

    code = "poker_refused"


FORGOTTEN = timedelta(minutes=30)
"""So long somebody who only closed the page is shown as away; coming back brings the seat back."""


def locked_session(pk: int) -> PokerSession:
    """The session as it stands now, until the transaction ends. Raises `PokerRefused` once it has ended.

    Every change of a session, its queue, seats and votes takes this lock first, so that each sees the one before.
    """
    session = PokerSession.objects.select_for_update(of=("self",), no_key=True).with_people().get(pk=pk)
    if not session.is_open:
        raise PokerRefused(_("This session has ended. What was agreed stays as it is."))
    return session


def locked_item(item: PokerItem) -> PokerItem:
    """The story of a queue as it stands now, with its locked session."""
    session = locked_session(item.session_id)
    found = PokerItem.objects.select_related("story").get(pk=item.pk)
    found.session = session
    return found


def require_leader(session: PokerSession, by: Member) -> None:
    """Raises `PokerRefused` for everybody else."""
    if session.leader_id != by.pk:
        raise PokerRefused(_("Only %(name)s, who leads this session, can do that.") % {"name": session.leader})


def step(item: PokerItem, state: ItemState) -> None:
    """Give an item a state that may follow on the one it has. Raises `PokerRefused`. Does not save."""
    if not item.may_become(state):
        words = _("“%(story)s” is “%(now)s”: it cannot become “%(wanted)s”.")
        raise PokerRefused(
            words % {"story": item.story, "now": item.get_state_display(), "wanted": ItemState(state).label}
        )
    item.state = state


def words_of(story: Story) -> str:
    """A fingerprint of what the table is shown of a story. One query unless the criteria are at hand."""
    criteria = sorted((criterion.position, criterion.text) for criterion in story.criteria.all())
    return fingerprint([story.title, story.as_a, story.i_want, story.so_that, criteria])


def awaited(session: PokerSession, seats: list[PokerSeat], now: datetime) -> list[PokerSeat]:
    """Whose vote is waited for: while a window is open everybody who was asked, else those who are there."""
    if session.window_is_open(now):
        return seats
    return [seat for seat in seats if is_there(seat, now)]


def is_gone(seat: PokerSeat, session: PokerSession, now: datetime) -> bool:
    """Whether somebody is no longer at the table: got up, left the workspace, or has not looked in for long.

    While a window is open everybody who was asked belongs to it, however rarely they look in. The seat needs its
    member.
    """
    if seat.left_at is not None or (seat.member is not None and seat.member.left_at is not None):
        return True
    is_live = session.is_open and session.deadline_at is None
    return is_live and (seat.seen_at is None or seat.seen_at <= now - FORGOTTEN)


def is_there(seat: PokerSeat, now: datetime) -> bool:
    return seat.left_at is None and seat.seen_at is not None and seat.seen_at > now - PRESENCE
