"""Verbs on sprints: open, change, start, close."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.models import SPRINT_MOVES, ScopeChange, Sprint, SprintState, Story, StoryStatus
from sprints.services.stories import log_scope, place_story
from workspaces.audit import record
from workspaces.models import Member, Workspace

LONGEST_DAYS = 28


class SprintRefused(DomainError):
    """The sprint cannot be opened, changed, started or closed as asked."""

    code = "sprint_refused"


@transaction.atomic
def open_sprint(
    *, workspace: Workspace, name: str, start_date: date, end_date: date, by: Member, now: datetime, **fields: Any
) -> Sprint:
    """Begin planning the next sprint. `fields` are other fields of `Sprint`. Raises `SprintRefused`."""
    _require_length(start_date, end_date)
    Workspace.objects.select_for_update().get(pk=workspace.pk)  # numbers are given one after the other
    last = Sprint.objects.for_workspace(workspace).aggregate(last=Max("number"))["last"] or 0
    sprint = Sprint.objects.create(
        workspace=workspace,
        number=last + 1,
        name=name.strip(),
        start_date=start_date,
        end_date=end_date,
        created_at=now,
        **fields,
    )
    record("sprint.opened", sprint, by=by, now=now)
    return sprint


def _require_length(start: date, end: date) -> None:
    days = (end - start).days + 1
    if not 1 <= days <= LONGEST_DAYS:
        raise SprintRefused(
            _("A sprint lasts from one day to four weeks; this one would last %(days)d days.") % {"days": days},
            fields={"end_date": [_("Between the first day and four weeks later.")]},
        )


@transaction.atomic
def change_sprint(*, sprint: Sprint, by: Member, now: datetime, **changes: Any) -> None:
    """Change a sprint that is not closed; the audit entry keeps what it was. Raises `SprintRefused`."""
    if sprint.state == SprintState.CLOSED:
        raise SprintRefused(_("A closed sprint is history."))
    before = {name: str(getattr(sprint, name)) for name in changes}
    for name, value in changes.items():
        setattr(sprint, name, value)
    _require_length(sprint.start_date, sprint.end_date)
    sprint.save(update_fields=list(changes))
    record("sprint.changed", sprint, by=by, now=now, before=before)


@transaction.atomic
def start_sprint(*, sprint: Sprint, by: Member, now: datetime) -> None:
    """Commit to the stories planned and begin. Repeating changes nothing.

    Raises `SprintRefused` if another one runs, or this one is empty or closed.
    """
    sprint = Sprint.objects.select_for_update().get(pk=sprint.pk)
    if sprint.state == SprintState.RUNNING:
        return
    _require_move(sprint, SprintState.RUNNING)
    if Sprint.objects.for_workspace(sprint.workspace).running().exists():
        raise SprintRefused(_("Another sprint is running. Close it first."))
    stories = list(sprint.stories.filter(dropped_at=None).order_by("rank", "pk"))
    if not stories:
        raise SprintRefused(_("There is no story in this sprint. Put at least one in."))
    sprint.state, sprint.started_at = SprintState.RUNNING, now
    sprint.committed_points = sum(story.points or 0 for story in stories)
    sprint.save(update_fields=["state", "started_at", "committed_points"])
    for story in stories:
        story.sprint = sprint
        log_scope(story, ScopeChange.COMMITTED, story.points or 0, by, now)
    record("sprint.started", sprint, by=by, now=now, points=sprint.committed_points)


@transaction.atomic
def close_sprint(*, sprint: Sprint, carry_to: Sprint | None, by: Member, now: datetime) -> int:
    """End a running sprint. Stories not done go to `carry_to` or back into the backlog. Returns how many did.

    Raises `SprintRefused` for a sprint that does not run, or a `carry_to` that is not being planned.
    """
    sprint = Sprint.objects.select_for_update().get(pk=sprint.pk)
    _require_move(sprint, SprintState.CLOSED)
    unfinished = list(sprint.stories.exclude(status=StoryStatus.DONE).order_by("rank", "pk"))
    if carry_to is not None and carry_to.state != SprintState.PLANNING:
        raise SprintRefused(_("Unfinished stories can go to a sprint that is being planned, or into the backlog."))
    for story in unfinished:
        place_story(story=story, sprint=carry_to, by=by, now=now)
    done = Story.objects.filter(sprint=sprint, status=StoryStatus.DONE).aggregate(points=Sum("points"))
    sprint.state, sprint.closed_at, sprint.delivered_points = SprintState.CLOSED, now, done["points"] or 0
    sprint.save(update_fields=["state", "closed_at", "delivered_points"])
    record("sprint.closed", sprint, by=by, now=now, delivered=sprint.delivered_points, carried=len(unfinished))
    return len(unfinished)


def _require_move(sprint: Sprint, to: SprintState) -> None:
    if to not in SPRINT_MOVES[sprint.state]:
        raise SprintRefused(
            _("The sprint is “%(state)s”, so it cannot become “%(to)s”.")
            % {"state": sprint.get_state_display(), "to": to.label}
        )
