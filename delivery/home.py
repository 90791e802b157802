"""What this app puts on the home page."""

from datetime import datetime
from typing import Any

from delivery.models import RestoreHold
from delivery.transports.queries import overview
from workspaces.models import Member


def doubt_banner(member: Member, _now: datetime) -> dict[str, Any] | None:
    """That nothing is sent until somebody confirms the database; nothing while it is not in doubt."""
    hold = RestoreHold.objects.for_workspace(member.workspace).open().first()
    return {"hold": hold} if hold else None


def mail_server_banner(member: Member, now: datetime) -> dict[str, Any] | None:
    """Which mail servers wait for somebody to mend their settings; nothing while none does, or the sandbox has all.

    One query.
    """
    seen = overview(member.workspace, now)
    waiting = [line.transport for line in seen.lines if line.is_waiting_for_you]
    return {"servers": waiting, "has_way_out": seen.has_way_out} if waiting and not seen.is_sandboxed else None
