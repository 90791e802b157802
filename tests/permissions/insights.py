"""Rows of the insights app."""

from typing import Any

from tests.factories.delivery import RunFactory
from tests.factories.sprints import SprintFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can


def _sent(workspace: Workspace) -> dict[str, Any]:
    return {"pk": RunFactory.create(workspace=workspace, done=True).campaign_id}


def _sprint(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SprintFactory.create(workspace=workspace, closed=True).pk}


ROWS = [
    Row("insights:campaign_report", see=Can.SEE_CAMPAIGNS, kwargs=_sent),
    Row("insights:sprint_measure", act=Can.EDIT_STORIES, kwargs=_sprint),
]

API_ROWS = [
    ApiRow("api:report-detail", {"get": Can.SEE_CAMPAIGNS}, kwargs=_sent),
    ApiRow("api:outcome-list", {"get": Can.SEE_SPRINTS}),
    ApiRow("api:sprintmeasure-measure", {"post": Can.EDIT_STORIES}, kwargs=_sprint),
]
