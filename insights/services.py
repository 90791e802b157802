"""Verbs of measuring: a story's outcome, a sprint's, and everything that is due."""

from datetime import datetime, timedelta

from django.db import transaction

from insights import facts
from insights.measures import runs_of
from insights.verdicts import judge
from sprints.metrics import metrics
from sprints.models import Sprint, Story, StoryOutcome
from sprints.services.retros import record_outcome
from strategy.services import measure_everything
from workspaces.audit import record
from workspaces.models import Member

STILL_MOVING = timedelta(days=30)  # after the day of judgement a verdict is measured no more by itself


def measure_story(*, story: Story, now: datetime) -> StoryOutcome | None:
    """Measure what came of a story and judge it. None while nothing was sent or no hypothesis was written.

    Measuring again replaces the outcome; with the same facts it comes out the same.
    """
    hypothesis = getattr(story, "hypothesis", None)
    metric = metrics().get(hypothesis.metric) if hypothesis else None
    if hypothesis is None or metric is None:
        return None
    estimate = metric.take(story, now)
    if estimate is None:
        return None
    workspace = story.workspace
    today = now.astimezone(workspace.zone).date()
    judged = judge(hypothesis, estimate, unit=metric.unit, currency=workspace.currency, today=today)
    credited = facts.credited_to(workspace, runs_of(story), now)
    return record_outcome(
        story=story,
        estimate=estimate,
        metric=metric.key,
        verdict=judged.verdict,
        reason=judged.reason,
        revenue=credited.revenue,
        now=now,
    )


@transaction.atomic
def measure_sprint(*, sprint: Sprint, by: Member, now: datetime) -> int:
    """Measure all stories of a sprint on demand. Returns how many have an outcome now."""
    outcomes = [measure_story(story=story, now=now) for story in sprint.stories.with_plan().order_by("pk")]
    measured = sum(outcome is not None for outcome in outcomes)
    record("sprint.measured", sprint, by=by, now=now, stories=measured)
    return measured


def fold(now: datetime) -> None:
    """Everything that is measured by itself: KPI readings, and the outcomes of stories whose sends are recent."""
    measure_everything(now=now)
    recent = Story.objects.with_plan().filter(
        campaigns__launched_at__isnull=False, hypothesis__check_date__gte=(now - STILL_MOVING).date()
    )
    for story in recent.order_by("pk").distinct():
        measure_story(story=story, now=now)
