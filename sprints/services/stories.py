"""Verbs on stories: write, describe, order, move, drop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from audience.models import Segment
from emailops.lib.errors import DomainError
from emailops.lib.ranks import rank_between
from sprints.metrics import metrics
from sprints.models import (
    AcceptanceCriterion,
    Hypothesis,
    ScopeChange,
    ScopeEntry,
    SendBrief,
    Sprint,
    SprintState,
    Story,
    StoryStatus,
)
from workspaces.audit import record
from workspaces.models import Member, Workspace

STORY_FIELDS = {
    "title", "as_a", "i_want", "so_that", "problem", "kind", "goal", "points", "assignee", "blocked_by",
}  # fmt: skip
MOST_CRITERIA = 20


class StoryRefused(DomainError):
    """The story cannot be written or moved as asked."""

    code = "story_refused"


@dataclass(frozen=True, slots=True)
class Belief:
    """A hypothesis as it is written. Rates are fractions."""

    because: str
    change: str
    audience: str
    metric: str
    baseline: float
    expected: float
    minimum_effect: float
    check_date: date


@dataclass(frozen=True, slots=True)
class Brief:
    """A send brief as it is written. Amounts are in the workspace's currency."""

    segment: Segment
    window_start: date
    window_end: date
    offer: str = ""
    cost: Decimal = Decimal(0)
    expected_low: Decimal = Decimal(0)
    expected_high: Decimal = Decimal(0)


@transaction.atomic
def write_story(*, workspace: Workspace, title: str, by: Member, now: datetime, **fields: Any) -> Story:
    """Put a new story at the top of the backlog. `fields` are those of `STORY_FIELDS`."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)  # numbers are given one after the other
    stories = Story.objects.for_workspace(workspace)
    first = stories.in_backlog().ranked().values_list("rank", flat=True).first()
    last_number = stories.aggregate(last=Max("number"))["last"] or 0
    story = Story.objects.create(
        workspace=workspace,
        number=last_number + 1,
        title=title.strip(),
        rank=rank_between("", first or ""),
        created_by=by,
        created_at=now,
        updated_at=now,
        **_only_known(fields),
    )
    record("story.written", story, by=by, now=now)
    return story


def _only_known(fields: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - STORY_FIELDS
    if unknown:
        raise TypeError(f"A story has no {', '.join(sorted(unknown))}")
    return dict(fields)


@transaction.atomic
def rewrite_story(*, story: Story, by: Member, now: datetime, **changes: Any) -> None:
    """Change a story's own words and numbers. A new estimate in a running sprint goes into the scope log."""
    story = Story.objects.select_for_update().get(pk=story.pk)
    before = {name: _plain(getattr(story, name)) for name in _only_known(changes)}
    old_points = story.points or 0
    for name, value in changes.items():
        setattr(story, name, value)
    story.updated_at = now
    if "blocked_by" in changes:
        story.blocked_at = (story.blocked_at or now) if story.blocked_by else None
    story.save(update_fields=[*changes, "updated_at", "blocked_at"])
    difference = (story.points or 0) - old_points
    if difference:
        log_scope(story, ScopeChange.ESTIMATED, difference, by, now)
    record("story.rewritten", story, by=by, now=now, before=before)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float | bool) else str(value)


@transaction.atomic
def set_criteria(*, story: Story, texts: Sequence[str], by: Member, now: datetime) -> None:
    """Say what must be true before the story is done. A text that stays keeps its tick. Raises `StoryRefused`."""
    wanted = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    if len(wanted) > MOST_CRITERIA:
        raise StoryRefused(_("At most %(most)d criteria: split the story.") % {"most": MOST_CRITERIA})
    met = set(story.criteria.filter(is_met=True).values_list("text", flat=True))
    story.criteria.all().delete()
    AcceptanceCriterion.objects.bulk_create(
        AcceptanceCriterion(workspace=story.workspace, story=story, text=text, position=n, is_met=text in met)
        for n, text in enumerate(wanted)
    )
    record("story.criteria_set", story, by=by, now=now, criteria=wanted)


@transaction.atomic
def tick_criterion(*, criterion: AcceptanceCriterion, is_met: bool, by: Member, now: datetime) -> None:
    """Mark a criterion as met or not. Repeating changes nothing."""
    if AcceptanceCriterion.objects.filter(pk=criterion.pk, is_met=not is_met).update(is_met=is_met):
        record("story.criterion_ticked", criterion.story, by=by, now=now, text=criterion.text, is_met=is_met)


@transaction.atomic
def set_hypothesis(*, story: Story, belief: Belief, by: Member, now: datetime) -> Hypothesis:
    """Write what we believe and how we will know. Raises `StoryRefused` for an unknown metric or no change."""
    if belief.metric not in metrics():
        raise StoryRefused(_("Choose what the story will move."), fields={"metric": [_("Unknown metric.")]})
    if belief.expected == belief.baseline:
        raise StoryRefused(_("A hypothesis expects a change."), fields={"expected": [_("Equals the baseline.")]})
    if belief.minimum_effect < 0:
        raise StoryRefused(
            _("The smallest effect worth it is a size, not a direction."), fields={"minimum_effect": [_("Negative.")]}
        )
    before = Hypothesis.objects.filter(story=story).values("metric", "baseline", "expected", "minimum_effect").first()
    hypothesis, _created = Hypothesis.objects.update_or_create(
        story=story, defaults={"workspace": story.workspace, **_fields_of(belief)}
    )
    record("story.hypothesis_set", story, by=by, now=now, before=before)
    return hypothesis


@transaction.atomic
def set_brief(*, story: Story, brief: Brief, by: Member, now: datetime) -> SendBrief:
    """Say what will happen to customers. Raises `StoryRefused` for a window or expectation that is turned round."""
    if brief.window_end < brief.window_start:
        raise StoryRefused(_("The window ends before it starts."), fields={"window_end": [_("Before the start.")]})
    if brief.expected_high < brief.expected_low:
        raise StoryRefused(
            _("At most must not be less than at least."), fields={"expected_high": [_("Less than at least.")]}
        )
    if brief.cost < 0:
        raise StoryRefused(_("A cost cannot be negative."), fields={"cost": [_("Negative.")]})
    written, _created = SendBrief.objects.update_or_create(
        story=story, defaults={"workspace": story.workspace, **_fields_of(brief)}
    )
    record("story.brief_set", story, by=by, now=now, offer=brief.offer, cost=str(brief.cost), segment=brief.segment.pk)
    return written


def _fields_of(written: Belief | Brief) -> dict[str, Any]:
    return {name: getattr(written, name) for name in written.__dataclass_fields__}


@transaction.atomic
def plan_story(*, story: Story, sprint: Sprint | None, by: Member, now: datetime) -> None:
    """Put a story into a sprint, or back into the backlog. Raises `StoryRefused` for a closed sprint."""
    story = Story.objects.select_for_update(of=("self",)).select_related("sprint").get(pk=story.pk)
    if any(s is not None and s.state == SprintState.CLOSED for s in (story.sprint, sprint)):
        raise StoryRefused(_("A closed sprint is history: its stories stay as they were."))
    if story.sprint == sprint:
        return
    log_scope(story, ScopeChange.REMOVED, -(story.points or 0), by, now)
    place_story(story=story, sprint=sprint, by=by, now=now)
    log_scope(story, ScopeChange.ADDED, story.points or 0, by, now)


def place_story(*, story: Story, sprint: Sprint | None, by: Member, now: datetime) -> None:
    """Put a story at the end of a sprint or of the backlog without a line in the scope log."""
    story.sprint, story.rank, story.updated_at = sprint, _rank_at_end(story, sprint), now
    story.save(update_fields=["sprint", "rank", "updated_at"])
    record("story.planned", story, by=by, now=now, sprint=sprint.pk if sprint else None)


def _rank_at_end(story: Story, sprint: Sprint | None) -> str:
    siblings = Story.objects.for_workspace(story.workspace).filter(sprint=sprint, dropped_at=None)
    last = siblings.order_by("-rank", "-pk").values_list("rank", flat=True).first()
    return rank_between(last or "", "")


def log_scope(story: Story, change: ScopeChange, points: int, by: Member | None, now: datetime) -> None:
    """Add a line to the scope log, if the story is in a sprint that runs."""
    if story.sprint is not None and story.sprint.state == SprintState.RUNNING:
        ScopeEntry.objects.create(
            workspace=story.workspace, sprint=story.sprint, story=story, change=change, points=points, by=by, at=now
        )


@transaction.atomic
def move_story(
    *, story: Story, by: Member, now: datetime, status: StoryStatus | None = None, before: Story | None = None
) -> None:
    """Move a story to another column and, or, before another story (None: to the end). One row is rewritten.

    Raises `StoryRefused` for a story of a closed sprint.
    """
    story = Story.objects.select_for_update(of=("self",)).select_related("sprint").get(pk=story.pk)
    if story.sprint and story.sprint.state == SprintState.CLOSED:
        raise StoryRefused(_("This sprint is closed; its board no longer moves."))
    old = story.status
    story.rank = _rank_before(story, before)
    story.status = status or StoryStatus(story.status)
    story.updated_at = now
    story.done_at = (story.done_at or now) if story.status == StoryStatus.DONE else None
    story.save(update_fields=["rank", "status", "updated_at", "done_at"])
    if old != story.status:
        _log_done(story, old, by, now)
    record("story.moved", story, by=by, now=now, old=old, new=story.status)


def _rank_before(story: Story, before: Story | None) -> str:
    siblings = Story.objects.for_workspace(story.workspace).filter(sprint=story.sprint, dropped_at=None)
    others = siblings.exclude(pk=story.pk)
    if before is None:
        return rank_between(others.order_by("-rank", "-pk").values_list("rank", flat=True).first() or "", "")
    above = others.filter(rank__lt=before.rank).order_by("-rank", "-pk").values_list("rank", flat=True).first()
    return rank_between(above or "", before.rank)


def _log_done(story: Story, old: str, by: Member, now: datetime) -> None:
    points = story.points or 0
    if story.status == StoryStatus.DONE:
        log_scope(story, ScopeChange.DONE, points, by, now)
    elif old == StoryStatus.DONE:
        log_scope(story, ScopeChange.REOPENED, -points, by, now)


@transaction.atomic
def drop_story(*, story: Story, by: Member, now: datetime) -> None:
    """Take a story out of the backlog for good; it stays in the history. Repeating is harmless.

    Raises `StoryRefused` while it is in a sprint.
    """
    if story.sprint_id is not None:
        raise StoryRefused(_("Take the story out of its sprint first."))
    if Story.objects.filter(pk=story.pk, dropped_at=None).update(dropped_at=now):
        record("story.dropped", story, by=by, now=now)
