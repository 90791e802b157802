"""Verbs on sprints: open, change, start, close."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.broadcast import tell_sprint
from sprints.commitment import commitment_snapshot
from sprints.models import SPRINT_MOVES, Commitment, ScopeChange, Sprint, SprintState, StoryStatus
from sprints.ordering import one_at_a_time
from sprints.scope import log_scope
from sprints.services.closing import Leftover, settle
from sprints.telling_team import tell_sprint_step
from workspaces.audit import record
from workspaces.models import Member, Workspace

LONGEST_DAYS = 28
MOST_CAPACITY = 1000  # points
MOST_SPRINTS = 9999
SPRINT_FIELDS = {"name", "goal_sentence", "goal", "start_date", "end_date", "capacity_points"}


class SprintRefused(DomainError):
    """The sprint cannot be opened, changed, started or closed as asked."""

    code = "sprint_refused"


@transaction.atomic
def open_sprint(
    *,
    workspace: Workspace,
    name: str,
    start_date: date,
    end_date: date,
    by: Member | None,
    now: datetime,
    **fields: Any,
) -> Sprint:
    """Begin planning the next sprint. `fields` are other fields of `SPRINT_FIELDS`. Raises `SprintRefused`.

    A team that counted its sprints elsewhere before goes on with `number`; otherwise it is one more than the last.
    """
    number = fields.pop("number", None)
    wanted = _checked({"name": name, "start_date": start_date, "end_date": end_date, **fields})
    _require_length(start_date, end_date)
    one_at_a_time(workspace.pk)
    _require_free(Sprint(workspace=workspace, start_date=start_date, end_date=end_date))
    next_number = _next_number(workspace, number)
    sprint = Sprint.objects.create(workspace=workspace, number=next_number, created_at=now, **wanted)
    record("sprint.opened", sprint, by=by, now=now)
    return sprint


def _next_number(workspace: Workspace, wanted: int | None) -> int:
    last = Sprint.objects.for_workspace(workspace).aggregate(last=Max("number"))["last"] or 0
    if wanted is not None and wanted <= last:
        raise SprintRefused(
            _("The last sprint was number %(last)d; the next one needs a higher number.") % {"last": last},
            fields={"number": [_("Too low.")]},
        )
    return wanted or last + 1


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - SPRINT_FIELDS
    if unknown:
        raise TypeError(f"A sprint has no {', '.join(sorted(unknown))}")
    checked: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value for name, value in fields.items()
    }
    if not checked.get("name", "-"):
        raise SprintRefused(_("Give the sprint a name."), fields={"name": [_("Empty.")]})
    if (checked.get("capacity_points") or 0) > MOST_CAPACITY:
        raise SprintRefused(
            _("No team can take more than %(most)d points.") % {"most": MOST_CAPACITY},
            fields={"capacity_points": [_("Too many.")]},
        )
    return checked


def _require_length(start: date, end: date) -> None:
    days = (end - start).days + 1
    if days < 1:
        raise SprintRefused(_("The sprint ends before it starts."), fields={"end_date": [_("Before the first day.")]})
    if days > LONGEST_DAYS:
        raise SprintRefused(
            _("A sprint lasts from one day to four weeks; this one would last %(days)d days.") % {"days": days},
            fields={"end_date": [_("More than four weeks after the first day.")]},
        )


def _require_free(sprint: Sprint) -> None:
    """Two sprints that are planned or run never share a day; what is over or cancelled takes none."""
    others = Sprint.objects.for_workspace(sprint.workspace).open().exclude(pk=sprint.pk)
    taken = others.filter(start_date__lte=sprint.end_date, end_date__gte=sprint.start_date)
    other = taken.order_by("start_date", "pk").first()
    if other is not None:
        first, last = (date_format(day, "MONTH_DAY_FORMAT") for day in (other.start_date, other.end_date))
        words = _("Sprint %(sprint)s has the days from %(first)s to %(last)s.") % {
            "sprint": other,
            "first": first,
            "last": last,
        }
        raise SprintRefused(
            _("%(words)s Choose other days, move that one first, or cancel it.") % {"words": words},
            fields={"start_date" if other.start_date <= sprint.start_date else "end_date": [words]},
        )


def _locked(sprint: Sprint) -> Sprint:
    one_at_a_time(sprint.workspace_id)
    return Sprint.objects.select_related("workspace").get(pk=sprint.pk)


@transaction.atomic
def change_sprint(*, sprint: Sprint, by: Member, now: datetime, **changes: Any) -> None:
    """Change a sprint that is not closed; the audit entry keeps what it was. What stays the same is not written.

    Raises `SprintRefused`.
    """
    wanted, found = _checked(changes), _locked(sprint)
    if found.is_over:
        raise SprintRefused(_("A closed sprint is history."))
    changed = {name: value for name, value in wanted.items() if getattr(found, name) != value}
    if not changed:
        return
    before = {name: str(getattr(found, name)) for name in changed}
    for name, value in changed.items():
        setattr(found, name, value)
    _require_length(found.start_date, found.end_date)
    if changed.keys() & {"start_date", "end_date"}:
        _require_free(found)
    found.save(update_fields=list(changed))
    after = {name: str(value) for name, value in changed.items()}
    record("sprint.changed", found, by=by, now=now, before=before, after=after)
    tell_sprint(found)


@transaction.atomic
def start_sprint(*, sprint: Sprint, by: Member, now: datetime) -> None:
    """Commit to the stories planned and begin. Repeating changes nothing.

    Raises `SprintRefused` if another one runs, or this one is empty or closed.
    """
    sprint = _locked(sprint)
    if sprint.state == SprintState.RUNNING:
        return
    _require_move(sprint, SprintState.RUNNING)
    other = Sprint.objects.for_workspace(sprint.workspace).running().first()
    if other is not None:
        raise SprintRefused(_("Sprint %(number)d is still running. Close it first.") % {"number": other.number})
    planned = sprint.stories.for_cards().filter(dropped_at=None).prefetch_related("skill_points__skill")
    stories = list(planned.ranked())
    if not stories:
        raise SprintRefused(_("There is no story in this sprint. Put at least one in."))
    sprint.state, sprint.started_at = SprintState.RUNNING, now
    sprint.committed_points = sum(story.points or 0 for story in stories)
    sprint.save(update_fields=["state", "started_at", "committed_points"])
    for story in stories:
        story.sprint = sprint
        log_scope(story, ScopeChange.COMMITTED, story.points or 0, by, now)
    Commitment.objects.create(
        workspace=sprint.workspace, sprint=sprint, snapshot=commitment_snapshot(sprint, stories), made_at=now, by=by
    )
    record("sprint.started", sprint, by=by, now=now, points=sprint.committed_points)
    tell_sprint_step(sprint, SprintState.RUNNING, by, now)
    tell_sprint(sprint)


@transaction.atomic
def close_sprint(
    *,
    sprint: Sprint,
    carry_to: Sprint | None,
    by: Member,
    now: datetime,
    leftovers: Mapping[int, Leftover] | None = None,
) -> int:
    """End a running sprint. Stories not done go to the end of `carry_to`, or on top of the backlog.

    `leftovers` says for some of them, by id, what becomes of them instead. Returns how many stories go on. Raises
    `SprintRefused` for a sprint that does not run or a `carry_to` that is not being planned, and `CarryRefused`.
    """
    sprint = _locked(sprint)
    _require_move(sprint, SprintState.CLOSED)
    if carry_to is not None and Sprint.objects.get(pk=carry_to.pk).state != SprintState.PLANNING:
        raise SprintRefused(
            _("Unfinished stories can go to a sprint that is being planned, or into the backlog."),
            fields={"carry_to": [_("Not being planned.")]},
        )
    unfinished = list(sprint.stories.exclude(status=StoryStatus.DONE).select_related("workspace", "sprint").ranked())
    choices = {story.pk: (leftovers or {}).get(story.pk, Leftover(to=carry_to)) for story in unfinished}
    settle(unfinished, choices, by, now)
    done = sprint.stories.filter(status=StoryStatus.DONE).aggregate(points=Sum("points"))
    sprint.state, sprint.closed_at, sprint.delivered_points = SprintState.CLOSED, now, done["points"] or 0
    sprint.save(update_fields=["state", "closed_at", "delivered_points"])
    carried = sum(not choice.is_dropped for choice in choices.values())
    record("sprint.closed", sprint, by=by, now=now, delivered=sprint.delivered_points, carried=carried)
    tell_sprint_step(sprint, SprintState.CLOSED, by, now)
    tell_sprint(sprint)
    return carried


def _require_move(sprint: Sprint, to: SprintState) -> None:
    if to not in SPRINT_MOVES[sprint.state]:
        raise SprintRefused(
            _("The sprint is “%(state)s”, so it cannot become “%(to)s”.")
            % {"state": sprint.get_state_display(), "to": to.label}
        )
