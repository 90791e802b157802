"""What is planned for a sprint at one moment, read once for everything that is asked about it."""

from dataclasses import dataclass
from datetime import datetime

from sprints.headcount import Headcount
from sprints.models import Sprint, Story, StoryQuerySet
from workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class PlannedSprint:
    """The stories of a sprint in their order, and the head counts of their segments, as of one moment."""

    sprint: Sprint
    stories: list[Story]
    heads: Headcount

    @property
    def workspace(self) -> Workspace:
        return self.sprint.workspace

    @property
    def now(self) -> datetime:
        return self.heads.now


def planned(sprint: Sprint, now: datetime) -> PlannedSprint:
    """The stories are read here; people are counted when they are first asked for."""
    return PlannedSprint(sprint, list(stories_in(sprint)), Headcount(now))


def stories_in(sprint: Sprint) -> StoryQuerySet:
    """What is planned for it, in its order."""
    return sprint.stories.with_plan().filter(dropped_at=None).ranked()
