"""What this app puts on the home page."""

from datetime import datetime
from typing import Any

from campaigns.queries import upcoming_sends
from workspaces.models import Member


def upcoming_panel(member: Member, now: datetime) -> dict[str, Any] | None:
    """The next sends; nothing while none is ahead."""
    sends = upcoming_sends(member.workspace, now)
    return {"sends": sends} if sends else None
