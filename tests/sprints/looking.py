"""Where tests of this app look: addresses, lists in their order, the scope log."""

from django.urls import reverse

from sprints.boards import Board
from sprints.models import ScopeEntry, Sprint, Story
from workspaces.models import Workspace

HTMX = {"HX-Request": "true"}
BOARD = {**HTMX, "HX-Target": "board"}
"""What the board sends with a request of its own."""


def url(name: str, workspace: Workspace, pk: int | None = None) -> str:
    kwargs = {"workspace": workspace.slug} | ({"pk": pk} if pk else {})
    return reverse(f"sprints:{name}", kwargs=kwargs)


def titles(workspace: Workspace, sprint: Sprint | None = None) -> list[str]:
    """The titles of the backlog, or of a sprint, in their order."""
    found = Story.objects.for_workspace(workspace).filter(sprint=sprint, dropped_at=None)
    return list(found.ranked().values_list("title", flat=True))


def scope(sprint: Sprint) -> list[tuple[str, int]]:
    """The lines of a scope log, oldest first."""
    return list(ScopeEntry.objects.filter(sprint=sprint).order_by("pk").values_list("change", "points"))


def shown(board: Board) -> dict[str, list[list[str]]]:
    """The titles on a board: of each lane, of each column."""
    return {lane.title: [[card.story.title for card in cell.cards] for cell in lane.cells] for lane in board.lanes}
