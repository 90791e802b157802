"""What a team committed to when a sprint started, frozen, and how it compares with what stands there now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from sprints.capacity import team_capacity
from sprints.competence import workload
from sprints.loads import team_load
from sprints.models import Commitment, Sprint, SprintTarget, Story, StoryStatus

Snapshot = dict[str, Any]


class Kept(models.TextChoices):
    """What became of a story of the commitment."""

    DONE = "done", _("Done")
    SAME = "same", _("As committed")
    ESTIMATED = "estimated", _("Estimated anew")
    ADDED = "added", _("Added later")
    REMOVED = "removed", _("No longer in it")


def commitment_snapshot(sprint: Sprint, stories: Sequence[Story]) -> Snapshot:
    """The plan as it stands: goal, target, capacity by person and skill, points, and each story with its skills.

    The stories need `assignee__user` and `skill_points__skill` at hand.
    """
    return {
        "goal_sentence": sprint.goal_sentence,
        "goal": sprint.goal.name if sprint.goal else "",
        "target": _target(sprint),
        "capacity": sprint.capacity_points,
        "points": sum(story.points or 0 for story in stories),
        "people": sorted({str(story.assignee) for story in stories if story.assignee}),
        "stories": [_story(story) for story in stories],
        **_fullness(sprint),
    }


def _fullness(sprint: Sprint) -> Snapshot:
    """Who had how many points beside what he or she could take, and what each skill was asked for and could give."""
    capacity = team_capacity(sprint)
    loads = team_load(sprint, capacity).shown
    return {
        "loads": [
            {"who": str(each.member), "points": each.points, "can_take": _rounded(each.can_take)} for each in loads
        ],
        "skills": [
            {"skill": load.skill.name, "asked": load.demand, "at_most": _rounded(load.supply), "able": load.able}
            for load in workload(sprint, capacity).loads
            if load.demand
        ],
    }


def _rounded(points: float | None) -> float | None:
    return None if points is None else round(points, 1)


def _target(sprint: Sprint) -> Snapshot | None:
    found = SprintTarget.objects.filter(sprint=sprint).select_related("kpi").first()
    if found is None:
        return None
    return {"kpi": found.kpi.name, "unit": found.kpi.unit, "from": str(found.baseline), "to": str(found.target)}


def _story(story: Story) -> Snapshot:
    return {
        "id": story.pk,
        "number": story.number,
        "title": story.title,
        "kind": story.kind,
        "points": story.points,
        "assignee": str(story.assignee) if story.assignee else "",
        "skills": {split.skill.name: split.points for split in story.skill_points.all()},
    }


@dataclass(frozen=True, slots=True)
class CommittedLine:
    """A story as it was committed beside how it stands; `points` and `now` are None where it is not in it."""

    story_id: int
    title: str
    who: str
    points: int | None
    now: int | None
    kept: Kept


@dataclass(frozen=True, slots=True)
class CommitmentView:
    """The frozen plan with its lines, in its order; what was added stands last."""

    commitment: Commitment
    lines: list[CommittedLine]

    @property
    def points(self) -> int:
        frozen: int = self.commitment.snapshot["points"]
        return frozen

    @property
    def points_now(self) -> int:
        return sum(line.now or 0 for line in self.lines)

    @property
    def loads(self) -> list[Snapshot]:
        """Who had how much; empty for a sprint that started before this was frozen too."""
        return list(self.commitment.snapshot.get("loads", []))

    @property
    def skills(self) -> list[Snapshot]:
        """What each skill was asked for; empty for a sprint that started before this was frozen too."""
        return list(self.commitment.snapshot.get("skills", []))

    @property
    def target(self) -> Snapshot | None:
        frozen: Snapshot | None = self.commitment.snapshot["target"]
        return frozen


def commitment_of(sprint: Sprint) -> CommitmentView | None:
    """The commitment beside what is in the sprint now; None before it has started. Two queries."""
    commitment = Commitment.objects.filter(sprint=sprint).select_related("by__user").first()
    if commitment is None:
        return None
    inside = {story.pk: story for story in sprint.stories.for_cards().filter(dropped_at=None).ranked()}
    frozen = commitment.snapshot["stories"]
    lines = [_line(item, inside.get(item["id"])) for item in frozen]
    known = {item["id"] for item in frozen}
    added = [_added(story) for story in inside.values() if story.pk not in known]
    return CommitmentView(commitment, [*lines, *added])


def _line(item: Snapshot, story: Story | None) -> CommittedLine:
    points: int = item["points"] or 0
    now = (story.points or 0) if story else None
    if story is None:
        kept = Kept.REMOVED
    elif now != points:
        kept = Kept.ESTIMATED
    else:
        kept = Kept.DONE if story.status == StoryStatus.DONE else Kept.SAME
    return CommittedLine(item["id"], item["title"], item["assignee"], points, now, kept)


def _added(story: Story) -> CommittedLine:
    who = str(story.assignee) if story.assignee else ""
    return CommittedLine(story.pk, story.title, who, None, story.points or 0, Kept.ADDED)
