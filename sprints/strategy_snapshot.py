"""Goals and principles frozen for the owner, and what is different between two frozen versions of them."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sprints.models import ApprovalSubject
from sprints.plan_changes import PlanChanges, StoryChange
from sprints.snapshot import Difference, Snapshot
from strategy.figures import figure
from strategy.models import Goal, Principle
from workspaces.models import Workspace

NEVER_SAID = {"id", "kind", "object", "unit"}


def goals_of(workspace: Workspace) -> list[Goal]:
    """The open goals, the soonest due first. One query."""
    return list(Goal.objects.for_workspace(workspace).open().with_kpi().order_by("due_date", "pk"))


def principles_of(workspace: Workspace) -> list[Principle]:
    """The principles in force. One query."""
    return list(Principle.objects.for_workspace(workspace).current().order_by("created_at", "pk"))


def goal_version(goal: Goal) -> Snapshot:
    return _version(ApprovalSubject.GOAL, goal.workspace, [goal_item(goal)])


def principle_version(principle: Principle) -> Snapshot:
    return _version(ApprovalSubject.PRINCIPLE, principle.workspace, [principle_item(principle)])


def plan_version(workspace: Workspace) -> Snapshot:
    """All open goals, then all principles in force."""
    goals, principles = goals_of(workspace), principles_of(workspace)
    return _version(ApprovalSubject.PLAN, workspace, [*map(goal_item, goals), *map(principle_item, principles)])


def _version(kind: ApprovalSubject, workspace: Workspace, items: Iterable[Snapshot]) -> Snapshot:
    numbered = [{"id": place, **item} for place, item in enumerate(items, start=1)]
    return {"kind": str(kind), "currency": workspace.currency, "items": numbered}


def goal_item(goal: Goal) -> Snapshot:
    """One goal as the owner sees it: its target on the KPI, by when, and which goal it serves."""
    return {
        "kind": "goal",
        "object": goal.pk,
        "title": goal.name,
        "why": goal.why,
        "serves": goal.parent.name if goal.parent else "",
        "kpi": goal.kpi.name,
        "unit": goal.kpi.unit,
        "baseline": float(goal.baseline),
        "target": float(goal.target),
        "start": goal.start_date.isoformat(),
        "due": goal.due_date.isoformat(),
    }


def principle_item(principle: Principle) -> Snapshot:
    """One rule of the game with its reason."""
    return {
        "kind": "principle",
        "object": principle.pk,
        "title": principle.rule,
        "reason": principle.reason,
        "example": principle.example,
    }


class _Part(NamedTuple):
    label: "str | Promise"
    is_material: bool


PARTS: dict[str, _Part] = {
    "title": _Part(gettext_lazy("Words"), True),
    "why": _Part(gettext_lazy("Why it matters"), False),
    "serves": _Part(gettext_lazy("Serves"), True),
    "kpi": _Part(gettext_lazy("KPI"), True),
    "baseline": _Part(gettext_lazy("Baseline"), True),
    "target": _Part(gettext_lazy("Target"), True),
    "start": _Part(gettext_lazy("Start"), True),
    "due": _Part(gettext_lazy("Until"), True),
    "reason": _Part(gettext_lazy("Reason"), True),
    "example": _Part(gettext_lazy("Example"), False),
}
"""What an item says, in the order in which it is shown. The title of a goal is its name: see `_is_material`."""


def said_of(item: Snapshot, currency: str) -> list[tuple[str, str]]:
    """Label and words of each part of an item but its title; empty parts are left out."""
    parts = [(name, part) for name, part in PARTS.items() if name != "title" and item.get(name) not in {None, ""}]
    return [(str(part.label), _words(item, name, currency)) for name, part in parts]


def strategy_changes(before: Snapshot, after: Snapshot) -> PlanChanges:
    """What came, went and changed between two versions; items are known by the row they were frozen from."""
    old, new = ({(item["kind"], item["object"]): item for item in version["items"]} for version in (before, after))
    currency = after["currency"]
    found = {key: item_changes(old[key], new[key], currency) for key in new if key in old}
    return PlanChanges(
        added={item["id"]: item["title"] for key, item in new.items() if key not in old},
        removed={item["id"]: item["title"] for key, item in old.items() if key not in new},
        changed={new[key]["id"]: StoryChange(new[key]["title"], said) for key, said in found.items() if said},
    )


def item_changes(before: Snapshot, after: Snapshot, currency: str) -> list[Difference]:
    return list(_differences(before, after, currency))


def _differences(before: Snapshot, after: Snapshot, currency: str) -> Iterator[Difference]:
    for name in after:
        if name not in NEVER_SAID and before.get(name) != after[name]:
            was, now = _words(before, name, currency), _words(after, name, currency)
            yield Difference(str(PARTS[name].label), was, now, _is_material(after, name))


def _is_material(item: Snapshot, name: str) -> bool:
    """A goal is what it aims at, so its name is only a name; a principle is its words."""
    return PARTS[name].is_material and (name != "title" or item["kind"] == "principle")


def _words(item: Snapshot, name: str, currency: str) -> str:
    value: Any = item.get(name)
    if value in {None, ""}:
        return _("nothing")
    if name in {"baseline", "target"}:
        return figure(value, item["unit"], currency)
    if name in {"start", "due"}:
        return date_format(date.fromisoformat(value), "DATE_FORMAT")
    return str(value)
