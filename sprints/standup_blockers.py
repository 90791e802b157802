"""What is in the way: of which story, since when, and who clears it."""

from django.db.models import Q

from sprints.models import SPRINT_OVER, ApprovalRequest, Blocker, BlockerQuerySet, Sprint, StoryStatus
from workspaces.models import Workspace


def open_blockers(workspace: Workspace) -> BlockerQuerySet:
    """What keeps open work from going on, the oldest first. One query."""
    found = Blocker.objects.for_workspace(workspace).open().filter(story__dropped_at=None)
    waiting = found.exclude(story__status=StoryStatus.DONE).exclude(story__sprint__state__in=SPRINT_OVER)
    return waiting.with_people().order_by("since", "pk")


def waiting_approvals(workspace: Workspace) -> list[ApprovalRequest]:
    """What waits for the owner, the oldest first: that is in the team's way too. One query."""
    waiting = ApprovalRequest.objects.for_workspace(workspace).open().with_people().defer("snapshot")
    return list(waiting.order_by("requested_at", "pk"))


def sprint_blockers(sprint: Sprint) -> BlockerQuerySet:
    """Everything that was in the way while a sprint ran, in the order in which it came up. One query."""
    inside = Q(story__sprint=sprint) | Q(story__in=sprint.scope_log.values("story"))
    found = Blocker.objects.for_workspace(sprint.workspace).filter(inside)
    found = found.filter(Q(resolved_at=None) | Q(resolved_at__gt=sprint.started_at or sprint.created_at))
    during = found.filter(since__lt=sprint.closed_at) if sprint.closed_at else found
    return during.with_people().order_by("since", "pk")
