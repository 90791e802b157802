"""What PostgreSQL expects of a statement before it runs. Settles the way that is taken, never what is found."""

import json
from typing import Any

from django.db.models import Q, QuerySet

from audience.models import Contact
from workspaces.models import Workspace

COMMON = 0.6  # beyond half, because it is a guess


def is_common(workspace: Workspace, condition: Q) -> bool:
    """Whether most contacts of the workspace fit. Two statements that read no contact."""
    everybody = Contact.objects.for_workspace(workspace)
    fitting, all_of_them = (float(_plan(people)["Plan Rows"]) for people in (everybody.filter(condition), everybody))
    return fitting > COMMON * all_of_them


def cost_of(rows: QuerySet[Any, Any]) -> float:
    """The effort of finding these rows, in PostgreSQL's own unit. One statement that reads none of them."""
    return float(_plan(rows)["Total Cost"])


def _plan(rows: QuerySet[Any, Any]) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(rows.order_by().values("pk").explain(format="JSON"))[0]["Plan"]
    return plan
