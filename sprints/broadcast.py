"""Telling open pages what changed: stories, sprints, boards, the backlog, skills, the inbox of ideas, approvals."""

from sprints.models import ApprovalRequest, Sprint, Story
from workspaces.live import announce
from workspaces.models import Workspace

STORY, SPRINT, BOARD, BACKLOG, IDEAS, SKILLS = "story", "sprint", "board", "backlog", "ideas", "skills"
APPROVAL, APPROVALS = "approval", "approvals"
"""Kinds of topics. Boards, backlog, ideas, skills and the list of approvals are named by their workspace."""


def tell_story(story: Story, *, left: Sprint | None = None) -> None:
    """After the commit: this story changed; `left` is the sprint in which it stood before."""
    announce(story.workspace, STORY, story.pk)
    tell_backlog(story.workspace)
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


def tell_backlog(workspace: Workspace) -> None:
    """After the commit: the backlog, and with it the board of all open work, is not what it was."""
    announce(workspace, BACKLOG, workspace.pk)
    announce(workspace, BOARD, workspace.pk)


def tell_skills(workspace: Workspace) -> None:
    """After the commit: who can do what is not what it was."""
    announce(workspace, SKILLS, workspace.pk)


def tell_ideas(workspace: Workspace) -> None:
    """After the commit: the inbox of ideas is not what it was."""
    announce(workspace, IDEAS, workspace.pk)


def tell_approval(request: ApprovalRequest) -> None:
    """After the commit: this request, and with it what waits for whom, is not what it was."""
    announce(request.workspace, APPROVAL, request.pk)
    announce(request.workspace, APPROVALS, request.workspace_id)
