"""Where a goal or a principle stands with the owner, compared each time with what was frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sprints.models import YES, ApprovalRequest, ApprovalState, ApprovalSubject, ItemDecision
from sprints.snapshot import Difference, Snapshot
from sprints.standing import Standing
from sprints.strategy_snapshot import goal_item, item_changes, principle_item
from strategy.models import Goal, Principle
from workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """The newest answer about a goal or a principle, and the item as it was shown."""

    decision: ItemDecision
    item: Snapshot

    @property
    def is_yes(self) -> bool:
        return self.decision.verdict in YES

    def material_changes(self, current: Snapshot, currency: str) -> list[Difference]:
        return [found for found in item_changes(self.item, current, currency) if found.is_material]


@dataclass(frozen=True, slots=True)
class ItemStanding:
    """Where it stands, by which request, in whose words, and what has changed since."""

    standing: Standing
    request: ApprovalRequest | None = None
    comment: str = ""
    differences: list[Difference] = field(default_factory=list)


def goal_standing(goal: Goal) -> ItemStanding:
    """Three queries. The goal needs `with_kpi`."""
    return _standings(goal.workspace, "goal", {goal.pk: goal_item(goal)})[goal.pk]


def principle_standings(principles: Sequence[Principle]) -> dict[int, ItemStanding]:
    """Where each of these principles stands, by principle. Three queries, however many there are."""
    items = {principle.pk: principle_item(principle) for principle in principles}
    return _standings(principles[0].workspace, "principle", items) if principles else {}


def _standings(workspace: Workspace, kind: str, current: Mapping[int, Snapshot]) -> dict[int, ItemStanding]:
    waiting, answers = _waiting(workspace, kind), newest_answers(workspace, kind)
    return {
        pk: ItemStanding(Standing.WAITING, waiting[pk])
        if pk in waiting
        else _judged(answers.get(pk), item, workspace.currency)
        for pk, item in current.items()
    }


def _judged(answer: ItemAnswer | None, current: Snapshot, currency: str) -> ItemStanding:
    if answer is None:
        return ItemStanding(Standing.NONE)
    request, said = answer.decision.request, answer.decision.comment or answer.decision.request.comment
    if not answer.is_yes:
        return ItemStanding(Standing(answer.decision.verdict), request, said)
    differences = answer.material_changes(current, currency)
    is_held = any(condition.met_at is None for condition in request.conditions.all())
    held = Standing.CONDITIONS if is_held else Standing.APPROVED
    return ItemStanding(Standing.VOID if differences else held, request, said, differences)


def _waiting(workspace: Workspace, kind: str) -> dict[int, ApprovalRequest]:
    """The open request in which each of them is decided."""
    open_ones = ApprovalRequest.objects.for_workspace(workspace).open().with_people()
    asked = open_ones.filter(subject__in=[kind, ApprovalSubject.PLAN]).order_by("pk")
    return {item["object"]: request for request in asked for item in request.asked_items if item["kind"] == kind}


def newest_answers(workspace: Workspace, kind: str) -> dict[int, ItemAnswer]:
    """The newest answer about each goal or each principle, given by itself or within a plan. Two queries."""
    decisions = (
        ItemDecision.objects.for_workspace(workspace)
        .filter(request__subject__in=[kind, ApprovalSubject.PLAN], request__state=ApprovalState.DECIDED)
        .select_related("request__approver__user", "request__decided_by__user")
        .prefetch_related("request__conditions")
        .order_by("request__decided_at", "pk")
    )
    found = {}
    for decision in decisions:
        item = next(shown for shown in decision.request.items if shown["id"] == decision.item)
        if item["kind"] == kind:
            found[item["object"]] = ItemAnswer(decision, item)
    return found
