"""From a told story to a written one: its words, its criteria, what is believed, what customers will get."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from emailops.demo.stage import Stage
from sprints.models import Story, StoryStatus
from sprints.services.stories import (
    Belief,
    Brief,
    Parts,
    drop_story,
    move_story,
    plan_story,
    rewrite_story,
    save_story,
    set_brief,
    tick_criterion,
)

OWN_WORDS = ("title", "as_a", "i_want", "so_that", "problem", "kind", "points")
LOOK_AFTER = timedelta(days=7)  # nine of ten clicks and nearly all orders have come by then
COLUMNS = (StoryStatus.DOING, StoryStatus.REVIEW, StoryStatus.DONE)
HOURS = ("09:45", "15:10", "17:05")

Tale = dict[str, Any]


def write(stage: Stage, tale: Tale, number: int, now: datetime) -> Story:
    """Write a story, or fill in what a retrospective only named; put it into the sprint of that number (0: none)."""
    known = stage.stories.get(tale["key"])
    fields = {name: tale[name] for name in OWN_WORDS if name in tale}
    fields |= {"goal": stage.goals[tale["goal"]], "assignee": stage.cast[tale["who"]] if "who" in tale else None}
    parts = Parts(criteria=tale["criteria"], belief=_belief(stage, tale, number), brief=_brief(stage, tale, number))
    by = stage.cast.get(tale.get("who", ""), stage.lead)
    story = save_story(workspace=stage.workspace, story=known, fields=fields, parts=parts, by=by, now=now)
    if number:
        plan_story(story=story, sprint=stage.sprints[number], by=stage.lead, now=now)
    stage.stories[tale["key"]] = story
    return story


def _belief(stage: Stage, tale: Tale, number: int) -> Belief | None:
    if "belief" not in tale:
        return None
    told = tale["belief"]
    return Belief(
        because=told["because"],
        change=told["change"],
        audience=told["audience"],
        metric=told["metric"],
        baseline=told["baseline"],
        expected=told["expected"],
        minimum_effect=told["minimum"],
        check_date=check_date(stage, tale, number),
    )


def check_date(stage: Stage, tale: Tale, number: int) -> date:
    """A week after the send, or after the last day on which it may go out."""
    mail = tale.get("mail", {})
    if "at" in mail:
        return stage.calendar.in_sprint(number, mail["at"]).date() + LOOK_AFTER
    return stage.calendar.day_of(number, tale.get("send", tale["brief"]["window"][1])) + LOOK_AFTER


def _brief(stage: Stage, tale: Tale, number: int) -> Brief | None:
    if "brief" not in tale:
        return None
    told = tale["brief"]
    first, last = (stage.calendar.day_of(number, day) for day in told["window"])
    return Brief(
        segment=stage.segments[told["segment"]],
        window_start=first,
        window_end=last,
        offer=told.get("offer", ""),
        cost=Decimal(told.get("cost", 0)),
        expected_low=Decimal(told["low"]),
        expected_high=Decimal(told["high"]),
    )


def brief_again(stage: Stage, tale: Tale, number: int, now: datetime) -> None:
    """Change a brief after the owner asked for it."""
    brief = _brief(stage, {**tale, "brief": {**tale["brief"], **tale["brief_again"]}}, number)
    if brief is not None:
        set_brief(story=stage.stories[tale["key"]], brief=brief, by=stage.lead, now=now)


def take_out(stage: Stage, tale: Tale, now: datetime) -> None:
    """What the owner declined leaves the sprint, and the backlog too."""
    story = stage.stories[tale["key"]]
    plan_story(story=story, sprint=None, by=stage.lead, now=now)
    drop_story(story=fresh(story), by=stage.lead, now=now + timedelta(minutes=2))


def fresh(story: Story) -> Story:
    return Story.objects.with_plan().get(pk=story.pk)


def tell_work(stage: Stage, tale: Tale, number: int, place: int) -> None:
    """Write into the diary how a card moves over the board, is blocked, and is freed again."""
    days = tale.get("days", [])
    for day, column, hour in zip(days, COLUMNS, HOURS, strict=False):
        moment = stage.calendar.in_sprint(number, f"{day} {hour}") + timedelta(minutes=3 * place)
        stage.diary.on(moment, _moving(stage, tale, column, is_last=column == COLUMNS[len(days) - 1]))
    if "blocked" in tale:
        at = stage.calendar.in_sprint(number, tale["blocked"]["on"])
        stage.diary.on(at, _blocking(stage, tale, tale["blocked"]["by"]))
    if "freed" in tale:
        stage.diary.on(stage.calendar.in_sprint(number, tale["freed"]), _blocking(stage, tale, ""))


def _moving(stage: Stage, tale: Tale, column: StoryStatus, *, is_last: bool) -> Any:
    def move(now: datetime) -> None:
        story = fresh(stage.stories[tale["key"]])
        by = story.assignee or stage.lead
        met = len(story.criteria.all()) if column == StoryStatus.DONE else tale.get("met", 0) * is_last
        for criterion in story.criteria.order_by("position")[:met]:
            tick_criterion(criterion=criterion, is_met=True, by=by, now=now)
        move_story(story=story, status=column, by=by, now=now)

    return move


def _blocking(stage: Stage, tale: Tale, reason: str) -> Any:
    def block(now: datetime) -> None:
        story = fresh(stage.stories[tale["key"]])
        rewrite_story(story=story, blocked_by=reason, by=story.assignee or stage.lead, now=now)

    return block
