"""Verbs on the stand-up: open a day's, and write one's entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.broadcast import tell_stand_up
from sprints.markup import mentions_in
from sprints.models import Audience, StandUp, StandUpEntry, Story
from sprints.moves import Move, Span, kept, moves_of
from sprints.services.comments import people_to_mention
from sprints.standup_days import is_on, own_day, schedule_of
from sprints.telling_team import tell_stand_up_mentions
from workspaces.audit import record
from workspaces.models import Member, Workspace

LONGEST_ANSWER = 2000
LOOK_BACK = timedelta(days=7)
"""What moved longer ago is no news, however long somebody was away."""

SITTING = timedelta(minutes=10)
"""An entry is saved while it is written; what is saved within one sitting is one line of the audit log."""


class StandUpRefused(DomainError):
    """The stand-up cannot take this."""

    code = "stand_up_refused"


@dataclass(frozen=True, slots=True)
class Answers:
    """An entry as it is written. `left_out` are keys of offered moves that shall not be told."""

    yesterday: str = ""
    today: str = ""
    in_the_way: str = ""
    plan_kept: str = ""
    stories: Sequence[Story] = ()
    left_out: Sequence[str] = ()


def open_stand_up(*, workspace: Workspace, day: date, now: datetime) -> StandUp:
    """The stand-up of a day, made when it is first looked at. Repeating gives the same one."""
    found = StandUp.objects.for_workspace(workspace).filter(day=day).first()
    if found is not None:
        found.workspace = workspace
        return found
    try:
        with transaction.atomic():
            made = StandUp.objects.create(workspace=workspace, day=day, created_at=now)
            record("stand_up.opened", made, by=None, now=now)
            return made
    except IntegrityError:  # somebody else looked at the same moment
        return StandUp.objects.select_related("workspace").get(workspace=workspace, day=day)


def may_write(stand_up: StandUp, member: Member, now: datetime) -> bool:
    """Whether the day of a stand-up is still the member's own."""
    return own_day(member, now) == stand_up.day


@transaction.atomic
def write_entry(*, stand_up: StandUp, answers: Answers, by: Member, now: datetime) -> StandUpEntry:
    """Say what one did, what one will do, and what is in the way; again and again until one's own day is over.

    What moved is counted up to the first time. Raises `StandUpRefused` on another day, on a day off, without a word,
    and for a story of another workspace.
    """
    stand_up = StandUp.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=stand_up.pk)
    _require_day(stand_up, by, now)
    entry = _entry_of(stand_up, by) or StandUpEntry(
        workspace=stand_up.workspace, stand_up=stand_up, member=by, created_at=now, updated_at=now
    )
    entry.stand_up, entry.workspace = stand_up, stand_up.workspace
    offered = offered_moves(entry, entry_before(stand_up.workspace, by, stand_up.day))
    entry.left_out = [move.key for move in offered if move.key in answers.left_out]
    told = [move for move in offered if move.key not in answers.left_out]
    _require_words(answers, told)
    _require_stories(stand_up, answers)
    is_new_sitting = entry.pk is None or entry.updated_at < now - SITTING
    is_first = entry.pk is None
    said = mentioned_in(entry)
    _fill(entry, answers, told, now)
    if is_new_sitting:
        record("stand_up.written" if is_first else "stand_up.rewritten", stand_up, by=by, now=now)
    tell_stand_up_mentions(entry, [member for member in mentioned_in(entry) if member not in said], now)
    tell_stand_up(stand_up)
    return entry


def mentioned_in(entry: StandUpEntry) -> list[Member]:
    """Whom the words of an entry mention with `@name`. A query when there is an @."""
    words = "\n\n".join((entry.yesterday, entry.today, entry.in_the_way))
    if "@" not in words:
        return []
    people = people_to_mention(entry.workspace, Audience.EVERYBODY)
    return [people[name] for name in sorted(mentions_in(words, people))]


def _entry_of(stand_up: StandUp, member: Member) -> StandUpEntry | None:
    return StandUpEntry.objects.select_related("member__user").filter(stand_up=stand_up, member=member).first()


def _fill(entry: StandUpEntry, answers: Answers, told: Sequence[Move], now: datetime) -> None:
    entry.moves = kept(told)
    entry.yesterday, entry.today = answers.yesterday.strip(), answers.today.strip()
    entry.in_the_way, entry.plan_kept = answers.in_the_way.strip(), answers.plan_kept
    entry.updated_at = now
    entry.save()
    entry.stories.set(answers.stories)


def _require_day(stand_up: StandUp, by: Member, now: datetime) -> None:
    if not is_on(schedule_of(stand_up.workspace), stand_up.day):
        raise StandUpRefused(_("There is no stand-up on this day. The days are under Settings, Stand-up."))
    if not may_write(stand_up, by, now):
        day = date_format(stand_up.day, "DATE_FORMAT")
        raise StandUpRefused(
            _("This is the stand-up of %(day)s, and where you are it is another day. Open today’s.") % {"day": day}
        )


def _require_words(answers: Answers, told: Sequence[Move]) -> None:
    words = (answers.yesterday, answers.today, answers.in_the_way)
    if any(len(text) > LONGEST_ANSWER for text in words):
        raise StandUpRefused(_("An answer has at most %(most)d letters.") % {"most": LONGEST_ANSWER})
    if not (told or answers.stories or any(text.strip() for text in words)):
        raise StandUpRefused(_("Nothing is written yet: say at least what you will do today."))


def _require_stories(stand_up: StandUp, answers: Answers) -> None:
    if any(story.workspace_id != stand_up.workspace_id for story in answers.stories):
        raise StandUpRefused(_("Choose stories of this workspace."), fields={"stories": [_("Unknown story.")]})


def entry_before(workspace: Workspace, member: Member, day: date) -> StandUpEntry | None:
    """What a member said the last time before a day, with the stories of that plan. Two queries."""
    entries = StandUpEntry.objects.for_workspace(workspace).filter(member=member, stand_up__day__lt=day)
    return entries.shown().order_by("-stand_up__day").first()


def offered_moves(entry: StandUpEntry, before: StandUpEntry | None) -> list[Move]:
    """What moved from the entry before up to the first time that this one was written, or will be."""
    earliest = entry.created_at - LOOK_BACK
    since = max(earliest, before.created_at) if before else earliest
    return moves_of(entry.member, Span(since, entry.created_at))
