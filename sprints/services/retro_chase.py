"""Telling members that what they took on in a retrospective is overdue."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from sprints.models import ActionState, RetroAction, StoryStatus
from sprints.telling_team import tell_action_overdue
from workspaces.models import Workspace

UNTOLD = Q(state=ActionState.OPEN, due_date__isnull=False) & (
    Q(overdue_told_for=None) | ~Q(overdue_told_for=F("due_date"))
)
ENDED = Q(story__status=StoryStatus.DONE) | Q(story__dropped_at__isnull=False)
"""What became a story is over with the story."""


def chase_actions(now: datetime) -> int:
    """Tell each owner once of an action whose date has passed where the workspace is. Returns how many it were.

    Safe to run at any time, also twice at once; another date is told of anew.
    """
    with_dates = RetroAction.objects.filter(UNTOLD).values("workspace")
    return sum(_chase(workspace, now) for workspace in Workspace.objects.filter(pk__in=with_dates).order_by("pk"))


@transaction.atomic
def _chase(workspace: Workspace, now: datetime) -> int:
    today = now.astimezone(workspace.zone).date()
    late = RetroAction.objects.for_workspace(workspace).filter(UNTOLD, due_date__lt=today).exclude(ENDED)
    rows = late.select_for_update(of=("self",), skip_locked=True).select_related("owner", "workspace").order_by("pk")
    told = list(rows)
    for action in told:
        RetroAction.objects.filter(pk=action.pk).update(overdue_told_for=action.due_date)
        tell_action_overdue(action, now)
    return len(told)
