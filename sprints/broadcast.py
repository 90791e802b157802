"""Telling open pages that the backlog, or the inbox of ideas, is not what it was."""

from workspaces.live import announce
from workspaces.models import Workspace

BACKLOG = "backlog"
IDEAS = "ideas"


def tell_backlog(workspace: Workspace) -> None:
    announce(workspace, BACKLOG, workspace.pk)


def tell_ideas(workspace: Workspace) -> None:
    announce(workspace, IDEAS, workspace.pk)
