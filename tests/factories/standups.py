"""Stand-ups as a team has them: on every day of the week, so that a test may run on any."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sprints.models import SpeakingOrder, StandUp, StandUpEntry, StandUpSchedule
from sprints.services.standup_schedules import Terms, set_schedule
from sprints.services.standups import Answers, open_stand_up, write_entry
from sprints.standup_days import DAYS_OF_WEEK, own_day
from workspaces.models import Member


def terms_with(**terms: Any) -> Terms:
    """On all days, with the reminder at nine, the digest at eleven, and a round of a minute each."""
    values: dict[str, Any] = {
        "weekdays": range(DAYS_OF_WEEK),
        "remind_hour": 9,
        "closing_hour": 11,
        "has_round": True,
        "seconds_each": 60,
        "order": SpeakingOrder.BY_HAND,
    }
    return Terms(**{**values, **terms})


def every_day(members: Sequence[Member], now: datetime, **terms: Any) -> StandUpSchedule:
    """A schedule of these members in this order, set by the first."""
    wanted = terms_with(members=list(members), **terms)
    return set_schedule(workspace=members[0].workspace, terms=wanted, by=members[0], now=now)


def todays(member: Member, now: datetime) -> StandUp:
    """The stand-up of the member's day."""
    return open_stand_up(workspace=member.workspace, day=own_day(member, now), now=now)


def said(member: Member, now: datetime, **answers: Any) -> StandUpEntry:
    """What a member wrote at that moment."""
    values = {"today": "Write to the customers who have not bought since spring", **answers}
    return write_entry(stand_up=todays(member, now), answers=Answers(**values), by=member, now=now)
