"""How a watched segment grew, for its page."""

from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audience.models import Segment, SegmentDay
from workspaces.charts import Chart, Series

MOST_DAYS = 90


def days_of(segment: Segment) -> list[SegmentDay]:
    """The latest days on which somebody looked, in their order. One query."""
    latest = SegmentDay.objects.filter(segment=segment).order_by("-day")[:MOST_DAYS]
    return sorted(latest, key=lambda day: day.day)


def size_of(segment: Segment) -> dict[str, Any]:
    """The chart `size` of the last days, and how many came and went in them; empty before the first day. One query."""
    days = days_of(segment)
    if not days:
        return {}
    people = Series(_("People"), "accent", [day.people for day in days], has_area=True)
    labels = [date_format(day.day, "SHORT_DATE_FORMAT") for day in days]
    return {
        "size": Chart(_("People in the segment, day by day"), labels, [people]),
        "entered": sum(day.entered for day in days),
        "left": sum(day.left for day in days),
    }
