"""What becomes of each story that is not done when a sprint is closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.models import Sprint, SprintState, Story, StoryPoints, StorySplit, StoryStatus
from sprints.scope import log_estimate, log_status
from sprints.services.stories import place_story
from sprints.telling import tell_dropped
from workspaces.audit import record
from workspaces.models import Member

LONGEST_TITLE = 160


class CarryRefused(DomainError):
    """A story cannot go on as asked when its sprint is closed. `fields` names it as `story-ID`."""

    code = "carry_refused"


@dataclass(frozen=True, slots=True)
class Leftover:
    """Where a story goes: into a sprint that is being planned, the backlog (None), or nowhere any more.

    With `done_points` it is split: so many points are done and stay; the rest goes on as a new story.
    """

    to: Sprint | None = None
    is_dropped: bool = False
    done_points: int | None = None


def settle(stories: Sequence[Story], choices: Mapping[int, Leftover], by: Member, now: datetime) -> None:
    """Send each story where it was chosen to go, each list in its order. Call it under the lock of the workspace.

    Raises `CarryRefused` for a sprint that is not being planned, or a split that leaves nothing on one side.
    """
    for story in stories:
        _require_sense(story, choices[story.pk])
    goers = [(_rest_of(story, choices[story.pk], by, now), choices[story.pk]) for story in stories]
    for story, choice in goers:
        if choice.to is not None:
            place_story(story=story, sprint=choice.to, by=by, now=now)
    for story, choice in reversed(goers):  # the backlog is filled from the top
        if choice.to is None:
            place_story(story=story, sprint=None, by=by, now=now)
            if choice.is_dropped:
                _drop(story, by, now)


def _require_sense(story: Story, choice: Leftover) -> None:
    field = f"story-{story.pk}"
    if choice.to is not None and Sprint.objects.get(pk=choice.to.pk).state != SprintState.PLANNING:
        raise CarryRefused(
            _("“%(story)s” can go to a sprint that is being planned, or into the backlog.") % {"story": story},
            fields={field: [_("Not being planned.")]},
        )
    if choice.done_points is not None and not 0 < choice.done_points < (story.points or 0):
        words = _("Of %(points)d points, at least one is done and at least one is left.") % {
            "points": story.points or 0
        }
        raise CarryRefused(
            _("“%(story)s” cannot be split like that. %(why)s") % {"story": story, "why": words},
            fields={field: [words]},
        )


def _rest_of(story: Story, choice: Leftover, by: Member, now: datetime) -> Story:
    """The story that goes on: of a split one its rest."""
    return story if choice.done_points is None else _split(story, choice.done_points, by, now)


def _drop(story: Story, by: Member, now: datetime) -> None:
    Story.objects.filter(pk=story.pk).update(dropped_at=now)
    record("story.dropped", story, by=by, now=now)
    tell_dropped(story, by, now)


def _split(story: Story, done_points: int, by: Member, now: datetime) -> Story:
    """The done part stays as a finished story; a new one carries the rest with what is not met yet."""
    old_status, old_points = story.status, story.points or 0
    rest = _copy(story, old_points - done_points, by, now)
    story.points, story.updated_at = done_points, now
    log_estimate(story, done_points - old_points, by, now, reason=_("split at the end: the rest goes on"))
    story.status, story.column, story.done_at = StoryStatus.DONE, None, now
    story.save(update_fields=["points", "status", "column", "done_at", "updated_at"])
    log_status(story, old_status, by, now)
    _share_skills(story, rest, old_points)
    _hand_on(story, rest)
    StorySplit.objects.create(workspace=story.workspace, story=story, rest=rest, at=now)
    record("story.split", story, by=by, now=now, done=done_points, left=rest.points, rest=rest.pk)
    return rest


def _copy(story: Story, points: int, by: Member, now: datetime) -> Story:
    last = Story.objects.for_workspace(story.workspace).aggregate(last=Max("number"))["last"] or 0
    ending = _(" (the rest)")
    return Story.objects.create(
        workspace=story.workspace,
        number=last + 1,
        title=story.title[: LONGEST_TITLE - len(ending)] + ending,
        as_a=story.as_a,
        i_want=story.i_want,
        so_that=story.so_that,
        problem=story.problem,
        kind=story.kind,
        goal=story.goal,
        points=points,
        status=story.status,
        rank=story.rank,
        assignee=story.assignee,
        column_id=story.column_id,
        created_by=by,
        created_at=now,
        updated_at=now,
    )


def _share_skills(story: Story, rest: Story, old_points: int) -> None:
    """Both parts keep the same mixture of skills, rounded; a share of nothing is left away."""
    for split in list(story.skill_points.all()):
        left = round(split.points * (rest.points or 0) / old_points)
        if left:
            StoryPoints.objects.create(workspace=story.workspace, story=rest, skill_id=split.skill_id, points=left)
        if left < split.points:
            StoryPoints.objects.filter(pk=split.pk).update(points=split.points - left)
        else:
            split.delete()


def _hand_on(story: Story, rest: Story) -> None:
    """What is not met, or in the way, goes with the rest; hypothesis and brief hold for both."""
    story.blockers.open().update(story=rest)
    for position, criterion in enumerate(story.criteria.filter(is_met=False).order_by("position")):
        criterion.story, criterion.position = rest, position
        criterion.save(update_fields=["story", "position"])
    for name in ("hypothesis", "brief"):
        part = getattr(story, name, None)
        if part is not None:
            part.pk, part.story = None, rest
            part._state.adding = True
            part.save()
