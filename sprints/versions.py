"""A request compared with other versions of the same question, and with how things are now."""

from collections.abc import Iterable
from datetime import datetime

from sprints.deciders import policy_of
from sprints.launches import mail_now
from sprints.models import (
    YES,
    ApprovalPolicy,
    ApprovalRequest,
    ApprovalSubject,
    Sprint,
    Story,
    StoryDecision,
)
from sprints.outlook import outlook, risks
from sprints.plan_changes import PlanChanges, Tolerance, plan_changes, story_changes
from sprints.planned import PlannedSprint, planned
from sprints.snapshot import Snapshot, content_snapshot, sprint_snapshot
from sprints.strategy_snapshot import goal_version, plan_version, principle_version, strategy_changes
from strategy.models import Goal, Principle


def tolerance_of(policy: ApprovalPolicy) -> Tolerance:
    return Tolerance(people=policy.audience_tolerance, points=policy.points_tolerance)


def version_changes(before: Snapshot, after: Snapshot, tolerance: Tolerance | None = None) -> PlanChanges:
    """What is different between two versions of a question, whatever it is about."""
    if "items" in after:
        return strategy_changes(before, after)
    return plan_changes(before, after, tolerance)


def current_snapshot(request: ApprovalRequest, now: datetime) -> Snapshot:
    """What a request would freeze if it were sent now."""
    if request.sprint is not None:
        return sprint_snapshot(planned(request.sprint, now))
    if request.subject == ApprovalSubject.GOAL:
        return goal_version(Goal.objects.with_kpi().get(pk=request.goal_id or 0))
    if request.subject == ApprovalSubject.PRINCIPLE:
        return principle_version(Principle.objects.select_related("workspace").get(pk=request.principle_id or 0))
    if request.subject == ApprovalSubject.PLAN:
        return plan_version(request.workspace)
    return _mail_now(request, now)


def frozen_plan(plan: PlannedSprint) -> Snapshot:
    """What a request about a sprint freezes: what binds, and the outlook that is read with it."""
    return {**sprint_snapshot(plan), "outlook": outlook(plan)}


def plan_by_now(request: ApprovalRequest, now: datetime) -> PlannedSprint | None:
    """What is planned by now for the sprint it asks about; None for another subject and a sprint that is over."""
    return planned(request.sprint, now) if request.sprint and not request.sprint.is_over else None


def risks_since(request: ApprovalRequest, plan: PlannedSprint) -> list[Snapshot]:
    """What could go wrong with the plan as it is by now and was not frozen with it."""
    known = request.snapshot.get("outlook", {}).get("risks", [])
    return [risk for risk in risks(plan, since=request.requested_at) if risk not in known]


def _mail_now(request: ApprovalRequest, now: datetime) -> Snapshot:
    """The mail, and for a launch its audience and days, come from where they are made; unknown ones are as frozen."""
    story = Story.objects.with_plan().get(pk=request.story_id or 0)
    made = {**request.items[0], **(mail_now(request, now) or {})}
    current = content_snapshot(story, made["content"], now)
    if request.subject == ApprovalSubject.LAUNCH:
        current = {**current, "kind": "launch", "stories": [{**current["stories"][0], "brief": made["brief"]}]}
    return current


def changed_since(request: ApprovalRequest, now: datetime, plan: PlannedSprint | None = None) -> PlanChanges:
    """What is not as it was sent; of a sprint that is over, nothing: its stories have gone their ways.

    `plan` is that of the request's sprint by now, where it is at hand.
    """
    if request.sprint and request.sprint.is_over:
        return PlanChanges()
    current = sprint_snapshot(plan) if plan else current_snapshot(request, now)
    return version_changes(request.snapshot, current, tolerance_of(policy_of(request.workspace)))


def carried_from(sprint: Sprint, snapshot: Snapshot) -> list[int]:
    """Ids of the stories in a plan that the owner approved in this very form, so that they are not asked again."""
    limits = tolerance_of(policy_of(sprint.workspace))
    approved = dict(_approved_items(sprint, [s["id"] for s in snapshot["stories"]]))
    return [
        item["id"]
        for item in snapshot["stories"]
        if item["id"] in approved
        and not any(d.is_material for d in story_changes(approved[item["id"]], item, snapshot["currency"], limits))
    ]


def _approved_items(sprint: Sprint, stories: Iterable[int]) -> Iterable[tuple[int, Snapshot]]:
    newest = (
        StoryDecision.objects.filter(story__in=list(stories), request__sprint=sprint)
        .select_related("request")
        .order_by("story_id", "-request__decided_at", "-pk")
        .distinct("story_id")
    )
    for decision in newest:
        if decision.verdict in YES:
            yield decision.story_id, next(i for i in decision.request.items if i["id"] == decision.story_id)
