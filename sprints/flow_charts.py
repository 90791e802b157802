"""The pictures of flow: columns stacked day by day, cycle times scattered, load by skill."""

from collections.abc import Iterable, Sequence

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sprints.competence import Workload
from sprints.flow import CycleTimes, FlowDay
from sprints.models import StoryStatus
from workspaces.charts import Chart, Point, Scatter, Series, Tone

TONES: dict[StoryStatus, Tone] = {
    StoryStatus.DONE: "accent",
    StoryStatus.REVIEW: "warn",
    StoryStatus.DOING: "teal",
    StoryStatus.TODO: "grey",
}
"""From the bottom of the picture to its top."""


def flow_chart(days: Sequence[FlowDay]) -> Chart | None:
    """Cumulative flow; None where no story was in it on any day."""
    if not any(day.counts for day in days):
        return None
    last = days[-1].counts
    return Chart(
        label=_("Stories by column; now %(done)d done of %(all)d")
        % {"done": last.get(StoryStatus.DONE, 0), "all": sum(last.values())},
        labels=[date_format(day.day, "j M") for day in days],
        series=[
            Series(str(status.label), tone, [float(day.counts.get(status, 0)) for day in days])
            for status, tone in TONES.items()
        ],
    )


def cycle_chart(found: CycleTimes) -> Scatter | None:
    """Days from begun to done over the days on which stories were done; None without a story."""
    if not found.stories:
        return None
    first, last = found.stories[0].day, found.stories[-1].day
    span = (last - first).days or 1
    return Scatter(
        label=_("Cycle time of %(count)d stories; %(words)s") % {"count": len(found.stories), "words": _within(found)},
        points=[
            Point((each.day - first).days / span, each.days, f"{each.story}: {in_days(each.days)}")
            for each in found.stories
        ],
        lines=[(days, f"{share}%") for share, days in found.percentiles],
        labels=[date_format(day, "DATE_FORMAT") for day in dict.fromkeys((first, last))],
    )


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
