"""Verbs on the schedule of the stand-up: set it, and put who takes part into another order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from sprints.models import SpeakingOrder, StandUpSchedule, StandUpSeat
from sprints.models.standups import LONGEST_TURN, SHORTEST_TURN
from sprints.services.standups import StandUpRefused
from sprints.standup_days import DAYS_OF_WEEK, may_take_part, participants, schedule_of
from workspaces.audit import record
from workspaces.models import Member, Workspace

LAST_HOUR = 23


@dataclass(frozen=True, slots=True)
class Terms:
    """A schedule as it is set. Hours are those of each member's own clock; weekdays count from Monday, 0."""

    weekdays: Sequence[int]
    remind_hour: int
    closing_hour: int
    members: Sequence[Member]
    has_round: bool
    seconds_each: int
    order: SpeakingOrder


@transaction.atomic
def set_schedule(*, workspace: Workspace, terms: Terms, by: Member, now: datetime) -> StandUpSchedule:
    """Say when the stand-up is and who takes part; from then on it reminds and mails.

    Who stays keeps the place in the order. Raises `StandUpRefused` for hours or days that make no sense, and for
    somebody who cannot write.
    """
    _require_sense(terms)
    _require_people(workspace, terms)
    fields = {
        "weekdays": sorted(set(terms.weekdays)),
        "remind_hour": terms.remind_hour,
        "closing_hour": terms.closing_hour,
        "has_round": terms.has_round,
        "seconds_each": terms.seconds_each,
        "order": terms.order,
    }
    known = schedule_of(workspace)
    places = [member.pk for member in participants(known)] if known.is_set else []
    schedule, _created = StandUpSchedule.objects.update_or_create(workspace=workspace, defaults=fields)
    wanted = [member.pk for member in terms.members]
    _seat(schedule, [pk for pk in places if pk in wanted] + [pk for pk in wanted if pk not in places])
    record("stand_up.schedule_set", schedule, by=by, now=now, **fields, members=wanted)
    return schedule


def _seat(schedule: StandUpSchedule, members: Sequence[int]) -> None:
    schedule.seats.all().delete()
    StandUpSeat.objects.bulk_create(
        StandUpSeat(workspace=schedule.workspace, schedule=schedule, member_id=pk, position=position)
        for position, pk in enumerate(members)
    )


def _require_sense(terms: Terms) -> None:
    if not terms.weekdays or not set(terms.weekdays) <= set(range(DAYS_OF_WEEK)):
        raise StandUpRefused(_("Choose at least one day."), fields={"weekdays": [_("Choose at least one day.")]})
    if not 0 <= terms.remind_hour < terms.closing_hour <= LAST_HOUR:
        said = _("The digest comes after the reminder, on the same day.")
        raise StandUpRefused(said, fields={"closing_hour": [said]})
    if not SHORTEST_TURN <= terms.seconds_each <= LONGEST_TURN:
        said = _("A turn takes from %(least)d to %(most)d seconds.") % {"least": SHORTEST_TURN, "most": LONGEST_TURN}
        raise StandUpRefused(said, fields={"seconds_each": [said]})


def _require_people(workspace: Workspace, terms: Terms) -> None:
    known = set(may_take_part(workspace).values_list("pk", flat=True))
    if not terms.members or any(member.pk not in known for member in terms.members):
        said = _("Choose at least one member, and only those who may write.")
        raise StandUpRefused(said, fields={"members": [said]})


@transaction.atomic
def move_seat(*, workspace: Workspace, member: Member, up: bool, by: Member, now: datetime) -> None:
    """Let somebody speak one place earlier, or later. At either end it changes nothing.

    Raises `StandUpRefused` while the order is drawn, and for somebody who does not take part.
    """
    schedule = StandUpSchedule.objects.select_for_update().filter(workspace=workspace).first()
    if schedule is None or schedule.order != SpeakingOrder.BY_HAND:
        raise StandUpRefused(_("The order is drawn each day. You can change that under Settings, Stand-up."))
    places = [seated.pk for seated in participants(schedule)]
    if member.pk not in places:
        raise StandUpRefused(_("%(name)s does not take part in the stand-up.") % {"name": member})
    at = places.index(member.pk)
    to = min(max(at + (-1 if up else 1), 0), len(places) - 1)
    places.insert(to, places.pop(at))
    _seat(schedule, places)
    record("stand_up.order_set", schedule, by=by, now=now, members=places)
