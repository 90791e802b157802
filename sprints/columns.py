"""The columns of the board, and in which of them a story stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from sprints.models import BoardColumn, Story, StoryStatus
from workspaces.models import Workspace


def usual_columns(workspace: Workspace) -> list[BoardColumn]:
    """One column for each state group, unsaved: what a workspace has that never chose its own."""
    return [
        BoardColumn(workspace=workspace, name=str(status.label), status=status, position=position)
        for position, status in enumerate(StoryStatus)
    ]


def columns_of(workspace: Workspace) -> list[BoardColumn]:
    """The board's columns from left to right. One query."""
    chosen = BoardColumn.objects.for_workspace(workspace).order_by("position")
    return list(chosen) or usual_columns(workspace)


def first_of(columns: Sequence[BoardColumn], status: str) -> BoardColumn | None:
    """Where a story comes to that is put into a group and not into a column; None where the group has none."""
    return next((column for column in columns if column.status == status), None)


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """The columns of the board that belong to one state group, from left to right; at least one."""

    status: StoryStatus
    columns: list[BoardColumn]

    @property
    def name(self) -> str:
        """In the team's own words."""
        return ", ".join(column.name for column in self.columns)


def groups_of(columns: Sequence[BoardColumn]) -> list[ColumnGroup]:
    """The state groups that a board has columns for, in the order of the board."""
    found = {status: [column for column in columns if column.status == status] for status in StoryStatus}
    return [ColumnGroup(status, inside) for status, inside in found.items() if inside]


def named(columns: Sequence[BoardColumn], key: str) -> BoardColumn | None:
    """The column of a key, or the first of the group that the key names; None if there is neither."""
    return next((column for column in columns if column.key == key), None) or first_of(columns, key)


def column_of(story: Story, columns: Sequence[BoardColumn]) -> BoardColumn:
    """The column in which a story stands. The board counts in SQL by the same rule: `sprints.boards.standing_in`."""
    own = (column for column in columns if column.pk and column.pk == story.column_id and column.status == story.status)
    return next(own, None) or first_of(columns, story.status) or columns[0]
