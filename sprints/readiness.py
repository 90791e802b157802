"""Is a sprint ready for the owner: a list of checks, each with what to do when it is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from audience.segments.compile import condition_for
from audience.segments.definition import SegmentBroken, read_definition
from audience.segments.fields import fields_of
from sprints.models import Sprint, Story
from workspaces.models import Member


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """One thing that must be so before the owner is asked. `todo` says what to do when it is not."""

    is_met: bool
    title: str
    todo: str
    story: Story | None = None


def readiness(sprint: Sprint, now: datetime) -> list[ReadinessCheck]:
    """The checks of a sprint, then those of each of its stories."""
    stories = list(sprint.stories.with_plan().filter(dropped_at=None).order_by("rank", "pk"))
    return [
        *_sprint_checks(sprint, stories),
        *(check for story in stories for check in _story_checks(story, sprint, now)),
    ]


def _sprint_checks(sprint: Sprint, stories: list[Story]) -> Iterator[ReadinessCheck]:
    points = sum(story.points or 0 for story in stories)
    capacity = sprint.capacity_points
    yield ReadinessCheck(bool(sprint.goal_sentence), _("The sprint has a goal in one sentence"), _("Write it."))
    yield ReadinessCheck(sprint.goal is not None, _("It serves a goal with a KPI"), _("Choose the goal."))
    yield ReadinessCheck(bool(stories), _("There is at least one story"), _("Put one in from the backlog."))
    yield ReadinessCheck(capacity is not None, _("The capacity is known"), _("Say how many points the team can take."))
    yield ReadinessCheck(
        capacity is None or points <= capacity,
        _("The stories fit the capacity"),
        _("%(points)d points are planned, %(capacity)d fit. Take a story out.")
        % {"points": points, "capacity": capacity or 0},
    )
    yield ReadinessCheck(
        Member.objects.for_workspace(sprint.workspace).deciders().exists(),
        _("Somebody can decide"),
        _("Invite the business owner, or give a member that role."),
    )


def _story_checks(story: Story, sprint: Sprint, now: datetime) -> Iterator[ReadinessCheck]:
    yield ReadinessCheck(
        bool(story.as_a and story.i_want and story.so_that),
        _("It says who wants what and why"),
        _("Fill in “as a”, “I want” and “so that”."),
        story,
    )
    yield ReadinessCheck(story.goal is not None, _("It serves a goal"), _("Choose the goal."), story)
    yield ReadinessCheck(bool(story.criteria.all()), _("It has acceptance criteria"), _("Add at least one."), story)
    yield ReadinessCheck(story.points is not None, _("It is estimated"), _("Estimate it in points."), story)
    if story.sends:
        yield from _sending_checks(story, sprint, now)


def _sending_checks(story: Story, sprint: Sprint, now: datetime) -> Iterator[ReadinessCheck]:
    hypothesis, brief = getattr(story, "hypothesis", None), getattr(story, "brief", None)
    yield ReadinessCheck(
        hypothesis is not None,
        _("It has a hypothesis with metric, baseline and smallest effect"),
        _("Write what you believe and how you will know."),
        story,
    )
    yield ReadinessCheck(
        brief is not None, _("It has a send brief"), _("Say who hears from us, when, with which offer."), story
    )
    if brief is None:
        return
    broken = _why_broken(story, now)
    yield ReadinessCheck(not broken, _("Its segment works"), broken, story)
    yield ReadinessCheck(
        sprint.start_date <= brief.window_start,
        _("Its send window is not before the sprint"),
        _("Move the window: the sprint starts later."),
        story,
    )


def _why_broken(story: Story, now: datetime) -> str:
    segment = story.brief.segment
    try:
        condition_for(read_definition(segment.definition), fields_of(segment.workspace), now)
    except SegmentBroken as broken:
        return str(broken)
    return ""
