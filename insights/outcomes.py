"""What came of a story, measured and judged at one moment, without being written down."""

from dataclasses import dataclass
from datetime import datetime

from emailops.lib.statistics import Estimate
from insights.verdicts import Judged, judge
from sprints.metrics import StoryMetric, metrics
from sprints.models import Hypothesis, Story
from strategy.figures import figure


@dataclass(frozen=True, slots=True)
class Measured:
    """A hypothesis beside what was measured of its metric, and the verdict."""

    hypothesis: Hypothesis
    metric: StoryMetric
    estimate: Estimate
    judged: Judged
    currency: str

    @property
    def promised(self) -> tuple[str, str]:
        """From where to where, in words."""
        return self._said(self.hypothesis.baseline), self._said(self.hypothesis.expected)

    @property
    def came(self) -> str:
        return self._said(self.estimate.value)

    @property
    def interval(self) -> tuple[str, str]:
        return self._said(self.estimate.low), self._said(self.estimate.high)

    def _said(self, value: float) -> str:
        return figure(value, self.metric.unit, self.currency)


def measured(story: Story, now: datetime) -> Measured | None:
    """None while nothing was sent, without a hypothesis, or when nothing installed measures its metric."""
    hypothesis = getattr(story, "hypothesis", None)
    metric = metrics().get(hypothesis.metric) if hypothesis else None
    estimate = metric.take(story, now) if metric else None
    if hypothesis is None or metric is None or estimate is None:
        return None
    workspace = story.workspace
    today = now.astimezone(workspace.zone).date()
    judged = judge(hypothesis, estimate, unit=metric.unit, currency=workspace.currency, today=today)
    return Measured(hypothesis, metric, estimate, judged, workspace.currency)
