"""What this app puts on the home page."""

from datetime import datetime
from typing import Any

from delivery.models import RestoreHold
from workspaces.models import Member


def doubt_banner(member: Member, _now: datetime) -> dict[str, Any] | None:
    """That nothing is sent until somebody confirms the database; nothing while it is not in doubt."""
    hold = RestoreHold.objects.for_workspace(member.workspace).open().first()
    return {"hold": hold} if hold else None
