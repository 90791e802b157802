"""The order of the backlog and of each sprint, made by hand and kept in ranks."""

from dataclasses import dataclass

from emailops.lib.ranks import rank_between
from sprints.models import BoardColumn, Sprint, Story, StoryQuerySet, StoryStatus
from workspaces.models import Workspace

LONGEST_RANK = 60
"""From here on a list gets short ranks anew; the column holds 100 letters, and each move adds one at most."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a story goes: into a column, or the first column of a group; neither: it stays in its own.

    Before or after another story of the same list; neither: to the end of it.
    """

    status: StoryStatus | None = None
    column: BoardColumn | None = None
    before: Story | None = None
    after: Story | None = None


def one_at_a_time(workspace_id: int) -> None:
    """Let one change of the plan at a time into a workspace: numbers, ranks and scope follow from what stands there.

    Holds until the transaction ends. Other rows can still be added to the workspace meanwhile.
    """
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)


def neighbours(workspace: Workspace, sprint: Sprint | None) -> StoryQuerySet:
    """The stories that stand in one order: those of a sprint, or of the backlog."""
    return Story.objects.for_workspace(workspace).filter(sprint=sprint, dropped_at=None)


def rank_on_top(stories: StoryQuerySet) -> str:
    first = stories.ranked().first()
    return rank_between("", first.rank if first else "")


def rank_at_end(stories: StoryQuerySet) -> str:
    last = stories.ranked().last()
    return rank_between(last.rank if last else "", "")


def rank_before(stories: StoryQuerySet, next_one: Story) -> str:
    above = stories.filter(rank__lt=next_one.rank).ranked().last()
    return rank_between(above.rank if above else "", next_one.rank)


def rank_after(stories: StoryQuerySet, previous: Story) -> str:
    below = stories.filter(rank__gt=previous.rank).ranked().first()
    return rank_between(previous.rank, below.rank if below else "")


def respace(stories: StoryQuerySet) -> None:
    """Give a list short ranks again, in the order it has."""
    rank, rows = "", list(stories.ranked())
    for story in rows:
        story.rank = rank = rank_between(rank, "")
    Story.objects.bulk_update(rows, ["rank"])
