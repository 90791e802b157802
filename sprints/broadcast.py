"""Telling open pages what changed: one function for each kind of topic of this app."""

from sprints.models import ApprovalRequest, PokerSession, Sprint, StandUp, Story
from workspaces.live import announce
from workspaces.models import Workspace

STORY, SPRINT, BOARD, BACKLOG, IDEAS, SKILLS = "story", "sprint", "board", "backlog", "ideas", "skills"
APPROVAL, APPROVALS = "approval", "approvals"
RETRO, STAND_UP, POKER = "retro", "stand_up", "poker"
"""Kinds of topics. Boards, backlog, ideas, skills and the list of approvals are named by their workspace.

A retrospective is named by its sprint.
"""


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


def tell_retro(sprint: Sprint) -> None:
    """After the commit: the retrospective of this sprint is not what it was."""
    announce(sprint.workspace, RETRO, sprint.pk)


def tell_stand_up(stand_up: StandUp) -> None:
    """After the commit: what was said, or the round, of this day is not what it was."""
    announce(stand_up.workspace, STAND_UP, stand_up.pk)


def tell_poker(session: PokerSession) -> None:
    """After the commit: the table of this session is not what it was."""
    announce(session.workspace, POKER, session.pk)
