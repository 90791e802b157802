"""Verbs of measuring: a story's outcome, a sprint's, and everything that is due."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction

from insights import facts
from insights.measures import runs_of
from insights.outcomes import measured
from sprints.models import Sprint, Story, StoryOutcome
from sprints.services.retros import record_outcome
from strategy.services import measure_everything, measure_kpi
from workspaces.audit import record
from workspaces.models import Member, Workspace

logger = logging.getLogger(__name__)
STILL_MOVING = timedelta(days=30)  # after the day of judgement a verdict is measured no more by itself


def measure_story(*, story: Story, now: datetime) -> StoryOutcome | None:
    """Measure what came of a story and judge it. None while nothing was sent or no hypothesis was written.

    Measuring again replaces the outcome; with the same facts it comes out the same.
    """
    found = measured(story, now)
    if found is None:
        return None
    return record_outcome(
        story=story,
        estimate=found.estimate,
        metric=found.metric.key,
        verdict=found.judged.verdict,
        reason=found.judged.reason,
        revenue=facts.credited_to(story.workspace, runs_of(story), now).revenue,
        now=now,
    )


@transaction.atomic
def measure_sprint(*, sprint: Sprint, by: Member, now: datetime) -> int:
    """Measure all stories of a sprint on demand, and the KPI of its goal. Returns how many stories have an outcome."""
    outcomes = [measure_story(story=story, now=now) for story in sprint.stories.with_plan().order_by("pk")]
    kpi = sprint.goal.kpi if sprint.goal else None
    if kpi and kpi.source:
        measure_kpi(kpi=kpi, day=now.astimezone(sprint.workspace.zone).date(), now=now)
    found = sum(outcome is not None for outcome in outcomes)
    record("sprint.measured", sprint, by=by, now=now, stories=found)
    return found


def fold(now: datetime) -> None:
    """Everything that is measured by itself: KPI readings, and the outcomes of stories whose sends are recent."""
    for workspace in Workspace.objects.order_by("pk"):
        with _in_peace(workspace):
            measure_everything(now=now, workspace=workspace)
    recent = Story.objects.with_plan().filter(
        campaigns__launched_at__isnull=False, hypothesis__check_date__gte=(now - STILL_MOVING).date()
    )
    for story in recent.order_by("pk").distinct():
        with _in_peace(story):
            measure_story(story=story, now=now)


@contextmanager
def _in_peace(measured: Workspace | Story) -> Iterator[None]:
    """The bell's outermost loop: what is wrong with one business or story must not stop the others."""
    try:
        yield
    except Exception:
        logger.exception("%s %s could not be measured", type(measured).__name__, measured.pk)
