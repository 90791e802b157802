"""What waits for a business owner: the banner on the home page."""

from datetime import datetime
from typing import Any

from sprints.models import ApprovalRequest
from sprints.shown_plan import plain_plan
from workspaces.models import Member

MOST_BANNERS = 3


def waiting_panel(member: Member, _now: datetime) -> dict[str, Any]:
    """The oldest plans that wait, those for this member first; without any the place still follows. One query."""
    waiting = ApprovalRequest.objects.for_workspace(member.workspace).open().with_people()
    plans = [plain_plan(request) for request in waiting.order_by("requested_at", "pk")]
    plans.sort(key=lambda plan: plan.request.approver_id != member.pk)
    return {"plans": plans[:MOST_BANNERS]}
