"""Verbs on many stories of the backlog at once, each with a way back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from emailops.lib.ranks import rank_between
from sprints.broadcast import tell_backlog
from sprints.models import BulkChange, Label, ScopeChange, Sprint, Story, StoryKind, StoryStatus
from sprints.ordering import LONGEST_RANK, neighbours, one_at_a_time, rank_at_end, rank_on_top, respace
from sprints.scope import log_scope
from sprints.services.bulk_labels import label_values, put_label, restore_label, take_label
from sprints.services.labels import make_label
from sprints.services.stories import StoryRefused, drop_story, plan_story, rewrite_story
from sprints.telling import tell_planned
from strategy.models import Goal
from workspaces.audit import record
from workspaces.models import Member, Workspace

MOST_AT_ONCE = 200
UNDO_WITHIN = timedelta(hours=1)  # later others have planned with what was changed


class Action(models.TextChoices):
    """What can be done to many stories."""

    TOP = "top"
    BOTTOM = "bottom"
    GOAL = "goal"
    KIND = "kind"
    ASSIGNEE = "assignee"
    LABEL = "label"
    UNLABEL = "unlabel"
    SPRINT = "sprint"
    DROP = "drop"


PLANNING = frozenset({Action.SPRINT, Action.DROP})
"""Actions of those who plan; the others are for everybody who writes stories."""

LABELLING = frozenset({Action.LABEL, Action.UNLABEL})

CHANGED = {
    Action.TOP: ("rank",),
    Action.BOTTOM: ("rank",),
    Action.GOAL: ("goal_id",),
    Action.KIND: ("kind",),
    Action.ASSIGNEE: ("assignee_id",),
    Action.SPRINT: ("sprint_id", "rank"),
    Action.DROP: ("dropped_at",),
}


@dataclass(frozen=True, slots=True)
class Bulk:
    """What to do, and to what end: None takes the goal or the person away. A `new_label` is made on the fly."""

    action: Action
    sprint: Sprint | None = None
    goal: Goal | None = None
    kind: StoryKind | None = None
    assignee: Member | None = None
    label: Label | None = None
    new_label: str = ""


@transaction.atomic
def change_many(*, workspace: Workspace, stories: Sequence[int], bulk: Bulk, by: Member, now: datetime) -> BulkChange:
    """Do one thing to many stories, by their ids, all or nothing. Those that have left the backlog stay as they are.

    Raises `StoryRefused` for none, too many, or what a single story would be refused.
    """
    if len(set(stories)) > MOST_AT_ONCE:
        raise StoryRefused(_("Choose at most %(most)d stories at once.") % {"most": MOST_AT_ONCE})
    one_at_a_time(workspace.pk)
    found = list(
        Story.objects.for_workspace(workspace).in_backlog().filter(pk__in=stories).ranked().select_related("workspace")
    )
    if not found:
        raise StoryRefused(_("Choose at least one story of the backlog."))
    before = _values(found, bulk.action)
    _DO[bulk.action](found, bulk, by, now)
    tell_backlog(workspace)
    after = _values(Story.objects.filter(pk__in=[story.pk for story in found]), bulk.action)
    return BulkChange.objects.create(workspace=workspace, action=bulk.action, before=before, after=after, by=by, at=now)


def _values(stories: "Sequence[Story] | models.QuerySet[Story]", action: Action) -> dict[str, dict[str, Any]]:
    if action in LABELLING:
        return label_values(stories)
    return {str(story.pk): {name: _plain(getattr(story, name)) for name in CHANGED[action]} for story in stories}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _to_top(stories: list[Story], bulk: Bulk, by: Member, now: datetime) -> None:
    others = neighbours(stories[0].workspace, None).exclude(pk__in=[story.pk for story in stories])
    rank = ""
    for story in reversed(stories):
        rank = rank_between("", rank) if rank else rank_on_top(others)
        _ranked(story, rank, by, now)
    _short_ranks(stories)


def _to_bottom(stories: list[Story], bulk: Bulk, by: Member, now: datetime) -> None:
    others = neighbours(stories[0].workspace, None).exclude(pk__in=[story.pk for story in stories])
    rank = ""
    for story in stories:
        rank = rank_between(rank, "") if rank else rank_at_end(others)
        _ranked(story, rank, by, now)
    _short_ranks(stories)


def _ranked(story: Story, rank: str, by: Member, now: datetime) -> None:
    story.rank, story.updated_at = rank, now
    story.save(update_fields=["rank", "updated_at"])
    record("story.ordered", story, by=by, now=now)


def _short_ranks(stories: list[Story]) -> None:
    if any(len(story.rank) > LONGEST_RANK for story in stories):
        respace(neighbours(stories[0].workspace, None))


def _rewrite(stories: list[Story], bulk: Bulk, by: Member, now: datetime) -> None:
    value = getattr(bulk, bulk.action)
    if bulk.action == Action.KIND and value is None:
        raise StoryRefused(_("Choose a kind."))
    for story in stories:
        rewrite_story(story=story, by=by, now=now, **{bulk.action.value: value})


def _label(stories: list[Story], bulk: Bulk, by: Member, now: datetime) -> None:
    label = bulk.label
    if bulk.new_label.strip() and bulk.action == Action.LABEL:
        label = make_label(workspace=stories[0].workspace, name=bulk.new_label, by=by, now=now)
    if label is None:
        raise StoryRefused(_("Choose a label."), fields={"label": [_("Choose one.")]})
    (put_label if bulk.action == Action.LABEL else take_label)(stories, label, by, now)


def _plan(stories: list[Story], bulk: Bulk, by: Member, now: datetime) -> None:
    if bulk.sprint is None:
        raise StoryRefused(_("Choose a sprint that is not closed."))
    for story in stories:
        plan_story(story=story, sprint=bulk.sprint, by=by, now=now)


def _drop(stories: list[Story], bulk: Bulk, by: Member, now: datetime) -> None:
    for story in stories:
        drop_story(story=story, by=by, now=now)


_DO: dict[Action, Callable[[list[Story], Bulk, Member, datetime], None]] = {
    Action.TOP: _to_top,
    Action.BOTTOM: _to_bottom,
    Action.GOAL: _rewrite,
    Action.KIND: _rewrite,
    Action.ASSIGNEE: _rewrite,
    Action.LABEL: _label,
    Action.UNLABEL: _label,
    Action.SPRINT: _plan,
    Action.DROP: _drop,
}


@transaction.atomic
def undo_change(*, change: BulkChange, by: Member, now: datetime) -> int:
    """Take back what was done to many, and say to how many. What was changed again since then stays.

    Repeating changes nothing. Raises `StoryRefused` for another person, and after an hour.
    """
    one_at_a_time(change.workspace_id)
    change = BulkChange.objects.select_for_update().get(pk=change.pk)
    if change.by_id != by.pk:
        raise StoryRefused(_("Only the person who did this can take it back."))
    if change.undone_at is not None:
        return 0
    if now - change.at > UNDO_WITHIN:
        raise StoryRefused(
            _("This was done more than an hour ago. Others have worked with it since: change it by hand.")
        )
    found = Story.objects.for_workspace(change.workspace).filter(pk__in=[int(pk) for pk in change.after])
    restored = [story for story in found.select_related("sprint", "workspace") if _restore(story, change, by, now)]
    change.undone_at = now
    tell_backlog(change.workspace)
    change.save(update_fields=["undone_at"])
    return len(restored)


def _restore(story: Story, change: BulkChange, by: Member, now: datetime) -> bool:
    action, before = Action(change.action), change.before[str(story.pk)]
    if action in LABELLING:
        return restore_label(story, change, by, now)
    if _values([story], action)[str(story.pk)] != change.after[str(story.pk)] or before == change.after[str(story.pk)]:
        return False
    if action in {Action.GOAL, Action.KIND, Action.ASSIGNEE}:
        rewrite_story(story=story, by=by, now=now, **_values_again(action, before))
    elif action == Action.SPRINT:
        return _back_to_backlog(story, before["rank"], by, now)
    elif action == Action.DROP:
        Story.objects.filter(pk=story.pk).update(dropped_at=None, updated_at=now)
        record("story.planned", story, by=by, now=now, sprint=None)
        tell_planned(story, None, by, now)
    else:
        _ranked(story, before["rank"], by, now)
    return True


def _values_again(action: Action, before: dict[str, Any]) -> dict[str, Any]:
    if action == Action.KIND:
        return {"kind": before["kind"]}
    if action == Action.GOAL:
        return {"goal": Goal.objects.filter(pk=before["goal_id"]).first()}
    return {"assignee": Member.objects.filter(pk=before["assignee_id"]).first()}


def _back_to_backlog(story: Story, rank: str, by: Member, now: datetime) -> bool:
    """Out of the sprint to where it stood, unless the sprint is over or the story is done."""
    if story.status == StoryStatus.DONE or (story.sprint and story.sprint.is_over):
        return False
    log_scope(story, ScopeChange.REMOVED, -(story.points or 0), by, now)
    left = story.sprint
    story.sprint, story.rank, story.updated_at = None, rank, now
    story.save(update_fields=["sprint", "rank", "updated_at"])
    record("story.planned", story, by=by, now=now, sprint=None)
    tell_planned(story, left, by, now)
    return True
