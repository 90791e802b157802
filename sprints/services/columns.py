"""The verb on columns: set them, all at once."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emailops.lib.errors import DomainError
from sprints.broadcast import tell_boards
from sprints.columns import column_of, columns_of, first_of
from sprints.models import SPRINT_OVER, BoardColumn, Story, StoryStatus
from sprints.ordering import one_at_a_time
from workspaces.audit import record
from workspaces.models import Member, Workspace

MOST_COLUMNS = 8  # more do not fit beside each other on a desk
MOST_AT_ONCE = 999
LONGEST_NAME = 40
NEEDED = (StoryStatus.TODO, StoryStatus.DONE)
"""Groups no board does without: where stories begin, and where they end."""


class ColumnsRefused(DomainError):
    """The columns cannot be as asked."""

    code = "columns_refused"


@dataclass(frozen=True, slots=True)
class ColumnWish:
    """A column as it shall be. Without `pk` it is a new one."""

    name: str
    status: StoryStatus
    wip_limit: int | None = None
    pk: int | None = None


@transaction.atomic
def set_columns(
    *,
    workspace: Workspace,
    wishes: Sequence[ColumnWish],
    by: Member,
    now: datetime,
    known: Collection[int] | None = None,
) -> None:
    """Have these columns, from left to right, and no others. What is as wished already is not written.

    `known` are the columns that whoever asks has seen (None: does not matter). Stories of a column that goes stand in
    the first one of their group then. Raises `ColumnsRefused` for names and limits that cannot be, for a group that is
    needed and has no column, for columns that changed since they were seen, and where stories would change their group.
    """
    wishes = [ColumnWish(" ".join(wish.name.split()), wish.status, wish.wip_limit, wish.pk) for wish in wishes]
    _require_sense(wishes)
    one_at_a_time(workspace.pk)
    old = columns_of(workspace)
    _require_seen(old, wishes, known)
    if _as_is(old) == [(wish.pk, wish.name, wish.status, wish.wip_limit) for wish in wishes]:
        return
    _require_groups_stay(workspace, old, wishes)
    before = [str(column) for column in old]
    _write(workspace, old, wishes)
    after = [wish.name for wish in wishes]
    record("board.columns_set", workspace, by=by, now=now, before=before, after=after)
    tell_boards(workspace)


def _as_is(columns: Iterable[BoardColumn]) -> list[tuple[int | None, str, str, int | None]]:
    return [(column.pk, column.name, column.status, column.wip_limit) for column in columns]


def _require_sense(wishes: Sequence[ColumnWish]) -> None:
    names = [wish.name.casefold() for wish in wishes]
    if not all(names) or any(len(name) > LONGEST_NAME for name in names):
        raise ColumnsRefused(_("Give each column a name of at most %(most)d letters.") % {"most": LONGEST_NAME})
    if len(set(names)) < len(names):
        raise ColumnsRefused(_("Two columns have the same name."))
    if len(wishes) > MOST_COLUMNS:
        raise ColumnsRefused(_("A board has at most %(most)d columns.") % {"most": MOST_COLUMNS})
    if any(wish.wip_limit is not None and not 1 <= wish.wip_limit <= MOST_AT_ONCE for wish in wishes):
        raise ColumnsRefused(_("A limit is a number from 1 to %(most)d, or nothing.") % {"most": MOST_AT_ONCE})
    for group in NEEDED:
        if group not in {wish.status for wish in wishes}:
            raise ColumnsRefused(_("The board needs a column for “%(group)s”.") % {"group": group.label})


def _require_seen(old: Iterable[BoardColumn], wishes: Sequence[ColumnWish], known: Collection[int] | None) -> None:
    there = {column.pk for column in old if column.pk}
    wanted = [wish.pk for wish in wishes if wish.pk]
    if not set(wanted) <= there or len(set(wanted)) < len(wanted) or (known is not None and set(known) != there):
        raise ColumnsRefused(_("Somebody has changed the columns meanwhile. Load the page again."))


def _require_groups_stay(workspace: Workspace, old: list[BoardColumn], wishes: Sequence[ColumnWish]) -> None:
    """No story changes its group because a column does: that would write history nobody made."""
    kept, groups = {wish.pk: wish for wish in wishes if wish.pk}, {wish.status for wish in wishes}
    lost = [
        column
        for column in old
        if column.status not in groups or (column.pk in kept and kept[column.pk].status != column.status)
    ]
    open_ones = Story.objects.for_workspace(workspace).filter(
        status__in={column.status for column in lost}, dropped_at=None
    )
    standing = [column_of(story, old) for story in open_ones.exclude(sprint__state__in=SPRINT_OVER)] if lost else []
    for column in lost:
        if count := sum(column.key == stood.key for stood in standing):
            words = ngettext(
                "%(count)d story stands in “%(column)s”. Move it first.",
                "%(count)d stories stand in “%(column)s”. Move them first.",
                count,
            )
            raise ColumnsRefused(words % {"count": count, "column": column})


def _write(workspace: Workspace, old: list[BoardColumn], wishes: Sequence[ColumnWish]) -> None:
    kept = {wish.pk for wish in wishes if wish.pk}
    BoardColumn.objects.for_workspace(workspace).exclude(pk__in=kept).delete()
    for position, wish in enumerate(wishes):
        BoardColumn(
            pk=wish.pk,
            workspace=workspace,
            name=wish.name,
            status=wish.status,
            wip_limit=wish.wip_limit,
            position=position,
        ).save()
    _keep_places(workspace, [column for column in old if column.pk in kept])


def _keep_places(workspace: Workspace, kept: list[BoardColumn]) -> None:
    """A story in a sprint stays in its column when another one of the group comes to stand before that."""
    new = columns_of(workspace)
    for group in StoryStatus:
        was, now_first = first_of(kept, group), first_of(new, group)
        if was is not None and now_first is not None and was.pk != now_first.pk:
            stories = Story.objects.for_workspace(workspace).filter(status=group, column=None, sprint__isnull=False)
            stories.exclude(sprint__state__in=SPRINT_OVER).update(column=was)
