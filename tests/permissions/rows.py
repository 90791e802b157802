"""The form of a row of the permission matrix.

Each app's rows stand in a module of its own (`tests/permissions/<app>.py`), so that whoever adds a route adds its row.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workspaces.models import Workspace
from workspaces.permissions import Can

Kwargs = Callable[[Workspace], dict[str, Any]]


def nothing(_workspace: Workspace) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Row:
    """A page or action inside a workspace.

    `kwargs` makes the rows that the address names, besides the workspace; `data` is a POST body that succeeds, given
    those. `is_audited` is False only for a POST that writes nothing; `is_shared` is True where every workspace has what
    the address names.
    """

    name: str
    see: Can | None = None
    act: Can | None = None
    kwargs: Kwargs = nothing
    data: Callable[[Workspace, dict[str, Any]], dict[str, Any]] = field(default=lambda _workspace, _kwargs: {})
    is_audited: bool = True
    is_shared: bool = False


@dataclass(frozen=True)
class ApiRow:
    """An endpoint: its route name, the action each method needs, and how to make what its address names.

    `body` is how data is sent; `is_shared` is True where every workspace has what the address names.
    """

    name: str
    can: dict[str, Can]
    kwargs: Kwargs = nothing
    data: Callable[[Workspace, str], dict[str, Any]] = field(default=lambda _workspace, _method: {})
    body: str = "json"
    is_shared: bool = False
