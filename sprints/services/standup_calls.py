"""What the stand-up mails by itself: a reminder to those who have not written, and one digest a day to the team."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from sprints.absence import away_on
from sprints.models import StandUp, StandUpEntry, StandUpReminder, StandUpSchedule
from sprints.services.standups import open_stand_up
from sprints.standup_days import is_on, is_reminded, is_waited_for, own_day, participants
from workspaces.audit import record
from workspaces.models import Member
from workspaces.systemmail import post

REMINDER, DIGEST = "sprints.stand_up_reminder", "sprints.stand_up_digest"
QUIET = timedelta(minutes=10)
"""An entry is saved while it is written: when all have written, the digest waits until nobody has for so long."""

LOOK_BACK = timedelta(days=2)
"""While nothing ran, a digest may be late; after that nobody needs it."""


def call_stand_ups(now: datetime) -> None:
    """Send every reminder and digest that is due. Safe to run at any time, also twice at once."""
    for schedule in StandUpSchedule.objects.select_related("workspace").order_by("pk"):
        people = participants(schedule)
        for day in sorted({own_day(member, now) for member in people}):
            if is_on(schedule, day):
                _remind(schedule, people, day, now)
        for stand_up in _without_digest(schedule, now):
            _settle(schedule, people, stand_up, now)


def _remind(schedule: StandUpSchedule, people: Sequence[Member], day: date, now: datetime) -> None:
    away = away_on(schedule.workspace, day)
    due = [m for m in people if m.pk not in away and is_reminded(schedule, m, day, now)]
    if not due:
        return
    stand_up = open_stand_up(workspace=schedule.workspace, day=day, now=now)
    silent = _without(due, stand_up.entries.values_list("member_id", flat=True))
    for member in _without(silent, stand_up.reminders.values_list("member_id", flat=True)):
        remind_member(stand_up=stand_up, member=member, now=now)


def _without(people: Sequence[Member], known: Iterable[int]) -> list[Member]:
    out = set(known)
    return [member for member in people if member.pk not in out]


@transaction.atomic
def remind_member(*, stand_up: StandUp, member: Member, now: datetime) -> None:
    """Mail somebody that the stand-up is on. Repeating changes nothing."""
    reminder, is_new = StandUpReminder.objects.get_or_create(
        stand_up=stand_up, member=member, defaults={"workspace": stand_up.workspace, "reminded_at": now}
    )
    if is_new:
        record("stand_up.reminded", stand_up, by=None, now=now, member=str(member))
        post(REMINDER, workspace=stand_up.workspace, object_id=reminder.pk, to=member.user.email, now=now)


def _without_digest(schedule: StandUpSchedule, now: datetime) -> list[StandUp]:
    found = StandUp.objects.for_workspace(schedule.workspace).filter(digest_at=None, day__gte=(now - LOOK_BACK).date())
    return [day for day in found.select_related("workspace").order_by("day") if is_on(schedule, day.day)]


def _settle(schedule: StandUpSchedule, people: Sequence[Member], stand_up: StandUp, now: datetime) -> None:
    written = {entry.member_id: entry for entry in StandUpEntry.objects.filter(stand_up=stand_up)}
    away = away_on(schedule.workspace, stand_up.day)
    late = [member for member in people if member.pk not in written and member.pk not in away]
    if any(is_waited_for(schedule, member, stand_up.day, now) for member in late):
        return
    still_open = any(is_waited_for(schedule, member, stand_up.day, now) for member in people)
    if still_open and (not written or any(now - entry.updated_at < QUIET for entry in written.values())):
        return
    readers = [member for member in people if member.pk in written or member.pk not in away]
    send_digest(stand_up=stand_up, people=readers, now=now)


@transaction.atomic
def send_digest(*, stand_up: StandUp, people: Sequence[Member], now: datetime) -> None:
    """Mail what was said to these people, once a day; nothing when nobody wrote. Repeating is harmless."""
    if not StandUp.objects.filter(pk=stand_up.pk, digest_at=None).update(digest_at=now):
        return  # Another worker was faster.
    written = stand_up.entries.count()
    record("stand_up.digest_sent", stand_up, by=None, now=now, entries=written)
    for member in people if written else ():
        post(DIGEST, workspace=stand_up.workspace, object_id=stand_up.pk, to=member.user.email, now=now)
