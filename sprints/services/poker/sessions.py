"""Verbs on a session: open it, add stories, hand it over, move its deadline, end it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from sprints.broadcast import tell_poker
from sprints.decks import Deck
from sprints.models import (
    SPRINT_OVER,
    ItemState,
    PokerItem,
    PokerMode,
    PokerSeat,
    PokerSession,
    PokerState,
    Story,
    StoryQuerySet,
    StoryStatus,
)
from sprints.services.poker.table import PokerRefused, locked_session, require_leader, words_of
from sprints.telling_poker import tell_invited, tell_owing, tell_poker_over
from workspaces.audit import record
from workspaces.models import Member, Workspace
from workspaces.permissions import Can
from workspaces.systemmail import post

MOST_STORIES = 50
SHORTEST_WINDOW = timedelta(minutes=10)
LONGEST_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Rules:
    """How a session votes. A deck that is None is not voted with; `deadline_at` belongs to a window alone."""

    effort: Deck | None
    value: Deck | None = None
    mode: PokerMode = PokerMode.LIVE
    deadline_at: datetime | None = None
    reveals_by_itself: bool = True


def stories_to_estimate(workspace: Workspace) -> StoryQuerySet:
    """Stories that are still to be done, in their order: of the backlog, then of sprints that are not closed."""
    found = Story.objects.for_workspace(workspace).filter(dropped_at=None).exclude(status=StoryStatus.DONE)
    found = found.exclude(sprint__state__in=SPRINT_OVER).select_related("sprint")
    return found.order_by(F("sprint__number").asc(nulls_first=True), "rank", "pk")


@transaction.atomic
def open_session(
    *,
    workspace: Workspace,
    name: str,
    rules: Rules,
    stories: Sequence[Story],
    team: Sequence[Member],
    by: Member,
    now: datetime,
) -> PokerSession:
    """Open a session that `by` leads, with these stories in this order and these members asked to vote.

    A live one puts the first story on the table; in a window all are voted on at once, and the others are told by mail.
    Raises `PokerRefused`.
    """
    _require_rules(name, rules, now)
    session = PokerSession.objects.create(
        workspace=workspace,
        name=name.strip(),
        leader=by,
        mode=rules.mode,
        deadline_at=rules.deadline_at,
        reveals_by_itself=rules.reveals_by_itself,
        created_at=now,
        **_cards("effort", rules.effort),
        **_cards("value", rules.value),
    )
    _queue(session, stories)
    for member in dict.fromkeys([by, *team]):
        _seat(session, member, by=by, now=now)
    record("poker.opened", session, by=by, now=now, stories=len(stories), mode=rules.mode)
    tell_invited(session, team, by, now)
    return session


def _require_rules(name: str, rules: Rules, now: datetime) -> None:
    if not name.strip():
        raise PokerRefused(_("Give the session a name."), fields={"name": [_("Empty.")]})
    if rules.effort is None and rules.value is None:
        words = _("Vote on effort, on value, or on both.")
        raise PokerRefused(words, fields={"effort_deck": [words]})
    if rules.mode == PokerMode.WINDOW:
        _require_deadline(rules.deadline_at, now)
    elif rules.deadline_at is not None:
        words = _("A live session has no deadline.")
        raise PokerRefused(words, fields={"deadline_at": [words]})


def _require_deadline(deadline_at: datetime | None, now: datetime) -> None:
    if deadline_at is None or not SHORTEST_WINDOW <= deadline_at - now <= LONGEST_WINDOW:
        words = _("Choose a deadline from ten minutes to 30 days from now.")
        raise PokerRefused(words, fields={"deadline_at": [words]})


def _cards(dimension: str, deck: Deck | None) -> dict[str, object]:
    if deck is None:
        return {}
    return {f"{dimension}_deck": str(deck.name), f"{dimension}_cards": [list(card) for card in deck.cards]}


def _queue(session: PokerSession, stories: Sequence[Story]) -> None:
    held = set(session.items.values_list("story_id", flat=True))
    fresh = [story for story in dict.fromkeys(stories) if story.pk not in held]
    if not fresh or len(held) + len(fresh) > MOST_STORIES:
        words = _("Choose 1 to %(most)d stories that are not in the session yet.") % {"most": MOST_STORIES}
        raise PokerRefused(words, fields={"stories": [words]})
    last = session.items.aggregate(last=Max("position"))["last"] or 0
    is_live = session.mode == PokerMode.LIVE
    items = PokerItem.objects.bulk_create(
        PokerItem(
            workspace=session.workspace,
            session=session,
            story=story,
            position=last + place,
            state=ItemState.WAITING if is_live else ItemState.VOTING,
            shown=words_of(story),
        )
        for place, story in enumerate(fresh, start=1)
    )
    if is_live and not session.items.filter(state__in=(ItemState.VOTING, ItemState.REVEALED)).exists():
        PokerItem.objects.filter(pk=items[0].pk).update(state=ItemState.VOTING)
        session.current = items[0]
        session.save(update_fields=["current"])


def _seat(session: PokerSession, member: Member, *, by: Member, now: datetime) -> None:
    is_leader = member.pk == by.pk
    seat = PokerSeat.objects.create(
        workspace=session.workspace,
        session=session,
        member=member,
        joined_at=now,
        seen_at=now if is_leader else None,
    )
    if session.mode == PokerMode.WINDOW and not is_leader:
        post("sprints.poker_invitation", workspace=session.workspace, object_id=seat.pk, to=member.user.email, now=now)


@transaction.atomic
def add_stories(*, session: PokerSession, stories: Sequence[Story], by: Member, now: datetime) -> None:
    """Put more stories at the end of the queue. Raises `PokerRefused`."""
    session = locked_session(session.pk)
    require_leader(session, by)
    _queue(session, stories)
    record("poker.stories_added", session, by=by, now=now, stories=len(stories))
    tell_owing(session, by, now)
    tell_poker(session)


@transaction.atomic
def hand_over(*, session: PokerSession, to: Member, by: Member, now: datetime) -> None:
    """Let another member lead. Whoever plans sprints can also take it, should the leader be away.

    Raises `PokerRefused`.
    """
    session = locked_session(session.pk)
    if not (by.may(Can.PLAN_SPRINTS) and to.pk == by.pk):
        require_leader(session, by)
    if to.left_at is not None or not to.may(Can.EDIT_STORIES):
        words = _("%(name)s cannot lead: choose somebody who may estimate.") % {"name": to}
        raise PokerRefused(words, fields={"leader": [words]})
    session.leader = to
    session.save(update_fields=["leader"])
    record("poker.handed_over", session, by=by, now=now, to=str(to))
    tell_poker(session)


@transaction.atomic
def move_deadline(*, session: PokerSession, deadline_at: datetime, by: Member, now: datetime) -> None:
    """Give those who vote on their own more time, or less; the reminder comes anew. Raises `PokerRefused`."""
    session = locked_session(session.pk)
    require_leader(session, by)
    if session.mode != PokerMode.WINDOW:
        raise PokerRefused(_("A live session has no deadline."))
    _require_deadline(deadline_at, now)
    session.deadline_at, session.window_closed_at, session.reminded_at = deadline_at, None, None
    session.save(update_fields=["deadline_at", "window_closed_at", "reminded_at"])
    record("poker.deadline_moved", session, by=by, now=now, deadline=deadline_at.isoformat())
    tell_poker(session)


@transaction.atomic
def end_session(*, session: PokerSession, by: Member, now: datetime) -> None:
    """Close the table: nobody votes any more, the guests' link ends, what was agreed stays. Raises `PokerRefused`."""
    session = locked_session(session.pk)
    require_leader(session, by)
    session.items.filter(state=ItemState.VOTING).update(state=ItemState.WAITING, reveal_at=None)
    session.state, session.ended_at = PokerState.ENDED, now
    session.link_nonce = session.link_expires_at = session.current = None
    session.save(update_fields=["state", "ended_at", "link_nonce", "link_expires_at", "current"])
    record("poker.ended", session, by=by, now=now)
    tell_poker_over(session, by, now)
    tell_poker(session)
