"""Verbs on the rhythm of sprints: set it, make sprints ahead, name holidays, cancel what was planned by mistake."""

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.broadcast import tell_sprint
from sprints.calendar import Slot, holidays_of, name_of, next_slot, unknown_placeholders
from sprints.models import Cadence, Holiday, Sprint, SprintState
from sprints.ordering import one_at_a_time
from sprints.services.sprints import SprintRefused, open_sprint
from sprints.services.stories import place_story
from sprints.telling_team import tell_sprint_step
from workspaces.audit import record
from workspaces.models import Member, Workspace

CADENCE_FIELDS = (
    "weeks", "first_weekday", "ahead", "name_pattern", "cool_down_days", "unit", "hours_per_point", "is_paused",
)  # fmt: skip
LONGEST_WEEKS = 4
MOST_AHEAD = 12
MOST_COOL_DOWN = 14  # days


class CadenceRefused(DomainError):
    """The cadence, or a holiday, cannot be as asked."""

    code = "cadence_refused"


@transaction.atomic
def set_cadence(*, workspace: Workspace, by: Member, now: datetime, **fields: Any) -> Cadence:
    """Say how sprints follow each other, and make those that are missing now. What is left out stays as it is.

    Sprints that exist already are not touched. Raises `CadenceRefused`.
    """
    _require_sense(fields)
    one_at_a_time(workspace.pk)
    cadence = Cadence.objects.filter(workspace=workspace).first() or Cadence(workspace=workspace)
    before = {name: str(getattr(cadence, name)) for name in fields} if cadence.pk else None
    for name, value in fields.items():
        setattr(cadence, name, value.strip() if isinstance(value, str) else value)
    cadence.save()
    after = {name: str(getattr(cadence, name)) for name in fields}
    if before != after:
        record("cadence.set", workspace, by=by, now=now, before=before, after=after)
    make_ahead(workspace=workspace, by=by, now=now)
    return cadence


def _require_sense(fields: dict[str, Any]) -> None:
    unknown = set(fields) - set(CADENCE_FIELDS)
    if unknown:
        raise TypeError(f"A cadence has no {', '.join(sorted(unknown))}")
    bounds = {"weeks": (1, LONGEST_WEEKS), "ahead": (1, MOST_AHEAD), "cool_down_days": (0, MOST_COOL_DOWN)}
    for name, (low, high) in bounds.items():
        if not low <= fields.get(name, low) <= high:
            words = _("From %(low)d to %(high)d.") % {"low": low, "high": high}
            raise CadenceRefused(words, fields={name: [words]})
    if fields.get("hours_per_point", 1) <= 0:
        raise CadenceRefused(_("A point takes time."), fields={"hours_per_point": [_("More than nothing.")]})
    _require_name(fields.get("name_pattern", "-"))


def _require_name(pattern: str) -> None:
    if not pattern.strip():
        raise CadenceRefused(_("A sprint needs a name."), fields={"name_pattern": [_("Empty.")]})
    if unknown := unknown_placeholders(pattern):
        words = _("{%(name)s} stands for nothing.") % {"name": unknown[0]}
        raise CadenceRefused(words, fields={"name_pattern": [words]})


@transaction.atomic
def make_ahead(*, workspace: Workspace, now: datetime, by: Member | None = None) -> list[Sprint]:
    """Plan as many sprints ahead as the cadence asks for; returns those made. Repeating makes no more.

    Never over a sprint that exists, also a cancelled one, nor in the past; they begin and end on no holiday. None
    without a cadence, or paused.
    """
    cadence = Cadence.objects.filter(workspace=workspace, is_paused=False).first()
    if cadence is None:
        return []
    one_at_a_time(workspace.pk)
    planned = Sprint.objects.for_workspace(workspace).filter(state=SprintState.PLANNING).count()
    return [_make_next(cadence, by, now) for _n in range(cadence.ahead - planned)]


def _make_next(cadence: Cadence, by: Member | None, now: datetime) -> Sprint:
    workspace = cadence.workspace
    last = Sprint.objects.for_workspace(workspace).aggregate(end=Max("end_date"), number=Max("number"))
    today = now.astimezone(workspace.zone).date()
    slot: Slot = next_slot(cadence, last["end"], today, holidays_of(workspace, today))
    name = name_of(cadence.name_pattern, (last["number"] or 0) + 1, slot, workspace.language)
    return open_sprint(workspace=workspace, name=name, start_date=slot.start, end_date=slot.end, by=by, now=now)


def make_all_ahead(now: datetime) -> int:
    """Make what is missing in every workspace; returns how many sprints. Repeating makes no more."""
    waiting = Workspace.objects.filter(cadence__is_paused=False).order_by("pk")
    return sum(len(make_ahead(workspace=workspace, now=now)) for workspace in waiting)


@transaction.atomic
def add_holiday(*, workspace: Workspace, day: date, name: str, by: Member, now: datetime) -> Holiday:
    """Say that nobody works on a day. Raises `CadenceRefused` for a day that is one already."""
    if not name.strip():
        raise CadenceRefused(_("Say what the holiday is for."), fields={"name": [_("Empty.")]})
    try:
        with transaction.atomic():
            holiday = Holiday.objects.create(workspace=workspace, day=day, name=name.strip())
    except IntegrityError as error:
        raise CadenceRefused(_("This day is a holiday already."), fields={"day": [_("Already a holiday.")]}) from error
    record("holiday.added", holiday, by=by, now=now, day=day.isoformat())
    return holiday


@transaction.atomic
def remove_holiday(*, holiday: Holiday, by: Member, now: datetime) -> None:
    """People work on that day after all."""
    record("holiday.removed", holiday, by=by, now=now, day=holiday.day.isoformat())
    holiday.delete()


@transaction.atomic
def cancel_sprint(*, sprint: Sprint, by: Member, now: datetime) -> int:
    """Take back a sprint that was planned by mistake; its stories go on top of the backlog in their order.

    Its number and days stay taken, so that no other is made in its place. Returns how many stories went back.
    Repeating changes nothing. Raises `SprintRefused` for a sprint that runs or ran.
    """
    one_at_a_time(sprint.workspace_id)
    found = Sprint.objects.select_related("workspace").get(pk=sprint.pk)
    if found.state == SprintState.CANCELLED:
        return 0
    if found.state != SprintState.PLANNING:
        raise SprintRefused(_("A sprint that has started is not cancelled: close it, then it stays in the history."))
    planned = list(found.stories.filter(dropped_at=None).ranked())
    for story in reversed(planned):  # the backlog is filled from the top
        place_story(story=story, sprint=None, by=by, now=now)
    found.state, found.cancelled_at = SprintState.CANCELLED, now
    found.save(update_fields=["state", "cancelled_at"])
    record("sprint.cancelled", found, by=by, now=now, stories=[story.pk for story in planned])
    tell_sprint_step(found, SprintState.CANCELLED, by, now)
    tell_sprint(found)
    return len(planned)
