"""What the home page shows of the sprints."""

from datetime import datetime
from typing import Any

from sprints.charts import burndown
from sprints.models import Sprint
from sprints.queries import sprint_figures
from workspaces.models import Member


def running_sprint(member: Member, now: datetime) -> dict[str, Any] | None:
    """The running sprint at a glance; nothing while none runs. Five queries."""
    sprint = Sprint.objects.for_workspace(member.workspace).running().select_related("workspace").first()
    if sprint is None:
        return None
    today = now.astimezone(sprint.workspace.zone).date()
    return {"sprint": sprint, "figures": sprint_figures(sprint, today), "burndown": burndown(sprint, today)}
