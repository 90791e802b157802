"""Approvals with the whole plan frozen in each, decided story by story, and the lines of their log."""

from datetime import timedelta
from typing import Any

from benchmarks.years.ground import Ground, put


def decide(ground: Ground) -> None:
    from sprints.models import ApprovalCondition, ApprovalEvent, ApprovalRequest, StoryDecision

    _ask_again(ground)
    known = set(ApprovalRequest.objects.for_workspace(ground.workspace).values_list("sprint", flat=True))
    asked = [sprint for sprint in ground.sprints if sprint.pk not in known]
    plan = _plan(ground)
    requests = put(
        ApprovalRequest,
        (_request(ground, sprint, n, plan) for n, sprint in enumerate(asked[: ground.mass.approvals])),
    )
    chosen = [story for story in ground.stories if story.status == "done"][: ground.mass.stories_an_approval]
    put(
        StoryDecision,
        (
            StoryDecision(workspace=ground.workspace, request=request, story=story, verdict="approved")
            for request in requests
            for story in chosen
        ),
    )
    put(
        ApprovalCondition,
        (
            ApprovalCondition(
                workspace=ground.workspace, request=request, story=chosen[0], text=f"Only if {n}", position=n
            )
            for request in requests
            for n in range(3)
        ),
    )
    for request in requests:
        for event in (ApprovalEvent.ASKED, ApprovalEvent.DECIDED):
            _write(ground, request, event)


def _write(ground: Ground, request: Any, event: Any) -> None:
    from django.db import transaction

    from sprints.approval_log import tell

    with transaction.atomic():
        tell(event, request, by=ground.lead, now=ground.now, version=request.version, fingerprint=request.fingerprint)


def _plan(ground: Ground) -> dict[str, Any]:
    """What the owner was shown, as the product itself freezes it."""
    from sprints.headcount import Headcount
    from sprints.models import Story
    from sprints.planned import PlannedSprint
    from sprints.snapshot import sprint_snapshot

    done = [story.pk for story in ground.stories if story.status == "done"][: ground.mass.stories_an_approval]
    stories = list(Story.objects.with_plan().filter(pk__in=done).order_by("pk"))
    return sprint_snapshot(PlannedSprint(ground.sprints[-1], stories, Headcount(ground.now)))


def _request(ground: Ground, sprint: Any, n: int, plan: dict[str, Any]) -> Any:
    from sprints.models import ApprovalRequest
    from sprints.snapshot import material_fingerprint

    at = sprint.started_at or ground.now
    return ApprovalRequest(
        workspace=ground.workspace,
        subject="sprint",
        sprint=sprint,
        version=1,
        snapshot=plan,
        fingerprint=f"{n:064x}",
        material=material_fingerprint(plan),
        requested_by=ground.lead,
        approver=ground.owner,
        requested_at=at - timedelta(days=3),
        due_at=at,
        nonce=n,
        link_expires_at=at,
        state="decided",
        verdict="conditions" if n % 3 else "approved",
        decided_by=ground.owner,
        decided_at=at - timedelta(days=2),
        decided_via="member",
    )


def _ask_again(ground: Ground) -> None:
    """What waits for the owner is the plan of the next sprint, now that it is full."""
    from emailops.lib.fingerprint import fingerprint
    from sprints.models import ApprovalRequest
    from sprints.planned import planned
    from sprints.snapshot import material_fingerprint, sprint_snapshot

    waiting = ApprovalRequest.objects.for_workspace(ground.workspace).open().filter(subject="sprint")
    for request in waiting.select_related("sprint__workspace", "sprint__goal__kpi"):
        sprint: Any = request.sprint
        request.snapshot = sprint_snapshot(planned(sprint, ground.now))
        request.fingerprint, request.material = fingerprint(request.snapshot), material_fingerprint(request.snapshot)
        request.save(update_fields=["snapshot", "fingerprint", "material"])
