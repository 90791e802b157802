"""One label put on many stories at once, or taken from them, and the way back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sprints.models import BulkChange, Label, Story
from sprints.services.labels import set_labels
from workspaces.models import Member


def label_values(stories: Iterable[Story]) -> dict[str, dict[str, Any]]:
    """The ids of each story's labels, as a change keeps them. One query."""
    rows = Story.labels.through.objects.filter(story__in=[story.pk for story in stories])
    found: dict[int, list[int]] = {}
    for story_id, label_id in rows.order_by("label").values_list("story_id", "label_id"):
        found.setdefault(story_id, []).append(label_id)
    return {str(story.pk): {"labels": found.get(story.pk, [])} for story in stories}


def put_label(stories: Sequence[Story], label: Label, by: Member, now: datetime) -> None:
    """Beside the labels that each has. Raises `LabelRefused` for a story that has too many then."""
    for story in stories:
        set_labels(story=story, labels=[*story.labels.all(), label], by=by, now=now)


def take_label(stories: Sequence[Story], label: Label, by: Member, now: datetime) -> None:
    for story in stories:
        set_labels(story=story, labels=story.labels.exclude(pk=label.pk), by=by, now=now)


def restore_label(story: Story, change: BulkChange, by: Member, now: datetime) -> bool:
    """Take back the one label that was put or taken, whatever else was labelled since; returns whether that was needed.

    A label that is gone meanwhile stays so.
    """
    before, after = (set(side[str(story.pk)]["labels"]) for side in (change.before, change.after))
    has = set(story.labels.values_list("pk", flat=True))
    wanted = (has - (after - before)) | (before - after)
    labels = list(Label.objects.for_workspace(change.workspace).filter(pk__in=wanted))
    if {label.pk for label in labels} == has:
        return False
    set_labels(story=story, labels=labels, by=by, now=now)
    return True
