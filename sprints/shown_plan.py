"""A frozen plan as people read it: sentences, sums, and where the goal stands. For pages and letters alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.forms import BoundField
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from sprints.deciders import policy_of
from sprints.metrics import metric_label, metric_unit
from sprints.models import ApprovalCondition, ApprovalRequest, DecidedVia, ItemDecision, StoryDecision, StoryKind
from sprints.plan_changes import PlanChanges, answered_before
from sprints.snapshot import Difference, Snapshot
from sprints.strategy_snapshot import said_of
from sprints.versions import tolerance_of, version_changes
from strategy.figures import figure

END = "."


@dataclass(frozen=True, slots=True)
class ShownScale:
    """Where a goal's KPI stands between baseline and target, in words, and `at` as an SVG length."""

    kpi: str
    baseline: str
    target: str
    start: date
    due: date
    now: str
    at: str


@dataclass(slots=True)
class ShownStory:
    """One story of a frozen plan. `change` says how it differs from the version answered before: new, changed, same.

    `verdict` and `say` are the fields of the owner's form, `decision` is the answer once there is one.
    """

    item: Snapshot
    currency: str
    change: str = ""
    differences: list[Difference] = field(default_factory=list)
    decision: StoryDecision | None = None
    verdict: BoundField | None = None
    say: BoundField | None = None
    is_carried: bool = False
    conditions: list[ApprovalCondition] = field(default_factory=list)

    @property
    def pk(self) -> int:
        pk: int = self.item["id"]
        return pk

    @property
    def kind(self) -> str:
        return str(StoryKind(self.item["kind"]).label)

    @property
    def why(self) -> str:
        """The hypothesis in one sentence; for a story without one, what its reader wants."""
        return _belief(self.item["hypothesis"], self.currency) if self.item["hypothesis"] else _wish(self.item)

    @property
    def brief(self) -> Snapshot | None:
        brief: Snapshot | None = self.item["brief"]
        return brief

    @property
    def window(self) -> tuple[date, date] | None:
        return _dates(self.brief["window"]) if self.brief else None

    @property
    def looked_at(self) -> date | None:
        """The day on which the hypothesis is judged."""
        hypothesis = self.item["hypothesis"]
        return date.fromisoformat(hypothesis["check_date"]) if hypothesis else None

    @property
    def cost(self) -> Decimal:
        return Decimal(self.brief["cost"]) if self.brief else Decimal(0)

    @property
    def expected(self) -> tuple[Decimal, Decimal]:
        """Revenue, at least and at most; two zeros where none is promised."""
        low, high = self.brief["expected"] if self.brief else (0, 0)
        return Decimal(low), Decimal(high)

    @property
    def content(self) -> Mapping[str, str] | None:
        return self.item.get("content")


@dataclass(slots=True)
class ShownItem:
    """One goal or principle of a frozen version; fields and answer as in `ShownStory`."""

    item: Snapshot
    currency: str
    change: str = ""
    differences: list[Difference] = field(default_factory=list)
    decision: ItemDecision | None = None
    verdict: BoundField | None = None
    say: BoundField | None = None
    is_carried: bool = False

    @property
    def pk(self) -> int:
        pk: int = self.item["id"]
        return pk

    @property
    def said(self) -> list[tuple[str, str]]:
        """Label and words of what it says besides its title."""
        return said_of(self.item, self.currency)


@dataclass(slots=True)
class ShownPlan:
    """A request's frozen version, ready to be read."""

    request: ApprovalRequest
    stories: list[ShownStory]
    items: list[ShownItem] = field(default_factory=list)
    conditions: list[ApprovalCondition] = field(default_factory=list)
    before: ApprovalRequest | None = None
    since: PlanChanges = field(default_factory=PlanChanges)

    @property
    def currency(self) -> str:
        return str(self.request.snapshot["currency"])

    @property
    def sprint(self) -> Snapshot | None:
        sprint: Snapshot | None = self.request.snapshot.get("sprint")
        return sprint

    @property
    def days(self) -> tuple[date, date] | None:
        return _dates([self.sprint["start"], self.sprint["end"]]) if self.sprint else None

    @property
    def target(self) -> tuple[str, str, str] | None:
        """The KPI that the sprint by itself should move, from where, and to where."""
        target = self.request.snapshot.get("target")
        if not target:
            return None
        baseline, aim = (figure(target[name], target["unit"], self.currency) for name in ("baseline", "target"))
        return target["kpi"], baseline, aim

    @property
    def scale(self) -> ShownScale | None:
        goal = self.request.snapshot.get("goal")
        return _scale(goal, self.currency) if goal else None

    @property
    def decidable(self) -> list[ShownStory] | list[ShownItem]:
        """What is decided one by one, those carried over included."""
        return self.items or self.stories

    @property
    def asked(self) -> list[ShownStory]:
        return [story for story in self.stories if not story.is_carried]

    @property
    def carried(self) -> list[ShownStory]:
        return [story for story in self.stories if story.is_carried]

    @property
    def sends(self) -> list[ShownStory]:
        return [story for story in self.stories if story.brief]

    @property
    def offers(self) -> list[ShownStory]:
        return [story for story in self.sends if story.brief and story.brief["offer"].strip()]

    @property
    def cost(self) -> Decimal:
        return sum((story.cost for story in self.stories), Decimal(0))

    @property
    def expected(self) -> tuple[Decimal, Decimal]:
        lows, highs = zip(*(story.expected for story in self.stories), strict=True) if self.stories else ((), ())
        return sum(lows, Decimal(0)), sum(highs, Decimal(0))

    @property
    def people(self) -> int:
        """Those whom any send is for, each counted once."""
        counted: int = self.request.snapshot.get("people", 0)
        return counted

    @property
    def people_rate(self) -> float | None:
        """The share of all contacts."""
        contacts = self.request.snapshot.get("contacts", 0)
        return self.people / contacts if contacts else None

    @property
    def points(self) -> int:
        return sum(story.item["points"] or 0 for story in self.stories)

    @property
    def first_day(self) -> date | None:
        """The first day on which customers may hear from us."""
        return min((story.window[0] for story in self.sends if story.window), default=None)

    @property
    def content(self) -> Mapping[str, str] | None:
        """The finished mail, where one is asked about."""
        return self.stories[0].content if self.stories else None


def shown_plan(request: ApprovalRequest) -> ShownPlan:
    """What a request shows: its items, the answers given, and what is new since the version answered before.

    Four queries.
    """
    before = answered_before(request)
    limits = tolerance_of(policy_of(request.workspace))
    since = version_changes(before.snapshot, request.snapshot, limits) if before else PlanChanges()
    plan = plain_plan(request)
    conditions = list(request.conditions.select_related("met_by__user", "named__user").order_by("position"))
    plan.conditions = [condition for condition in conditions if condition.story_id is None]
    _answer_stories(plan, conditions)
    _answer_items(plan)
    for shown in plan.decidable:
        shown.change = _change(shown.pk, since) if before else ""
        shown.differences = since.changed[shown.pk].differences if shown.pk in since.changed else []
    plan.before, plan.since = before, since
    return plan


def _answer_stories(plan: ShownPlan, conditions: list[ApprovalCondition]) -> None:
    if not plan.stories:
        return
    decisions = {decision.story_id: decision for decision in plan.request.decisions.all()}
    for story in plan.stories:
        story.decision = decisions.get(story.pk)
        story.conditions = [condition for condition in conditions if condition.story_id == story.pk]


def _answer_items(plan: ShownPlan) -> None:
    if plan.items:
        decisions = {decision.item: decision for decision in plan.request.item_decisions.all()}
        for item in plan.items:
            item.decision = decisions.get(item.pk)


def plain_plan(request: ApprovalRequest) -> ShownPlan:
    """What a request shows by itself, without a query."""
    currency, carried = request.snapshot["currency"], set(request.carried)
    if request.is_strategy:
        items = [ShownItem(item, currency, is_carried=item["id"] in carried) for item in request.items]
        return ShownPlan(request, [], items)
    stories = [ShownStory(item, currency, is_carried=item["id"] in carried) for item in request.items]
    return ShownPlan(request, stories)


def decided_by_words(request: ApprovalRequest) -> str:
    """Who answered, and in which way, where that is not plain: instead of the owner, or by silence."""
    if request.decided_via == DecidedVia.SILENCE:
        return _("%(name)s, by silence") % {"name": request.approver}
    if request.delegation is not None:
        return _("%(name)s for %(owner)s") % {"name": request.decided_by, "owner": request.delegation.giver}
    return str(request.decided_by or "")


def _change(pk: int, since: PlanChanges) -> str:
    if pk in since.added:
        return "new"
    return "changed" if pk in since.changed else "same"


def _belief(hypothesis: Snapshot, currency: str) -> str:
    unit = metric_unit(hypothesis["metric"])
    change, audience, because = (hypothesis[name].strip().rstrip(END) for name in ("change", "audience", "because"))
    return _(
        "%(change)s for %(audience)s should move the %(metric)s from %(baseline)s to %(expected)s. %(because)s."
    ) % {
        "change": capfirst(change),
        "audience": audience,
        "metric": _uncapitalised(metric_label(hypothesis["metric"])),
        "baseline": figure(hypothesis["baseline"], unit, currency),
        "expected": figure(hypothesis["expected"], unit, currency),
        "because": capfirst(because),
    }


def _wish(item: Snapshot) -> str:
    if not (item["as_a"] and item["i_want"]):
        return ""
    return _("As a %(as_a)s, I want %(i_want)s, so that %(so_that)s.") % {
        name: item[name].strip().rstrip(END) for name in ("as_a", "i_want", "so_that")
    }


def _uncapitalised(label: str) -> str:
    """A label in the middle of a sentence; abbreviations such as “RFM” stay."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _dates(days: list[str]) -> tuple[date, date]:
    return date.fromisoformat(days[0]), date.fromisoformat(days[1])


def _scale(goal: dict[str, Any], currency: str) -> ShownScale:
    baseline, target, current = goal["baseline"], goal["target"], goal["current"]
    reached = 0.0 if current is None else (current - baseline) / (target - baseline)
    return ShownScale(
        kpi=goal["kpi"],
        baseline=figure(baseline, goal["unit"], currency),
        target=figure(target, goal["unit"], currency),
        start=date.fromisoformat(goal["start"]),
        due=date.fromisoformat(goal["due"]),
        now="" if current is None else figure(current, goal["unit"], currency),
        at=f"{min(1.0, max(0.0, reached)):.2%}",
    )
