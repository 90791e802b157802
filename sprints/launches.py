"""Mails that the owner was asked about, as they are now: whoever makes them downstream registers how they are found."""

from collections.abc import Callable
from datetime import datetime

from sprints.broadcast import tell_approval
from sprints.models import ApprovalRequest, ApprovalState, Story
from sprints.snapshot import Snapshot

FindMail = Callable[[ApprovalRequest, datetime], Snapshot | None]
_finders: list[FindMail] = []


def register_mails(find: FindMail) -> None:
    """Say how the mail of a request is found: `content` and `brief` as they would be frozen now; None: not ours."""
    if find not in _finders:
        _finders.append(find)


def mail_now(request: ApprovalRequest, now: datetime) -> Snapshot | None:
    """The mail of a request as it is now; None where nobody knows, as when it went out."""
    return next((found for find in _finders if (found := find(request, now)) is not None), None)


def tell_mail_changed(story: Story) -> None:
    """Have open pages that ask about a mail of this story look again. One query."""
    waiting = ApprovalRequest.objects.filter(story=story, state__in=(ApprovalState.OPEN, ApprovalState.DECIDED))
    for request in waiting.select_related("workspace").only("pk", "workspace"):
        tell_approval(request)
