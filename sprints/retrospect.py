"""What a retrospective looks at: what was promised, what came of it, and how long the team waited.

A promise is what the owner approved, as it stood then; moving the goal afterwards does not move it, but is shown.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property, partial
from itertools import pairwise

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from sprints.metrics import metric_label, metric_unit
from sprints.models import (
    YES,
    ApprovalRequest,
    ApprovalState,
    OutcomeVerdict,
    ScopeChange,
    Sprint,
    SprintState,
    Story,
    StoryDecision,
    StoryOutcome,
    StoryQuerySet,
    StoryStatus,
)
from sprints.plan_changes import Tolerance, hypothesis_changes, story_changes
from sprints.ranges import money_between
from sprints.snapshot import Difference, Snapshot, brief_words, hypothesis_snapshot, story_words
from strategy.figures import figure
from workspaces.templatetags.ui import money

SPRINTS_SHOWN = 6
"""As many as the chart of planned and delivered points shows."""

Money = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class PromisedMetric:
    """What a story was to move, in words."""

    label: str
    baseline: str
    expected: str
    check_date: date


@dataclass(frozen=True, slots=True)
class RetroStory:
    """What a story promised and what came. `moved` says what of it was changed after the owner approved it.

    `has_left`: it was in the sprint while that ran, and is not any more. `people_promised` is for how many the owner
    approved a send.
    """

    story: Story
    currency: str
    hypothesis: Snapshot | None
    revenue_promised: Money | None
    is_approved: bool
    has_left: bool
    moved: list[Difference] = field(default_factory=list)
    people_promised: int | None = None

    @property
    def outcome(self) -> StoryOutcome | None:
        return getattr(self.story, "outcome", None)

    @property
    def promised(self) -> PromisedMetric | None:
        if self.hypothesis is None:
            return None
        key = self.hypothesis["metric"]
        shown = {n: figure(self.hypothesis[n], metric_unit(key), self.currency) for n in ("baseline", "expected")}
        return PromisedMetric(metric_label(key), check_date=date.fromisoformat(self.hypothesis["check_date"]), **shown)

    @property
    def came(self) -> str:
        return self._measured(self.outcome.value) if self.outcome else ""

    @property
    def interval(self) -> tuple[str, str] | None:
        outcome = self.outcome
        if outcome is None or outcome.low is None or outcome.high is None:
            return None
        return self._measured(outcome.low), self._measured(outcome.high)

    def _measured(self, value: float) -> str:
        return figure(value, metric_unit(self.outcome.metric), self.currency) if self.outcome else ""

    @property
    def revenue_plot(self) -> tuple[float, float, float | None] | None:
        """The promised range of revenue, and what came, as a picture needs them."""
        if self.revenue_promised is None:
            return None
        low, high = self.revenue_promised
        return float(low), float(high), float(self.outcome.revenue) if self.outcome else None

    @property
    def revenue_words(self) -> str:
        """The picture in words."""
        if self.revenue_promised is None:
            return ""
        promised = money_between(*self.revenue_promised, self.currency)
        if self.outcome is None:
            return _("%(promised)s promised") % {"promised": promised}
        came = money(self.outcome.revenue, self.currency)
        return _("%(promised)s promised, %(came)s came") % {"promised": promised, "came": came}

    @property
    def revenue_tone(self) -> str:
        """Whether the revenue came out inside the promised range, above or below it."""
        if self.outcome is None or self.revenue_promised is None:
            return ""
        low, high = self.revenue_promised
        return "bad" if self.outcome.revenue < low else "ok" if self.outcome.revenue > high else "accent"


@dataclass(frozen=True)
class RetroFigures:
    """A sprint in numbers. Forecasts are those of stories that have an outcome by now.

    `approved` is the plan to which the owner said yes last, as it was shown.
    """

    sprint: Sprint
    stories: list[RetroStory]
    waits: list[timedelta]
    approved: Snapshot | None = None

    @property
    def days(self) -> tuple[date, date]:
        return self.sprint.start_date, self.sprint.end_date

    @property
    def committed(self) -> int:
        """Points the team committed to; of a sprint that has not started, those planned."""
        planned = sum(line.story.points or 0 for line in self._inside)
        return planned if self.sprint.committed_points is None else self.sprint.committed_points

    @property
    def delivered(self) -> int:
        if self.sprint.delivered_points is not None:
            return self.sprint.delivered_points
        return sum(line.story.points or 0 for line in self._inside if line.story.status == StoryStatus.DONE)

    @property
    def delivered_rate(self) -> float:
        return self.delivered / self.committed if self.committed else 0.0

    @cached_property
    def _inside(self) -> list[RetroStory]:
        return [line for line in self.stories if not line.has_left]

    @property
    def forecasts(self) -> list[RetroStory]:
        """The stories that promised something, or of which something came."""
        return [line for line in self.stories if line.hypothesis or line.outcome]

    @property
    def others(self) -> list[RetroStory]:
        """The stories of which nothing was to be measured."""
        return [line for line in self.stories if not (line.hypothesis or line.outcome)]

    @cached_property
    def outcomes(self) -> list[StoryOutcome]:
        return [line.outcome for line in self._inside if line.outcome is not None]

    def count(self, *verdicts: OutcomeVerdict) -> int:
        return sum(outcome.verdict in verdicts for outcome in self.outcomes)

    @property
    def held(self) -> int:
        return self.count(OutcomeVerdict.REACHED)

    @property
    def partly(self) -> int:
        return self.count(OutcomeVerdict.PARTLY)

    @property
    def missed(self) -> int:
        return self.count(OutcomeVerdict.NOT_REACHED)

    @property
    def unclear(self) -> int:
        return self.count(OutcomeVerdict.UNCLEAR)

    @property
    def judged(self) -> int:
        """Forecasts of which it is known whether they held."""
        return len(self.outcomes) - self.unclear

    @property
    def revenue(self) -> Decimal | None:
        return sum((outcome.revenue for outcome in self.outcomes), Decimal(0)) if self.outcomes else None

    @property
    def promised(self) -> Money | None:
        ranges = [line.revenue_promised for line in self._inside if line.revenue_promised]
        if not ranges:
            return None
        return sum((low for low, _high in ranges), Decimal(0)), sum((high for _low, high in ranges), Decimal(0))

    @cached_property
    def revenue_end(self) -> float:
        """The end of an axis from nothing that holds every promise and every outcome; 0 when there is none."""
        ends = [line.revenue_promised[1] for line in self.stories if line.revenue_promised]
        return float(max([*ends, *(outcome.revenue for outcome in self.outcomes)], default=0))

    @property
    def answers(self) -> int:
        """How often the owner answered."""
        return len(self.waits)

    @property
    def waited_days(self) -> float | None:
        """From asking to answering, taken together; None without an answer."""
        return sum(self.waits, timedelta()) / timedelta(days=1) if self.waits else None


def retro_figures(sprints: Sequence[Sprint], *, with_changes: bool = True) -> list[RetroFigures]:
    """Each sprint in numbers, in the order given. Six queries, however many. The sprints need their workspace.

    Without changes, for a list of many, nobody looks for what was altered after approval: `moved` stays empty.
    """
    answered = _answered(sprints)
    words = Story.objects.with_words() if with_changes else Story.objects.select_related("hypothesis", "brief")
    stories = _stories_of(sprints, words)
    promises = {sprint.pk: _promises(answered[sprint.pk]) for sprint in sprints}
    return [
        RetroFigures(
            sprint,
            [_line(story, sprint, promises[sprint.pk], with_changes) for story in stories[sprint.pk]],
            _waits(answered[sprint.pk]),
            next((asked.snapshot for asked in reversed(answered[sprint.pk]) if asked.verdict in YES), None),
        )
        for sprint in sprints
    ]


def _answered(sprints: Sequence[Sprint]) -> dict[int, list[ApprovalRequest]]:
    decided = ApprovalRequest.objects.filter(sprint__in=sprints, state=ApprovalState.DECIDED).order_by("version")
    approved = StoryDecision.objects.filter(verdict__in=YES)
    found: dict[int, list[ApprovalRequest]] = defaultdict(list)
    for request in decided.prefetch_related(Prefetch("decisions", queryset=approved, to_attr="approved")):
        found[request.sprint_id or 0].append(request)
    return found


def _stories_of(sprints: Sequence[Sprint], words: StoryQuerySet) -> dict[int, list[Story]]:
    """The stories of each sprint in their order, then those that were in it while it ran and left."""
    entered = Q(scope_log__sprint__in=sprints, scope_log__change__in=[ScopeChange.COMMITTED, ScopeChange.ADDED])
    places = set(Story.objects.filter(entered).values_list("pk", "scope_log__sprint_id"))
    places |= set(Story.objects.filter(sprint__in=sprints).values_list("pk", "sprint_id"))
    stories = words.select_related("outcome").filter(pk__in={pk for pk, _sprint in places})
    by_pk = {story.pk: story for story in stories}
    found: dict[int, list[Story]] = defaultdict(list)
    for pk, sprint_pk in places:
        found[sprint_pk].append(by_pk[pk])
    for sprint_pk, members in found.items():
        members.sort(key=partial(_place_in, sprint_pk))
    return found


def _place_in(sprint_pk: int, story: Story) -> tuple[bool, str, int]:
    return story.sprint_id != sprint_pk, story.rank, story.pk


def _promises(answered: list[ApprovalRequest]) -> dict[int, Snapshot]:
    """What the owner approved of each story, as it was shown; a newer version takes the place of an older one."""
    found: dict[int, Snapshot] = {}
    for request in answered:
        approved = {decision.story_id for decision in request.approved}  # type: ignore[attr-defined]  # prefetched
        found |= {item["id"]: item for item in request.items if item["id"] in approved}
    return found


def _line(story: Story, sprint: Sprint, promises: dict[int, Snapshot], with_changes: bool) -> RetroStory:
    approved = promises.get(story.pk)
    hypothesis = getattr(story, "hypothesis", None)
    current = hypothesis_snapshot(hypothesis) if hypothesis else None
    currency = sprint.workspace.currency
    return RetroStory(
        story,
        currency,
        hypothesis=approved["hypothesis"] if approved else current,
        revenue_promised=_revenue_approved(approved) if approved else _revenue_planned(story),
        is_approved=approved is not None,
        has_left=story.sprint_id != sprint.pk,
        moved=_moved(approved, story, sprint) if approved and with_changes else [],
        people_promised=approved["brief"]["people"] if approved and approved["brief"] else None,
    )


def _moved(approved: Snapshot, story: Story, sprint: Sprint) -> list[Difference]:
    """What is not as it was approved; of a story that left, the promise alone: the rest is the next sprint's."""
    currency, now = sprint.workspace.currency, story_words(story)
    if story.sprint_id != sprint.pk:
        return hypothesis_changes(approved["hypothesis"], now["hypothesis"], currency)
    brief = getattr(story, "brief", None)
    # A mail's text is approved by itself; the number of people is compared with what was sent.
    before = {name: part for name, part in approved.items() if name != "content"}
    return story_changes(before, {**now, "brief": brief_words(brief) if brief else None}, currency, Tolerance())


def _revenue_approved(item: Snapshot) -> Money | None:
    if not item["brief"]:
        return None
    low, high = item["brief"]["expected"]
    return _money(Decimal(low), Decimal(high))


def _revenue_planned(story: Story) -> Money | None:
    brief = getattr(story, "brief", None)
    return _money(brief.expected_low, brief.expected_high) if brief else None


def _money(low: Decimal, high: Decimal) -> Money | None:
    return (low, high) if high else None


def _waits(answered: list[ApprovalRequest]) -> list[timedelta]:
    return [request.decided_at - request.requested_at for request in answered if request.decided_at]


def recent_sprints(sprint: Sprint) -> list[Sprint]:
    """The closed sprints up to this one, oldest first, as many as the chart shows."""
    closed = Sprint.objects.for_workspace(sprint.workspace).closed().filter(number__lte=sprint.number)
    return list(closed.order_by("-number")[:SPRINTS_SHOWN])[::-1]


def more_than_last(sprint: Sprint, recent: Sequence[Sprint]) -> int | None:
    """Points delivered beyond those of the closed sprint before; None when one of the two is not closed."""
    if sprint.state != SprintState.CLOSED:
        return None
    steps = {b.pk: (b.delivered_points or 0) - (a.delivered_points or 0) for a, b in pairwise(recent)}
    return steps.get(sprint.pk)
