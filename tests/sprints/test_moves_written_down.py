"""Moves of stories that the audit log tells of and that had no rows: only what is certain is written down."""

from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps

from sprints.models import StatusChange, Story, StoryStatus
from sprints.services.sprints import start_sprint
from sprints.services.stories import move_story
from tests.factories.sprints import SprintFactory, StoryFactory
from workspaces.models import AuditEntry, Member, Workspace

write_moves_down = import_module("sprints.migrations.0014_past_moves").write_moves_down


@pytest.fixture
def story(workspace: Workspace, lead: Member, now: datetime) -> Story:
    """Begun, reviewed and done, an hour each, with rows of all moves."""
    sprint = SprintFactory.create(workspace=workspace)
    made: Story = StoryFactory.create(workspace=workspace, sprint=sprint)
    start_sprint(sprint=sprint, by=lead, now=now)
    for hours, status in enumerate((StoryStatus.DOING, StoryStatus.REVIEW, StoryStatus.DONE), start=1):
        move_story(story=made, status=status, by=lead, now=now + timedelta(hours=hours))
    return made


def rows(story: Story) -> list[tuple[str, str, datetime]]:
    return list(StatusChange.objects.filter(story=story).order_by("at").values_list("old", "new", "at"))


@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_what_was_moved_before_there_were_rows_is_written_down_once(story: Story, kept: int) -> None:
    told = rows(story)
    known = StatusChange.objects.filter(story=story).order_by("-at").values("pk")[:kept]
    StatusChange.objects.filter(story=story).exclude(pk__in=list(known.values_list("pk", flat=True))).delete()

    for _n in range(2):
        write_moves_down(apps, None)

    assert rows(story) == told


def test_what_does_not_lead_to_where_the_story_stood_is_left_out(story: Story) -> None:
    StatusChange.objects.all().delete()
    AuditEntry.objects.filter(action="story.moved", detail__new="review").delete()

    write_moves_down(apps, None)

    assert [(old, new) for old, new, _at in rows(story)] == [("review", "done")]


def test_moves_within_a_group_and_of_other_things_are_no_moves(story: Story, lead: Member, now: datetime) -> None:
    StatusChange.objects.all().delete()
    told = AuditEntry.objects.filter(action="story.moved").order_by("-at").first()
    assert told is not None
    for detail, kind in (({"old": "done", "new": "done"}, "story"), ({"old": "todo", "new": "done"}, "sprint")):
        AuditEntry.objects.create(
            workspace=story.workspace, member=lead, action="story.moved", target_type=kind, target_id=story.pk,
            target_label="x", detail=detail, at=now + timedelta(hours=9),
        )  # fmt: skip

    write_moves_down(apps, None)

    assert [(old, new) for old, new, _at in rows(story)] == [("todo", "doing"), ("doing", "review"), ("review", "done")]
