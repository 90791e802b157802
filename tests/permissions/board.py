"""Rows of the sprints app: the board, its columns, blockers."""

from typing import Any

from tests.factories.sprints import BlockerFactory, StoryFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can

SEE, EDIT, MANAGE = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.MANAGE_WORKSPACE
COLUMNS = [{"name": "Ready", "status": "todo"}, {"name": "Sent", "status": "done", "wip_limit": 5}]


def _story(workspace: Workspace) -> dict[str, Any]:
    return {"pk": StoryFactory.create(workspace=workspace).pk}


def _blocker(workspace: Workspace) -> dict[str, Any]:
    return {"pk": BlockerFactory.create(story__workspace=workspace).pk}


ROWS = [
    Row("sprints:board_show", see=SEE),
    Row("sprints:story_place", see=EDIT, kwargs=_story),
    Row("sprints:story_block", see=EDIT, act=EDIT, kwargs=_story, data=lambda _w, _k: {"reason": "No product feed"}),
    Row("sprints:blocker_resolve", act=EDIT, kwargs=_blocker),
    Row(
        "sprints:settings_board",
        see=MANAGE,
        act=MANAGE,
        data=lambda _w, _k: {"add": "1", "new-name": "Photo shoot", "new-status": "doing", "new-wip_limit": "2"},
    ),
]

API_ROWS = [
    ApiRow("api:board-columns", {"get": SEE, "put": MANAGE}, data=lambda _w, _m: {"columns": COLUMNS}),
    ApiRow(
        "api:blocker-list",
        {"get": SEE, "post": EDIT},
        data=lambda w, _m: {"story": _story(w)["pk"], "reason": "No product feed"},
    ),
    ApiRow("api:blocker-detail", {"get": SEE}, kwargs=_blocker),
    ApiRow("api:blocker-resolve", {"post": EDIT}, kwargs=_blocker),
]
