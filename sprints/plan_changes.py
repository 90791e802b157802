"""What is different between two frozen versions of a plan, in words: the owner is asked about the difference."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sprints.metrics import metric_label, metric_unit
from sprints.models import ApprovalRequest, ApprovalRequestQuerySet, ApprovalState, StoryKind
from sprints.ranges import days_between
from sprints.snapshot import Difference, Snapshot
from strategy.figures import figure
from workspaces.templatetags.ui import money


class _Around(NamedTuple):
    """What a value stands in: the part of the snapshot that holds it, and the currency of amounts."""

    part: Snapshot
    currency: str


Show = Callable[[Any, _Around], str]


@dataclass(frozen=True, slots=True)
class StoryChange:
    """A story that is in both versions, but not the same."""

    title: str
    differences: list[Difference]


@dataclass(frozen=True, slots=True)
class PlanChanges:
    """Titles of stories that came and went, what changed in others, and in the sprint itself. False: nothing did."""

    plan: list[Difference] = field(default_factory=list)
    added: dict[int, str] = field(default_factory=dict)
    removed: dict[int, str] = field(default_factory=dict)
    changed: dict[int, StoryChange] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.plan or self.added or self.removed or self.changed)


class _Part(NamedTuple):
    """A value in a snapshot: where it stands, what it is called, and how it is said."""

    path: tuple[str, ...]
    label: "str | Promise"
    show: Show


def _text(value: Any, _around: _Around) -> str:
    return str(value) or _("nothing")


def _day(value: str, _around: _Around) -> str:
    return date_format(date.fromisoformat(value), "DATE_FORMAT")


def _days(value: list[str], _around: _Around) -> str:
    first, last = (date.fromisoformat(day) for day in value)
    return days_between(first, last)


def _kind(value: str, _around: _Around) -> str:
    return str(StoryKind(value).label)


def _lines(value: list[str], _around: _Around) -> str:
    return "; ".join(value) or _("nothing")


def _amount(value: str, around: _Around) -> str:
    return money(Decimal(value), around.currency)


def _amounts(value: list[str], around: _Around) -> str:
    return " – ".join(_amount(amount, around) for amount in value)


def _segment(value: Snapshot, _around: _Around) -> str:
    return str(value["name"])


def _metric(value: str, _around: _Around) -> str:
    return metric_label(value)


def _metric_figure(value: float, around: _Around) -> str:
    return figure(value, metric_unit(around.part["metric"]), around.currency)


def _goal_figure(value: float, around: _Around) -> str:
    return figure(value, around.part["unit"], around.currency)


def _mark(value: str, _around: _Around) -> str:
    return value[:8]


PLAN_PARTS = [
    _Part(("currency",), gettext_lazy("Currency"), _text),
    _Part(("sprint", "number"), gettext_lazy("Number"), _text),
    _Part(("sprint", "name"), gettext_lazy("Name"), _text),
    _Part(("sprint", "goal_sentence"), gettext_lazy("Sprint goal"), _text),
    _Part(("sprint", "start"), gettext_lazy("First day"), _day),
    _Part(("sprint", "end"), gettext_lazy("Last day"), _day),
    _Part(("sprint", "capacity"), gettext_lazy("Capacity in points"), _text),
    _Part(("goal", "name"), gettext_lazy("Goal"), _text),
    _Part(("goal", "kpi"), gettext_lazy("KPI"), _text),
    _Part(("goal", "unit"), gettext_lazy("Unit of the KPI"), _text),
    _Part(("goal", "baseline"), gettext_lazy("Baseline"), _goal_figure),
    _Part(("goal", "target"), gettext_lazy("Target"), _goal_figure),
    _Part(("goal", "start"), gettext_lazy("Goal from"), _day),
    _Part(("goal", "due"), gettext_lazy("Goal until"), _day),
]
STORY_PARTS = [
    _Part(("number",), gettext_lazy("Number"), _text),
    _Part(("title",), gettext_lazy("Title"), _text),
    _Part(("as_a",), gettext_lazy("As a"), _text),
    _Part(("i_want",), gettext_lazy("I want"), _text),
    _Part(("so_that",), gettext_lazy("So that"), _text),
    _Part(("kind",), gettext_lazy("Kind"), _kind),
    _Part(("points",), gettext_lazy("Points"), _text),
    _Part(("goal",), gettext_lazy("Goal"), _text),
    _Part(("criteria",), gettext_lazy("Acceptance criteria"), _lines),
    _Part(("hypothesis", "because"), gettext_lazy("Because"), _text),
    _Part(("hypothesis", "change"), gettext_lazy("We believe that"), _text),
    _Part(("hypothesis", "audience"), gettext_lazy("For"), _text),
    _Part(("hypothesis", "metric"), gettext_lazy("Metric"), _metric),
    _Part(("hypothesis", "baseline"), gettext_lazy("From"), _metric_figure),
    _Part(("hypothesis", "expected"), gettext_lazy("To"), _metric_figure),
    _Part(("hypothesis", "minimum_effect"), gettext_lazy("Smallest effect worth it"), _metric_figure),
    _Part(("hypothesis", "check_date"), gettext_lazy("Looked at on"), _day),
    _Part(("brief", "segment"), gettext_lazy("Audience"), _segment),
    _Part(("brief", "window"), gettext_lazy("Window"), _days),
    _Part(("brief", "offer"), gettext_lazy("Offer"), _text),
    _Part(("brief", "cost"), gettext_lazy("Cost"), _amount),
    _Part(("brief", "expected"), gettext_lazy("Expected revenue"), _amounts),
    _Part(("content", "subject"), gettext_lazy("Subject"), _text),
    _Part(("content", "preheader"), gettext_lazy("Preview text"), _text),
    _Part(("content", "sender"), gettext_lazy("Sender"), _text),
    _Part(("content", "fingerprint"), gettext_lazy("Text of the mail"), _mark),
]


def plan_changes(before: Snapshot, after: Snapshot) -> PlanChanges:
    """Everything of a plan whose change asks for a new decision. Counts that move by themselves are passed over."""
    old, new = ({story["id"]: story for story in version["stories"]} for version in (before, after))
    both = [pk for pk in new if pk in old]
    currency = after["currency"]
    found = {pk: list(_differences(old[pk], new[pk], STORY_PARTS, currency)) for pk in both}
    return PlanChanges(
        plan=list(_differences(before, after, PLAN_PARTS, currency)),
        added={pk: story["title"] for pk, story in new.items() if pk not in old},
        removed={pk: story["title"] for pk, story in old.items() if pk not in new},
        changed={pk: StoryChange(new[pk]["title"], differences) for pk, differences in found.items() if differences},
    )


def hypothesis_changes(before: Snapshot | None, after: Snapshot | None, currency: str) -> list[Difference]:
    """How a hypothesis was moved, between two snapshots of it; None: there was none."""
    parts = [part for part in STORY_PARTS if part.path[0] == "hypothesis"]
    return list(_differences({"hypothesis": before}, {"hypothesis": after}, parts, currency))


def _differences(before: Snapshot, after: Snapshot, parts: list[_Part], currency: str) -> Iterator[Difference]:
    for part in parts:
        old, new = (_found(version, part.path) for version in (before, after))
        if old != new:
            was, now = _said(old, before, part, currency), _said(new, after, part, currency)
            yield Difference(
                str(part.label), was, now if now != was else _("%(what)s, put differently") % {"what": now}
            )


def _found(version: Snapshot, path: tuple[str, ...]) -> Any:
    """The value at the path; None if it, or what should hold it, is not there."""
    value: Any = version
    for step in path:
        value = (value or {}).get(step)
    return value


def _said(value: Any, version: Snapshot, part: _Part, currency: str) -> str:
    if value is None:
        return _("nothing")
    return part.show(value, _Around(_found(version, part.path[:-1]), currency))


def answered_before(request: ApprovalRequest) -> ApprovalRequest | None:
    """The newest earlier version of the same plan or mail that was answered."""
    earlier = _versions(request).filter(version__lt=request.version, state=ApprovalState.DECIDED)
    return earlier.with_people().order_by("-version").first()


def replaced_by(request: ApprovalRequest) -> ApprovalRequest | None:
    """The newest version of the same plan or mail, if this is not it."""
    return _versions(request).filter(version__gt=request.version).order_by("-version").first()


def _versions(request: ApprovalRequest) -> ApprovalRequestQuerySet:
    return ApprovalRequest.objects.filter(sprint=request.sprint_id, story=request.story_id)
