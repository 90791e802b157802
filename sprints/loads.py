"""What each person has in a sprint beside what he or she can take into it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sprints.capacity import MemberLine, TeamCapacity
from sprints.models import Sprint, Story
from workspaces.models import Member


@dataclass(frozen=True, slots=True)
class PersonLoad:
    """The stories that a person leads in a sprint and their points; `line` is None for whoever works on no sprints."""

    member: Member
    line: MemberLine | None
    stories: int
    points: int

    @property
    def can_take(self) -> float | None:
        """Points; None while the person has not said what he or she gets done."""
        return self.line.points if self.line and self.line.setting else None

    @property
    def too_much(self) -> float:
        """Points more than fit; nothing while nobody knows how many fit."""
        return max(0.0, self.points - self.can_take) if self.can_take is not None else 0.0


@dataclass(frozen=True, slots=True)
class TeamLoad:
    """Who has how much of a sprint. `nobody` are points that no one leads yet."""

    people: list[PersonLoad]
    nobody: int

    @property
    def over(self) -> list[PersonLoad]:
        """Those who have more than they can take, the furthest over first."""
        return sorted((each for each in self.people if each.too_much), key=lambda each: -each.too_much)

    @property
    def shown(self) -> list[PersonLoad]:
        """Those with a story or with time for one."""
        return [each for each in self.people if each.stories or each.can_take]


def team_load(sprint: Sprint, capacity: TeamCapacity) -> TeamLoad:
    """Everybody who works on sprints or leads a story of this one, by name. One query.

    A story without an estimate counts as nothing.
    """
    inside = Story.objects.filter(sprint=sprint, dropped_at=None).select_related("assignee__user").order_by("pk")
    stories = list(inside)
    lines = {line.member: line for line in capacity.lines}
    leads = {story.assignee for story in stories if story.assignee is not None}
    people = sorted(lines.keys() | leads, key=lambda member: (str(member), member.pk))
    loads = [_load(member, lines.get(member), stories) for member in people]
    return TeamLoad(loads, sum(story.points or 0 for story in stories if story.assignee_id is None))


def _load(member: Member, line: MemberLine | None, stories: Sequence[Story]) -> PersonLoad:
    own = [story for story in stories if story.assignee_id == member.pk]
    return PersonLoad(member, line, len(own), sum(story.points or 0 for story in own))
