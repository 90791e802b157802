"""Write down the moves of stories that happened before they had rows of their own, as the audit log tells them.

Only what is certain: an entry counts if the group it led to is the one that the next known move began with, or, if it
is the last one, the one in which the story stands. Going back in time, the first entry that does not fit ends it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import migrations

GROUPS = {"todo", "doing", "review", "done"}


def write_moves_down(apps: Any, _schema_editor: Any) -> None:
    """Repeating writes nothing twice: what is there already is where a story's told past ends."""
    Story, StatusChange = apps.get_model("sprints", "Story"), apps.get_model("sprints", "StatusChange")
    known = _first_known(StatusChange)
    moves = _told(apps.get_model("workspaces", "AuditEntry"))
    for story in Story.objects.filter(pk__in=list(moves)).order_by("pk").iterator(chunk_size=500):
        at, column = known.get(story.pk, (None, story.status))
        told = [entry for entry in moves[story.pk] if at is None or entry.at < at]
        StatusChange.objects.bulk_create(
            StatusChange(
                workspace_id=story.workspace_id,
                story_id=story.pk,
                old=entry.detail["old"],
                new=entry.detail["new"],
                at=entry.at,
            )
            for entry in _certain(told, column, story.workspace_id)
        )


def _first_known(changes: Any) -> dict[int, tuple[Any, str]]:
    """When and from where each story first went, of what is written down already."""
    found: dict[int, tuple[Any, str]] = {}
    for story, at, old in changes.objects.order_by("at", "pk").values_list("story_id", "at", "old"):
        found.setdefault(story, (at, old))
    return found


def _told(entries: Any) -> dict[int, list[Any]]:
    """What the audit log has of each story's moves from one group to another, newest first."""
    found: dict[int, list[Any]] = defaultdict(list)
    moved = entries.objects.filter(action="story.moved", target_type="story").order_by("-at", "-pk")
    for entry in moved.iterator(chunk_size=2000):
        old, new = entry.detail.get("old"), entry.detail.get("new")
        if old != new and {old, new} <= GROUPS:
            found[entry.target_id].append(entry)
    return found


def _certain(newest_first: Iterable[Any], column: str, workspace: int) -> Iterator[Any]:
    """Those that lead, one after the other, to where the story stood next."""
    for entry in newest_first:
        if entry.detail["new"] != column or entry.workspace_id != workspace:
            return
        yield entry
        column = entry.detail["old"]


class Migration(migrations.Migration):
    dependencies = [("sprints", "0013_news"), ("workspaces", "0001_initial")]

    operations = [migrations.RunPython(write_moves_down, migrations.RunPython.noop, elidable=True)]
