"""What the owner approved last time, and what came of it: read before the next yes."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from sprints.models import (
    YES,
    ApprovalRequest,
    ApprovalState,
    OutcomeVerdict,
    Sprint,
    SprintState,
    StoryOutcome,
)


@dataclass(frozen=True, slots=True)
class LastPromise:
    """The last closed sprint with an approved plan: its goal, what it promised, and how its hypotheses ended."""

    sprint: Sprint
    goal_sentence: str
    expected: tuple[Decimal, Decimal]
    currency: str
    outcomes: dict[str, int]

    @property
    def reached(self) -> int:
        return self.outcomes.get(OutcomeVerdict.REACHED, 0)

    @property
    def partly(self) -> int:
        return self.outcomes.get(OutcomeVerdict.PARTLY, 0)

    @property
    def missed(self) -> int:
        return self.outcomes.get(OutcomeVerdict.NOT_REACHED, 0)

    @property
    def unclear(self) -> int:
        return self.outcomes.get(OutcomeVerdict.UNCLEAR, 0)

    @property
    def is_measured(self) -> bool:
        return bool(self.outcomes)


def last_promise(request: ApprovalRequest) -> LastPromise | None:
    """The promise before this sprint's; None for anything but a sprint, or when there was none. Two queries."""
    if request.sprint is None:
        return None
    answered = ApprovalRequest.objects.filter(
        workspace=request.workspace_id,
        state=ApprovalState.DECIDED,
        sprint__state=SprintState.CLOSED,
        sprint__number__lt=request.sprint.number,
    )
    last = answered.select_related("sprint").order_by("-sprint__number", "-version").first()
    if last is None or last.sprint is None:
        return None
    pks = set(last.decisions.filter(verdict__in=YES).values_list("story", flat=True)) | set(last.carried)
    briefs = [item["brief"] for item in last.items if item["id"] in pks and item["brief"]]
    return LastPromise(
        last.sprint,
        last.snapshot["sprint"]["goal_sentence"],
        (_sum(briefs, 0), _sum(briefs, 1)),
        last.snapshot["currency"],
        dict(Counter(StoryOutcome.objects.filter(story__in=pks).values_list("verdict", flat=True))),
    )


def _sum(briefs: list[dict[str, list[str]]], end: int) -> Decimal:
    return sum((Decimal(brief["expected"][end]) for brief in briefs), Decimal(0))
