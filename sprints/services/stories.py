"""Verbs on stories: write, describe, order, move, drop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isclose, isfinite
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from audience.models import Segment
from emailops.lib.errors import DomainError
from sprints.blocking import clear_the_way, put_in_the_way
from sprints.broadcast import tell_story
from sprints.columns import columns_of, first_of
from sprints.metrics import StoryMetric, metrics
from sprints.models import (
    AcceptanceCriterion,
    Hypothesis,
    ScopeChange,
    SendBrief,
    Sprint,
    SprintState,
    Story,
    StoryStatus,
)
from sprints.ordering import (
    LONGEST_RANK,
    Place,
    neighbours,
    one_at_a_time,
    rank_after,
    rank_at_end,
    rank_before,
    rank_on_top,
    respace,
)
from sprints.scope import log_estimate, log_scope, record_move
from sprints.services.watching import follow
from sprints.telling import tell_assigned, tell_changed, tell_dropped, tell_planned
from strategy.models import Unit
from workspaces.audit import record
from workspaces.models import Member, Workspace

STORY_FIELDS = {
    "title", "as_a", "i_want", "so_that", "problem", "kind", "goal", "points", "assignee", "blocked_by",
}  # fmt: skip
MOST_CRITERIA = 20
MOST_POINTS = 100  # more than a sprint holds: such a story has to be split
LONGEST_CRITERION = 300
BET = ("metric", "baseline", "expected", "minimum_effect")
"""What must not be turned after the fact without a trace: the audit entry keeps it."""


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


@dataclass(frozen=True, slots=True)
class Parts:
    """What belongs to a story beside its own fields; None leaves a part as it is."""

    criteria: Sequence[str] | None = None
    belief: Belief | None = None
    brief: Brief | None = None


def locked_story(story: Story) -> Story:
    """The story as it stands now, with its sprint, until the transaction ends. Raises `StoryRefused` once closed."""
    one_at_a_time(story.workspace_id)
    found = Story.objects.select_related("sprint", "workspace").get(pk=story.pk)
    if found.sprint and found.sprint.is_over:
        raise StoryRefused(_("This sprint is closed: its stories stay as they were."))
    return found


@transaction.atomic
def save_story(
    *,
    workspace: Workspace,
    story: Story | None,
    fields: Mapping[str, Any],
    parts: Parts,
    by: Member,
    now: datetime,
    reason: str = "",
) -> Story:
    """Write a story (None: a new one) with its parts, all or nothing. Raises what the single verbs raise.

    `reason` says why it is estimated anew while its sprint runs.
    """
    if story is None:
        story = write_story(workspace=workspace, by=by, now=now, **fields)
    elif fields:
        rewrite_story(story=story, by=by, now=now, reason=reason, **fields)
    if parts.criteria is not None:
        set_criteria(story=story, texts=parts.criteria, by=by, now=now)
    if parts.belief is not None:
        set_hypothesis(story=story, belief=parts.belief, by=by, now=now)
    if parts.brief is not None:
        set_brief(story=story, brief=parts.brief, by=by, now=now)
    return story


@transaction.atomic
def write_story(*, workspace: Workspace, title: str, by: Member, now: datetime, **fields: Any) -> Story:
    """Put a new story at the top of the backlog. `fields` are those of `STORY_FIELDS`. Raises `StoryRefused`."""
    fields = checked_fields({"title": title, **fields})
    blocked_by = fields.pop("blocked_by", "")
    one_at_a_time(workspace.pk)
    last_number = Story.objects.for_workspace(workspace).aggregate(last=Max("number"))["last"] or 0
    story = Story.objects.create(
        workspace=workspace,
        number=last_number + 1,
        rank=rank_on_top(neighbours(workspace, None)),
        created_by=by,
        created_at=now,
        updated_at=now,
        **fields,
    )
    record("story.written", story, by=by, now=now)
    if blocked_by:
        put_in_the_way(story, blocked_by, None, by, now)
    follow(story, [by, story.assignee])
    tell_assigned(story, [story.assignee], by, now)
    tell_story(story)
    return story


def checked_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a story as they may be written, without spaces around texts. Raises `StoryRefused`."""
    unknown = set(fields) - STORY_FIELDS
    if unknown:
        raise TypeError(f"A story has no {', '.join(sorted(unknown))}")
    checked: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value for name, value in fields.items()
    }
    if not checked.get("title", "-"):
        raise StoryRefused(_("Give the story a title."), fields={"title": [_("Empty.")]})
    if (checked.get("points") or 0) > MOST_POINTS:
        raise StoryRefused(
            _("More than %(most)d points is too much for one story: split it.") % {"most": MOST_POINTS},
            fields={"points": [_("Too many.")]},
        )
    return checked


@transaction.atomic
def rewrite_story(*, story: Story, by: Member, now: datetime, reason: str = "", **changes: Any) -> None:
    """Change a story's own words and numbers. A new estimate in a running sprint goes into the scope log, with why.

    What stays the same is not written. Raises `StoryRefused`, also for a story of a closed sprint.
    """
    wanted = checked_fields(changes)
    found = locked_story(story)
    _block_or_free(found, wanted.pop("blocked_by", None), by, now)
    changed = {name: value for name, value in wanted.items() if getattr(found, name) != value}
    if not changed:
        return
    before, old_points = {name: _plain(getattr(found, name)) for name in changed}, found.points or 0
    for name, value in changed.items():
        setattr(found, name, value)
    found.updated_at = now
    found.save(update_fields=[*changed, "updated_at"])
    log_estimate(found, (found.points or 0) - old_points, by, now, reason=reason)
    after = {name: _plain(value) for name, value in changed.items()}
    record("story.rewritten", found, by=by, now=now, before=before, after=after)
    if "assignee" in changed:
        follow(found, [found.assignee])
    tell_changed(found, changed, by, now)
    tell_story(found)


def _block_or_free(story: Story, reason: str | None, by: Member, now: datetime) -> None:
    if reason:
        put_in_the_way(story, reason, None, by, now)
    elif reason is not None:
        clear_the_way(story, by, now)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float | bool) else str(value)


@transaction.atomic
def set_criteria(*, story: Story, texts: Sequence[str], by: Member, now: datetime) -> None:
    """Say what must be true before the story is done. A text that stays keeps its tick. Raises `StoryRefused`."""
    wanted = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    if len(wanted) > MOST_CRITERIA:
        raise StoryRefused(_("At most %(most)d criteria: split the story.") % {"most": MOST_CRITERIA})
    if any(len(text) > LONGEST_CRITERION for text in wanted):
        raise StoryRefused(_("A criterion is one sentence of at most %(most)d letters.") % {"most": LONGEST_CRITERION})
    story = locked_story(story)
    met = set(story.criteria.filter(is_met=True).values_list("text", flat=True))
    story.criteria.all().delete()
    AcceptanceCriterion.objects.bulk_create(
        AcceptanceCriterion(workspace=story.workspace, story=story, text=text, position=n, is_met=text in met)
        for n, text in enumerate(wanted)
    )
    record("story.criteria_set", story, by=by, now=now, criteria=wanted)
    tell_story(story)


@transaction.atomic
def tick_criterion(*, criterion: AcceptanceCriterion, is_met: bool, by: Member, now: datetime) -> None:
    """Mark a criterion as met or not. Repeating changes nothing. Raises `StoryRefused` once its sprint is closed."""
    story = locked_story(criterion.story)
    if AcceptanceCriterion.objects.filter(pk=criterion.pk, is_met=not is_met).update(is_met=is_met):
        record("story.criterion_ticked", story, by=by, now=now, text=criterion.text, is_met=is_met)
        tell_story(story)


@transaction.atomic
def set_hypothesis(*, story: Story, belief: Belief, by: Member, now: datetime) -> Hypothesis:
    """Write what we believe and how we will know.

    Raises `StoryRefused` for an unknown metric, figures that make no sense, a day to look that has passed, or a story
    of a closed sprint.
    """
    metric = metrics().get(belief.metric)
    if metric is None:
        raise StoryRefused(_("Choose what the story will move."), fields={"metric": [_("Unknown metric.")]})
    _require_figures(belief, metric)
    story = locked_story(story)
    before = Hypothesis.objects.filter(story=story).values(*BET, "check_date").first() or {}
    old_day = before.pop("check_date", None)
    if belief.check_date < now.astimezone(story.workspace.zone).date() and belief.check_date != old_day:
        raise StoryRefused(
            _("The day to look at the result has passed already."), fields={"check_date": [_("In the past.")]}
        )
    hypothesis, _created = Hypothesis.objects.update_or_create(
        story=story, defaults={"workspace": story.workspace, **_fields_of(belief)}
    )
    after = {name: getattr(belief, name) for name in BET}
    record("story.hypothesis_set", story, by=by, now=now, before=before or None, after=after)
    return hypothesis


def _require_figures(belief: Belief, metric: StoryMetric) -> None:
    highest = 1.0 if metric.unit == Unit.RATE else float("inf")
    for name in ("baseline", "expected", "minimum_effect"):
        figure = getattr(belief, name)
        if not (isfinite(figure) and 0 <= figure <= highest):
            said = _("A rate lies between 0% and 100%.") if metric.unit == Unit.RATE else _("Give a figure from 0 up.")
            raise StoryRefused(said, fields={name: [said]})
    change = abs(belief.expected - belief.baseline)
    if not change:
        raise StoryRefused(_("A hypothesis expects a change."), fields={"expected": [_("Equals the baseline.")]})
    if belief.minimum_effect > change and not isclose(belief.minimum_effect, change):
        raise StoryRefused(
            _("What you expect is less than the smallest effect worth it."),
            fields={"minimum_effect": [_("Larger than the change you expect.")]},
        )


@transaction.atomic
def set_brief(*, story: Story, brief: Brief, by: Member, now: datetime) -> SendBrief:
    """Say what will happen to customers.

    Raises `StoryRefused` for a window or expectation that is turned round, a negative amount, or a story of a closed
    sprint.
    """
    _require_brief(brief)
    story = locked_story(story)
    written, _created = SendBrief.objects.update_or_create(
        story=story, defaults={"workspace": story.workspace, **_fields_of(brief)}
    )
    record("story.brief_set", story, by=by, now=now, offer=brief.offer, cost=str(brief.cost), segment=brief.segment.pk)
    return written


def _require_brief(brief: Brief) -> None:
    if brief.window_end < brief.window_start:
        raise StoryRefused(_("The window ends before it starts."), fields={"window_end": [_("Before the start.")]})
    if brief.expected_high < brief.expected_low:
        raise StoryRefused(
            _("At most must not be less than at least."), fields={"expected_high": [_("Less than at least.")]}
        )
    for name in ("cost", "expected_low"):
        if getattr(brief, name) < 0:
            raise StoryRefused(_("An amount cannot be negative."), fields={name: [_("Negative.")]})


def _fields_of(written: Belief | Brief) -> dict[str, Any]:
    return {name: getattr(written, name) for name in written.__dataclass_fields__}


@transaction.atomic
def plan_story(*, story: Story, sprint: Sprint | None, by: Member, now: datetime, reason: str = "") -> None:
    """Put a story into a sprint, or back into the backlog, also one that was dropped. Repeating changes nothing.

    `reason` goes into the scope log of a sprint that runs.

    Raises `StoryRefused` for a closed sprint and for a story that is done.
    """
    story = locked_story(story)
    sprint = Sprint.objects.get(pk=sprint.pk) if sprint else None
    if sprint and sprint.is_over:
        raise StoryRefused(_("Sprint %(number)d is closed. Choose another one.") % {"number": sprint.number})
    if story.sprint == sprint and story.dropped_at is None:
        return
    if story.status == StoryStatus.DONE:
        raise StoryRefused(_("This story is done. Move it out of “Done” on the board first."))
    log_scope(story, ScopeChange.REMOVED, -(story.points or 0), by, now, reason=reason)
    place_story(story=story, sprint=sprint, by=by, now=now)
    log_scope(story, ScopeChange.ADDED, story.points or 0, by, now, reason=reason)


def place_story(*, story: Story, sprint: Sprint | None, by: Member, now: datetime) -> None:
    """Put a story at the end of a sprint, or on top of the backlog, without a line in the scope log."""
    others, left = neighbours(story.workspace, sprint).exclude(pk=story.pk), story.sprint
    story.rank = rank_at_end(others) if sprint else rank_on_top(others)
    story.sprint, story.dropped_at, story.updated_at = sprint, None, now
    story.save(update_fields=["sprint", "rank", "dropped_at", "updated_at"])
    where = {"sprint": sprint.pk, "number": sprint.number} if sprint else {"sprint": None}
    record("story.planned", story, by=by, now=now, **where)
    tell_planned(story, left, by, now)
    tell_story(story, left=left)


def move_story(
    *,
    story: Story,
    by: Member,
    now: datetime,
    status: StoryStatus | None = None,
    before: Story | None = None,
    reason: str = "",
) -> None:
    """Move a story to another group and, or, before another story (None: to the end). As `place_on_board`."""
    place_on_board(story=story, place=Place(status=status, before=before), by=by, now=now, reason=reason)


@transaction.atomic
def place_on_board(*, story: Story, place: Place, by: Member, now: datetime, reason: str = "") -> None:
    """Move a story to another column and, or, within its list. One row is rewritten.

    `reason` says in the scope log why a finished story is opened again.

    Raises `StoryRefused` for a story that was dropped or whose sprint is closed, for another state group while its
    sprint does not run, for a group without a column, and for a neighbour from another list.
    """
    story = locked_story(story)
    old, old_column = story.status, story.column_id
    story.column_id, new = _column_and_status(story, place)
    _require_movable(story, new)
    story.rank = _rank_at(story, place)
    story.status, story.updated_at = new, now
    story.done_at = (story.done_at or now) if new == StoryStatus.DONE else None
    story.save(update_fields=["rank", "status", "column", "updated_at", "done_at"])
    if len(story.rank) > LONGEST_RANK:
        respace(neighbours(story.workspace, story.sprint))
    record_move(story, (old, old_column), place.column, by, now, reason=reason)
    tell_story(story)


def _column_and_status(story: Story, place: Place) -> tuple[int | None, StoryStatus]:
    if place.column is not None:
        return place.column.pk, StoryStatus(place.column.status)
    if place.status is None or place.status == story.status:
        return story.column_id, StoryStatus(story.status)
    if first_of(columns_of(story.workspace), place.status) is None:
        raise StoryRefused(_("The board has no column for “%(group)s”.") % {"group": place.status.label})
    return None, place.status


def _require_movable(story: Story, new: StoryStatus) -> None:
    if story.dropped_at is not None:
        raise StoryRefused(_("This story was dropped. Put it back into the backlog first."))
    is_running = story.sprint is not None and story.sprint.state == SprintState.RUNNING
    if new != story.status and not is_running:
        said = _("Only the stories of a running sprint move on the board. Put it into the running sprint first.")
        raise StoryRefused(said)


def _rank_at(story: Story, place: Place) -> str:
    others = neighbours(story.workspace, story.sprint).exclude(pk=story.pk)
    neighbour = place.before or place.after
    if neighbour is None:
        return rank_at_end(others)
    found = others.filter(pk=neighbour.pk).first()
    if found is None:
        raise StoryRefused(_("“%(story)s” is no longer in this list. Load the page again.") % {"story": neighbour})
    return rank_before(others, found) if place.before else rank_after(others, found)


@transaction.atomic
def drop_story(*, story: Story, by: Member, now: datetime) -> None:
    """Take a story out of the backlog; it stays in the history and can be planned again. Repeating is harmless.

    Raises `StoryRefused` while it is in a sprint.
    """
    story = locked_story(story)
    if story.sprint_id is not None:
        raise StoryRefused(_("Take the story out of its sprint first."))
    if Story.objects.filter(pk=story.pk, dropped_at=None).update(dropped_at=now):
        record("story.dropped", story, by=by, now=now)
        tell_dropped(story, by, now)
        tell_story(story)
