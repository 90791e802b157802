"""The stand-ups of the last weeks: what moved comes from what really moved, the rest is told."""

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from emailops.demo.sprints import read_tale
from emailops.demo.stage import RUNNING_SPRINT, Stage, at
from emailops.demo.stories import fresh
from sprints.models import PlanKept, SpeakingOrder
from sprints.services.blockers import block_story
from sprints.services.standup_calls import DIGEST, REMINDER, call_stand_ups
from sprints.services.standup_schedules import Terms, set_schedule
from sprints.services.standups import Answers, entry_before, open_stand_up, write_entry
from sprints.standup_queries import UNDER_WAY, suggested_stories
from workspaces.models import Member, SystemMail, SystemMailState

FIRST = RUNNING_SPRINT - 2
"""The sprint with which the team began to write."""

TEAM = ("elena", "sofia", "ivo", "nika", "daniel")
KEPT = (PlanKept.YES, PlanKept.YES, PlanKept.PARTLY, PlanKept.YES, PlanKept.NO, PlanKept.YES, PlanKept.PARTLY)
MISSED = 11  # every so many-th time somebody does not write
LATE_TODAY = ("elena", "daniel")
"""Who has not written yet, so that a visitor can."""

MOST_PLANNED = 2
CALLS = ("09:01", "11:01")


def tell_stand_ups(stage: Stage) -> None:
    """Set up on the first day of a sprint, and written on every working day since."""
    first = stage.calendar.day_of(FIRST, 1)
    stage.diary.on(at(first, "08:00"), partial(_set_up, stage))
    people = read_tale("stand-up")["people"]
    days = [first + timedelta(days=n) for n in range((stage.calendar.today - first).days + 1)]
    for n, day in enumerate(day for day in days if day.weekday() < 5):
        for place, told in enumerate(people):
            _tell_entry(stage, told, day, n, place)
        for clock in CALLS:
            stage.diary.on(at(day, clock), _call)
    stage.diary.on(stage.calendar.in_sprint(RUNNING_SPRINT, "4 08:55"), partial(_raise, stage))


def _tell_entry(stage: Stage, told: dict[str, Any], day: date, n: int, place: int) -> None:
    is_late = day == stage.calendar.today and told["who"] in LATE_TODAY
    if is_late or (n * len(TEAM) + place) % MISSED == MISSED - 1:
        return
    moment = at(day, told["at"]) + timedelta(minutes=(7 * n + 3 * place) % 13)
    stage.diary.on(moment, partial(_write, stage, told, n, place))


def _set_up(stage: Stage, now: datetime) -> None:
    terms = Terms(
        weekdays=range(5),
        remind_hour=9,
        closing_hour=11,
        members=[stage.cast[name] for name in TEAM],
        has_round=True,
        seconds_each=90,
        order=SpeakingOrder.DRAWN,
    )
    set_schedule(workspace=stage.workspace, terms=terms, by=stage.lead, now=now)


def _write(stage: Stage, told: dict[str, Any], n: int, place: int, now: datetime) -> None:
    member, day = stage.cast[told["who"]], now.date()
    stand_up = open_stand_up(workspace=stage.workspace, day=day, now=now)
    planned = _planned(member)
    before = entry_before(stage.workspace, member, day)
    answers = Answers(
        yesterday=_line(told["yesterday"], n),
        today=_line(told["today"], n) or _fallback(told["today"], n, is_needed=not planned),
        in_the_way=_line(told["in_the_way"], n),
        plan_kept=KEPT[(n + 2 * place) % len(KEPT)] if before else "",
        stories=planned,
    )
    write_entry(stand_up=stand_up, answers=answers, by=member, now=now)


def _line(lines: list[str], n: int) -> str:
    return lines[n % len(lines)]


def _fallback(lines: list[str], n: int, *, is_needed: bool) -> str:
    """Something to say where a line is empty and nothing else is planned."""
    told = [line for line in lines if line]
    return told[n % len(told)] if is_needed else ""


def _planned(member: Member) -> list[Any]:
    stories = sorted(suggested_stories(member), key=lambda story: story.status not in UNDER_WAY)
    return stories[:MOST_PLANNED]


def _call(now: datetime) -> None:
    """Mail what is due; the team has read it long ago, while other mails go on waiting."""
    call_stand_ups(now)
    told = SystemMail.objects.filter(kind__in=(REMINDER, DIGEST), state=SystemMailState.WAITING)
    told.update(state=SystemMailState.SENT, sent_at=now, attempts=1)


def _raise(stage: Stage, now: datetime) -> None:
    """What Ivo found yesterday gets somebody who clears it."""
    story = fresh(stage.stories["replenish"])
    if story.blocked_by:
        block_story(story=story, reason=story.blocked_by, owner=stage.cast["tomas"], by=stage.cast["ivo"], now=now)
