"""The pictures of flow: columns stacked day by day, cycle times scattered, load by skill."""

from collections.abc import Callable, Iterable, Sequence

from django.utils.formats import number_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emailops.lib.days import day_in_words
from sprints.columns import ColumnGroup
from sprints.competence import Workload
from sprints.flow import CycleTime, CycleTimes, FlowDay
from sprints.models import Story, StoryStatus
from workspaces.charts import Chart, Point, Scatter, Series, Tone

LONGEST_SHORT = 32  # letters of a title beside its point

TONES: dict[StoryStatus, Tone] = {
    StoryStatus.DONE: "accent",
    StoryStatus.REVIEW: "warn",
    StoryStatus.DOING: "teal",
    StoryStatus.TODO: "grey",
}
"""From the bottom of the picture to its top."""


def flow_chart(days: Sequence[FlowDay], groups: Sequence[ColumnGroup]) -> Chart | None:
    """Cumulative flow by the groups of the board's columns, called as the team calls them.

    A group that the board has no column for any more is there as long as a story of those days stood in it. None where
    no story was in the flow on any day.
    """
    if not any(day.counts for day in days):
        return None
    last, names = days[-1].counts, {group.status: group.name for group in groups}
    stood = {status for day in days for status in day.counts}
    return Chart(
        label=_("Stories by column; now %(done)d done of %(all)d")
        % {"done": last.get(StoryStatus.DONE, 0), "all": sum(last.values())},
        labels=[day_in_words(day.day, "j M") for day in days],
        series=[
            Series(names.get(status, str(status.label)), tone, [float(day.counts.get(status, 0)) for day in days])
            for status, tone in TONES.items()
            if status in names or status in stood
        ],
    )


def cycle_chart(found: CycleTimes, address: Callable[[Story], str]) -> Scatter | None:
    """Days from begun to done over the days on which stories were done, each a link to its story; None without one."""
    if not found.stories:
        return None
    first, last = found.stories[0].day, found.stories[-1].day
    span = (last - first).days or 1
    return Scatter(
        label=_("Cycle time of %(count)d stories; %(words)s") % {"count": len(found.stories), "words": _within(found)},
        points=[
            Point(
                (each.day - first).days / span,
                each.days,
                _told(each),
                href=address(each.story),
                short=f"{Truncator(str(each.story)).chars(LONGEST_SHORT)}: {in_days(each.days)}",
            )
            for each in found.stories
        ],
        lines=[(days, f"{share}%") for share, days in found.percentiles],
        labels=[day_in_words(day, "DATE_FORMAT") for day in dict.fromkeys((first, last))],
    )


def _told(each: CycleTime) -> str:
    said = {"story": each.story, "days": in_days(each.days), "day": day_in_words(each.day, "DATE_FORMAT")}
    return _("%(story)s: %(days)s, done on %(day)s") % said


def _within(found: CycleTimes) -> str:
    parts = [
        _("%(share)d%% within %(days)s") % {"share": share, "days": in_days(days)} for share, days in found.percentiles
    ]
    return ", ".join(parts)


def in_days(days: float) -> str:
    """A length of time: with a digit after the point below ten days."""
    digits = 1 if days < 10 and round(days, 1) % 1 else 0
    shown = number_format(round(days, digits), digits)
    return ngettext("%(days)s day", "%(days)s days", 1 if shown == "1" else 2) % {"days": shown}


def in_points(points: float) -> str:
    """An amount of work, with at most one digit after the point."""
    digits = 1 if round(points, 1) % 1 else 0
    shown = number_format(round(points, digits), digits)
    return ngettext("%(points)s point", "%(points)s points", 1 if shown == "1" else 2) % {"points": shown}


def load_chart(workload: Workload) -> Chart | None:
    """What a sprint asks of each skill beside what it can give; None where nothing was split by skill."""
    if not workload.loads:
        return None
    return Chart(
        label=_("Points by skill: what the sprint asks, and at most what there is"),
        labels=[load.skill.name for load in workload.loads],
        series=[
            Series(_("At most"), "soft", _values(load.supply for load in workload.loads)),
            Series(_("Asked for"), "accent", _values(load.demand for load in workload.loads)),
        ],
    )


def _values(values: Iterable[float]) -> list[float]:
    return [round(float(value), 1) for value in values]
