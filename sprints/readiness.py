"""Is a sprint ready for the owner: a list of checks, each with what to do when it is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audience.segments.definition import SegmentBroken
from sprints.deciders import somebody_decides
from sprints.headcount import Headcount
from sprints.models import Sprint, Story
from sprints.planned import PlannedSprint


class Part(StrEnum):
    """Where a thing that is missing is mended."""

    SPRINT = "sprint"
    BACKLOG = "backlog"
    MEMBERS = "members"
    WORDS = "words"
    CRITERIA = "criteria"
    HYPOTHESIS = "hypothesis"
    BRIEF = "brief"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """One thing that must be so before the owner is asked. `remedy` says what to do when it is not.

    Both are looked up in the reader's language where they are shown: a long plan has hundreds that are met.
    """

    is_met: bool
    title: str | Promise
    remedy: str | Promise
    part: Part
    story: Story | None = None

    def __str__(self) -> str:
        about = _("Story “%(story)s”: ") % {"story": self.story} if self.story else ""
        return about + _("“%(title)s” is not so yet. %(remedy)s") % {"title": self.title, "remedy": self.remedy}


@dataclass(frozen=True, slots=True)
class ReadinessGroup:
    """The checks of one story, or, without one, of the sprint itself."""

    story: Story | None
    checks: list[ReadinessCheck]

    @property
    def missing(self) -> int:
        return sum(not check.is_met for check in self.checks)


def readiness(plan: PlannedSprint) -> list[ReadinessCheck]:
    """The checks of a sprint, then those of each of its stories."""
    return [check for group in readiness_by_story(plan) for check in group.checks]


def readiness_by_story(plan: PlannedSprint) -> list[ReadinessGroup]:
    """The checks of a sprint, then one group for each of its stories, in their order."""
    return [
        ReadinessGroup(None, list(_sprint_checks(plan.sprint, plan.stories))),
        *(ReadinessGroup(story, list(_story_checks(story, plan.sprint, plan.heads))) for story in plan.stories),
    ]


def _sprint_checks(sprint: Sprint, stories: list[Story]) -> Iterator[ReadinessCheck]:
    points = sum(story.points or 0 for story in stories)
    capacity = sprint.capacity_points
    yield ReadinessCheck(
        bool(sprint.goal_sentence), _("The sprint has a goal in one sentence"), _("Write it."), Part.SPRINT
    )
    yield ReadinessCheck(sprint.goal is not None, _("It serves a goal with a KPI"), _("Choose the goal."), Part.SPRINT)
    yield ReadinessCheck(
        bool(stories), _("There is at least one story"), _("Put one in from the backlog."), Part.BACKLOG
    )
    yield ReadinessCheck(
        capacity is not None, _("The capacity is known"), _("Say how many points the team can take."), Part.SPRINT
    )
    yield ReadinessCheck(
        capacity is None or points <= capacity,
        _("The stories fit the capacity"),
        _("%(points)d points are planned, %(capacity)d fit. Take a story out.")
        % {"points": points, "capacity": capacity or 0},
        Part.BACKLOG,
    )
    yield ReadinessCheck(
        somebody_decides(sprint.workspace),
        _("Somebody can decide"),
        _("Invite the business owner, or give a member that role."),
        Part.MEMBERS,
    )


def _story_checks(story: Story, sprint: Sprint, heads: Headcount) -> Iterator[ReadinessCheck]:
    yield ReadinessCheck(
        bool(story.as_a and story.i_want and story.so_that),
        _("It says who wants what and why"),
        _("Fill in “as a”, “I want” and “so that”."),
        Part.WORDS,
        story,
    )
    yield ReadinessCheck(story.goal is not None, _("It serves a goal"), _("Choose the goal."), Part.WORDS, story)
    yield ReadinessCheck(
        bool(story.criteria.all()), _("It has acceptance criteria"), _("Add at least one."), Part.CRITERIA, story
    )
    yield ReadinessCheck(story.points is not None, _("It is estimated"), _("Estimate it in points."), Part.WORDS, story)
    if story.sends:
        yield from _sending_checks(story, sprint, heads)


def _sending_checks(story: Story, sprint: Sprint, heads: Headcount) -> Iterator[ReadinessCheck]:
    hypothesis, brief = getattr(story, "hypothesis", None), getattr(story, "brief", None)
    yield ReadinessCheck(
        hypothesis is not None,
        _("It has a hypothesis with metric, baseline and smallest effect"),
        _("Write what you believe and how you will know."),
        Part.HYPOTHESIS,
        story,
    )
    yield ReadinessCheck(
        brief is not None,
        _("It has a send brief"),
        _("Say who hears from us, when, with which offer."),
        Part.BRIEF,
        story,
    )
    if brief is None:
        return
    broken = _why_broken(story, heads)
    yield ReadinessCheck(not broken, _("Its segment works"), broken, Part.SEGMENT, story)
    yield ReadinessCheck(
        sprint.start_date <= brief.window_start,
        _("Its send window is not before the sprint"),
        _("Move the window: the sprint starts later."),
        Part.BRIEF,
        story,
    )
    yield ReadinessCheck(
        heads.now.astimezone(sprint.workspace.zone).date() <= brief.window_end,
        _("Its send window is not over"),
        _("Move the window: nothing can be sent in the past."),
        Part.BRIEF,
        story,
    )


def _why_broken(story: Story, heads: Headcount) -> str:
    condition = heads.condition(story.brief.segment)
    return str(condition) if isinstance(condition, SegmentBroken) else ""
