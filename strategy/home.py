"""What the home page shows of the strategy."""

from datetime import datetime
from typing import Any

from strategy.queries import goal_tree
from workspaces.models import Member


def goals_panel(member: Member, now: datetime) -> dict[str, Any] | None:
    """The open goals with where they stand; None when there are none."""
    tree = goal_tree(member.workspace, now.astimezone(member.workspace.zone).date())
    return {"tree": tree} if tree else None
