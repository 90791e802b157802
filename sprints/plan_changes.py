"""What is different between two frozen versions of a plan, in words: the owner is asked about the difference."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from emailops.lib.days import day_in_words
from sprints.metrics import metric_label, metric_unit
from sprints.models import ApprovalRequest, ApprovalState, StoryKind
from sprints.ranges import days_between
from sprints.snapshot import Difference, Snapshot, has_drifted
from strategy.figures import figure
from workspaces.templatetags.ui import exact_money


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

    @property
    def material(self) -> "PlanChanges":
        """The part that asks for a new answer."""
        changed = {
            pk: StoryChange(story.title, material)
            for pk, story in self.changed.items()
            if (material := [difference for difference in story.differences if difference.is_material])
        }
        plan = [difference for difference in self.plan if difference.is_material]
        return PlanChanges(plan, self.added, self.removed, changed)

    @property
    def sentences(self) -> list[str]:
        """Everything, one sentence each, as the log keeps it."""
        said = [str(difference) for difference in self.plan]
        said += [_("Added: %(title)s") % {"title": title} for title in self.added.values()]
        said += [_("Removed: %(title)s") % {"title": title} for title in self.removed.values()]
        return said + [f"{story.title}: {change}" for story in self.changed.values() for change in story.differences]


class _Part(NamedTuple):
    """A value in a snapshot: where it stands, what it is called, how it is said, and whether its change asks anew."""

    path: tuple[str, ...]
    label: "str | Promise"
    show: Show
    is_material: bool = True


def _text(value: Any, _around: _Around) -> str:
    return str(value) or _("nothing")


def _day(value: str, _around: _Around) -> str:
    return day_in_words(date.fromisoformat(value))


def _days(value: list[str], _around: _Around) -> str:
    first, last = (date.fromisoformat(day) for day in value)
    return days_between(first, last)


def _kind(value: str, _around: _Around) -> str:
    return str(StoryKind(value).label)


def _lines(value: list[str], _around: _Around) -> str:
    return "; ".join(value) or _("nothing")


def _amount(value: str, around: _Around) -> str:
    return exact_money(Decimal(value), around.currency)


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


POINTS = gettext_lazy("Points")
PLAN_PARTS = [
    _Part(("currency",), gettext_lazy("Currency"), _text),
    _Part(("sprint", "number"), gettext_lazy("Number"), _text, is_material=False),
    _Part(("sprint", "name"), gettext_lazy("Name"), _text, is_material=False),
    _Part(("sprint", "goal_sentence"), gettext_lazy("Sprint goal"), _text),
    _Part(("sprint", "start"), gettext_lazy("First day"), _day),
    _Part(("sprint", "end"), gettext_lazy("Last day"), _day),
    _Part(("sprint", "capacity"), gettext_lazy("Capacity in points"), _text, is_material=False),
    _Part(("goal", "name"), gettext_lazy("Goal"), _text, is_material=False),
    _Part(("goal", "kpi"), gettext_lazy("KPI"), _text),
    _Part(("goal", "unit"), gettext_lazy("Unit of the KPI"), _text),
    _Part(("goal", "baseline"), gettext_lazy("Baseline"), _goal_figure),
    _Part(("goal", "target"), gettext_lazy("Target"), _goal_figure),
    _Part(("goal", "start"), gettext_lazy("Goal from"), _day),
    _Part(("goal", "due"), gettext_lazy("Goal until"), _day),
]
TARGET_PARTS = [
    _Part(("target", "kpi"), gettext_lazy("KPI of the sprint"), _text),
    _Part(("target", "unit"), gettext_lazy("Unit of the sprint’s KPI"), _text),
    _Part(("target", "baseline"), gettext_lazy("The sprint’s KPI from"), _goal_figure),
    _Part(("target", "target"), gettext_lazy("The sprint’s KPI to"), _goal_figure),
]
"""Compared only where both versions were frozen with them."""
STORY_PARTS = [
    _Part(("number",), gettext_lazy("Number"), _text, is_material=False),
    _Part(("title",), gettext_lazy("Title"), _text, is_material=False),
    _Part(("as_a",), gettext_lazy("As a"), _text, is_material=False),
    _Part(("i_want",), gettext_lazy("I want"), _text, is_material=False),
    _Part(("so_that",), gettext_lazy("So that"), _text, is_material=False),
    _Part(("kind",), gettext_lazy("Kind"), _kind),
    _Part(("points",), POINTS, _text, is_material=False),
    _Part(("goal",), gettext_lazy("Goal"), _text),
    _Part(("criteria",), gettext_lazy("Acceptance criteria"), _lines),
    _Part(("hypothesis", "because"), gettext_lazy("Because"), _text, is_material=False),
    _Part(("hypothesis", "change"), gettext_lazy("We believe that"), _text),
    _Part(("hypothesis", "audience"), gettext_lazy("For"), _text, is_material=False),
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
    _Part(("content", "topic"), gettext_lazy("Topic"), _text),
    _Part(("content", "fingerprint"), gettext_lazy("Text of the mail"), _mark),
]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far figures may drift before a new answer is wanted, as shares. None: however far."""

    people: float | None = None
    points: float | None = None


def plan_changes(before: Snapshot, after: Snapshot, tolerance: Tolerance | None = None) -> PlanChanges:
    """Everything that is different between two versions of a plan, each difference marked material or not.

    Counts that move by themselves are passed over unless a `tolerance` is given and they moved beyond it.
    """
    limits = tolerance or Tolerance()
    old, new = ({story["id"]: story for story in version["stories"]} for version in (before, after))
    both = [pk for pk in new if pk in old]
    currency = after["currency"]
    found = {pk: story_changes(old[pk], new[pk], currency, limits) for pk in both}
    parts = PLAN_PARTS + (TARGET_PARTS if "target" in before and "target" in after else [])
    return PlanChanges(
        plan=[*_differences(before, after, parts, currency), *_load_drift(before, after, limits)],
        added={pk: story["title"] for pk, story in new.items() if pk not in old},
        removed={pk: story["title"] for pk, story in old.items() if pk not in new},
        changed={pk: StoryChange(new[pk]["title"], differences) for pk, differences in found.items() if differences},
    )


def story_changes(before: Snapshot, after: Snapshot, currency: str, limits: Tolerance) -> list[Difference]:
    """What is different between two snapshots of one story."""
    return [*_differences(before, after, STORY_PARTS, currency), *_audience_drift(before, after, limits)]


def commitment_changes(before: Snapshot, after: Snapshot, currency: str) -> list[Difference]:
    """What a story commits to, besides its send brief: kind, goal, criteria, KPI and promise. Material parts only."""
    parts = [part for part in STORY_PARTS if part.is_material and part.path[0] not in {"brief", "content"}]
    return list(_differences(before, after, parts, currency))


def _audience_drift(before: Snapshot, after: Snapshot, limits: Tolerance) -> Iterator[Difference]:
    old, new = before["brief"], after["brief"]
    if limits.people is None or not old or not new or old["segment"] != new["segment"]:
        return
    if has_drifted(old["people"], new["people"], limits.people):
        yield Difference(_("Number of people"), number_format(old["people"]), number_format(new["people"]))


def _load_drift(before: Snapshot, after: Snapshot, limits: Tolerance) -> Iterator[Difference]:
    old, new = (sum(story["points"] or 0 for story in version["stories"]) for version in (before, after))
    if limits.points is not None and "sprint" in after and has_drifted(old, new, limits.points):
        yield Difference(_("Points of the plan"), number_format(old), number_format(new))


def plan_part_changes(before: Snapshot, after: Snapshot, currency: str) -> list[Difference]:
    """What is different in the sprint itself and its goal, whatever became of the stories."""
    parts = [part for part in PLAN_PARTS if part.path[0] in {"sprint", "goal"}]
    return list(_differences(before, after, parts, currency))


def hypothesis_changes(before: Snapshot | None, after: Snapshot | None, currency: str) -> list[Difference]:
    """How a hypothesis was moved, between two snapshots of it; None: there was none."""
    parts = [part for part in STORY_PARTS if part.path[0] == "hypothesis"]
    return list(_differences({"hypothesis": before}, {"hypothesis": after}, parts, currency))


def _differences(before: Snapshot, after: Snapshot, parts: list[_Part], currency: str) -> Iterator[Difference]:
    for part in parts:
        old, new = (_found(version, part.path) for version in (before, after))
        if old != new:
            was, now = _said(old, before, part, currency), _said(new, after, part, currency)
            words = now if now != was else _("%(what)s, put differently") % {"what": now}
            yield Difference(str(part.label), was, words, part.is_material)


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
    earlier = ApprovalRequest.objects.about_same(request).filter(
        version__lt=request.version, state=ApprovalState.DECIDED
    )
    return earlier.select_related("decided_by__user").order_by("-version").first()


def replaced_by(request: ApprovalRequest) -> ApprovalRequest | None:
    """The newest version of the same plan or mail, if this is not it."""
    later = ApprovalRequest.objects.about_same(request).filter(version__gt=request.version)
    return later.order_by("-version").first()
