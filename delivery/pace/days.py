"""A day as a workspace sees it: from midnight to midnight in its own time zone, 23 to 25 hours."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Day:
    """A date, and seconds until it is over."""

    date: date
    ends_in: float


def day_of(now: datetime, zone: ZoneInfo) -> Day:
    """The day in which `now` lies."""
    today = now.astimezone(zone).date()
    midnight = datetime.combine(today + timedelta(days=1), time(), tzinfo=zone)
    return Day(today, midnight.timestamp() - now.timestamp())
