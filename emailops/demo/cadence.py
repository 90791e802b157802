"""The rhythm of the team: its cadence, who has how much time, who can do what, and why the scope changed."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from emailops.demo.stage import RUNNING_SPRINT, Stage
from emailops.demo.stories import fresh
from sprints.columns import columns_of
from sprints.models import Skill, Story, StoryKind, StoryStatus
from sprints.services.cadence import add_holiday, set_cadence
from sprints.services.capacity import add_days_off, set_capacity
from sprints.services.columns import ColumnWish, set_columns
from sprints.services.skills import add_usual_skills, set_levels, set_story_points
from sprints.services.stories import move_story, plan_story
from sprints.services.targets import set_target

A_DAY = {
    "elena": ("1", 0.6),
    "sofia": ("1.2", 0.8),
    "ivo": ("1.5", 0.8),
    "nika": ("1.2", 0.8),
    "daniel": ("1", 0.5),
}
"""Points a day, and what of it is left for the sprint."""

LEVELS = {
    "elena": {"Strategy": 3, "Copy": 2, "Data": 1, "Deliverability": 1},
    "sofia": {"Copy": 3, "Strategy": 1, "Design": 1},
    "ivo": {"HTML": 3, "Automation": 2, "Deliverability": 1, "Data": 1},
    "nika": {"Design": 3, "HTML": 2, "Copy": 1},
    "daniel": {"Data": 3, "Automation": 1, "Strategy": 1},
    "tomas": {"Copy": 1},
}
LEARNS = {("ivo", "Deliverability"), ("sofia", "Design"), ("daniel", "Automation")}
AT_ONCE: dict[str, int] = {StoryStatus.DOING: 4, StoryStatus.REVIEW: 2}
"""What the team wants to work on at once; more wait for review as the sprint goes on."""

TRIED = "empties"
"""A story that came into the running sprint for a day."""

SHARES = {
    StoryKind.CAMPAIGN: ("Copy", "Design", "HTML"),
    StoryKind.EXPERIMENT: ("Copy", "Data", "HTML"),
    StoryKind.CONTENT: ("Copy", "Design"),
    StoryKind.RESEARCH: ("Data", "Strategy"),
    StoryKind.BUILD: ("HTML", "Automation"),
}
"""Which skills a kind of story takes, the largest part first."""


def tell_rhythm(stage: Stage) -> None:
    """Skills and capacity before the running sprint; points by skill when it is planned, the cadence last."""
    calendar, on = stage.calendar, stage.diary.on
    on(calendar.in_sprint(RUNNING_SPRINT, "-8 11:00"), partial(_say_skills, stage))
    on(calendar.in_sprint(RUNNING_SPRINT, "-8 11:30"), partial(_say_capacity, stage))
    on(calendar.in_sprint(RUNNING_SPRINT, "1 09:05"), partial(_limit, stage))
    on(calendar.in_sprint(RUNNING_SPRINT, "1 09:10"), partial(_aim, stage))
    on(calendar.in_sprint(RUNNING_SPRINT, "1 09:20"), partial(_split, stage, RUNNING_SPRINT))
    on(calendar.in_sprint(RUNNING_SPRINT, "3 11:40"), partial(_split, stage, RUNNING_SPRINT + 1))
    on(calendar.in_sprint(RUNNING_SPRINT, "3 11:50"), partial(_set_cadence, stage))
    moves: dict[str, Story | None] = {}
    on(calendar.in_sprint(RUNNING_SPRINT, "2 10:10"), partial(_try_for_a_day, stage, moves))
    on(calendar.in_sprint(RUNNING_SPRINT, "3 10:00"), partial(_put_back, stage, moves))


def _say_skills(stage: Stage, now: datetime) -> None:
    add_usual_skills(workspace=stage.workspace, by=stage.lead, now=now)
    named = {skill.name: skill for skill in Skill.objects.for_workspace(stage.workspace)}
    for key, levels in LEVELS.items():
        member = stage.cast[key]
        told = {named[name]: (level, (key, name) in LEARNS) for name, level in levels.items()}
        set_levels(member=member, levels=told, by=member, now=now + timedelta(minutes=1))


def _say_capacity(stage: Stage, now: datetime) -> None:
    for key, (per_day, focus) in A_DAY.items():
        member = stage.cast[key]
        set_capacity(member=member, per_day=Decimal(per_day), focus_rate=focus, weekdays=range(5), by=member, now=now)
    away = stage.calendar.day_of(RUNNING_SPRINT + 1, 8)
    nika = stage.cast["nika"]
    add_days_off(
        member=nika,
        first_date=away,
        last_date=away + timedelta(days=1),
        note="Design week in Plovdiv",
        by=nika,
        now=now,
    )
    holiday = stage.calendar.day_of(RUNNING_SPRINT + 1, 3)
    add_holiday(workspace=stage.workspace, day=holiday, name="The shop’s name day", by=stage.lead, now=now)


def _limit(stage: Stage, now: datetime) -> None:
    """The columns as they are, with limits on what is being worked on."""
    wishes = [
        ColumnWish(column.name, StoryStatus(column.status), AT_ONCE.get(column.status))
        for column in columns_of(stage.workspace)
    ]
    set_columns(workspace=stage.workspace, wishes=wishes, by=stage.lead, now=now)


def _aim(stage: Stage, now: datetime) -> None:
    sprint, kpi = stage.sprints[RUNNING_SPRINT], stage.kpis["clicks"]
    reading = kpi.readings.order_by("-day").first()
    start = reading.value.quantize(Decimal("0.001")) if reading else Decimal("0.03")
    set_target(sprint=sprint, kpi=kpi, baseline=start, target=start + Decimal("0.005"), by=stage.lead, now=now)


def _split(stage: Stage, number: int, now: datetime) -> None:
    named = {skill.name: skill for skill in Skill.objects.for_workspace(stage.workspace)}
    for story in Story.objects.filter(sprint=stage.sprints[number], dropped_at=None).order_by("rank"):
        points = _parts(story.points or 0, SHARES[StoryKind(story.kind)])
        told = {named[name]: part for name, part in points.items()}
        set_story_points(story=story, points=told, by=stage.lead, now=now)


def _parts(points: int, names: tuple[str, ...]) -> dict[str, int]:
    """The points in parts that are as even as whole numbers allow, the first the largest."""
    whole, rest = divmod(points, len(names))
    return {name: whole + (place < rest) for place, name in enumerate(names)}


def _set_cadence(stage: Stage, now: datetime) -> None:
    set_cadence(
        workspace=stage.workspace, weeks=2, ahead=1, name_pattern="Weeks {week} and {last_week}", by=stage.lead, now=now
    )


def _try_for_a_day(stage: Stage, moves: dict[str, Story | None], now: datetime) -> None:
    """What somebody thought could not wait, and then could."""
    story = stage.stories[TRIED]
    moves["next"] = _behind(story)
    why = "The refill station reports on Friday; we thought the letter could use it."
    plan_story(story=story, sprint=stage.sprints[RUNNING_SPRINT], by=stage.cast["ivo"], now=now, reason=why)


def _behind(story: Story) -> Story | None:
    later = Story.objects.for_workspace(story.workspace).in_backlog().filter(rank__gt=fresh(story).rank)
    return later.ranked().first()


def _put_back(stage: Stage, moves: dict[str, Story | None], now: datetime) -> None:
    story, why = fresh(stage.stories[TRIED]), "The figures come a week later, so it can wait."
    plan_story(story=story, sprint=None, by=stage.lead, now=now, reason=why)
    move_story(story=fresh(story), before=moves["next"], by=stage.lead, now=now + timedelta(minutes=1))
