"""Telling open pages what changed: the story, the sprints it is or was in, and the board of all open work."""

from sprints.models import Sprint, Story
from workspaces.live import announce
from workspaces.models import Workspace

STORY, SPRINT, BOARD = "story", "sprint", "board"
"""Kinds of topics. The board of all open work is named by its workspace."""


def tell_story(story: Story, *, left: Sprint | None = None) -> None:
    """After the commit: this story changed; `left` is the sprint in which it stood before."""
    announce(story.workspace, STORY, story.pk)
    announce(story.workspace, BOARD, story.workspace_id)
    for sprint_id in {story.sprint_id, left.pk if left else None} - {None}:
        announce(story.workspace, SPRINT, int(sprint_id or 0))


def tell_sprint(sprint: Sprint) -> None:
    """After the commit: this sprint changed, and with it what is on the boards."""
    announce(sprint.workspace, SPRINT, sprint.pk)
    announce(sprint.workspace, BOARD, sprint.workspace_id)


def tell_boards(workspace: Workspace) -> None:
    """After the commit: all boards of a workspace look different."""
    announce(workspace, BOARD, workspace.pk)
    for sprint in Sprint.objects.for_workspace(workspace).running():
        announce(workspace, SPRINT, sprint.pk)
