"""What a sprint aims at, how much fits into it, and a story's points by skill: `{% load cadence_tags %}`.

The tags that take the context need the page's `member`, `workspace` and `request`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import template

from sprints.capacity import team_capacity
from sprints.competence import Cell, workload
from sprints.flow_charts import in_days, in_points
from sprints.loads import team_load
from sprints.models import Sprint, SprintTarget, Story
from strategy.figures import figure
from workspaces.models import Member

register = template.Library()
register.filter("duration", in_days)
register.filter("in_points", in_points)

Context = template.Context


@dataclass(frozen=True, slots=True)
class ShownTarget:
    """A sprint's target in words, with the last reading of its time. `way` is how much of the way is done, 0..1."""

    target: SprintTarget
    baseline: str
    wanted: str
    now: str
    day: date | None
    way: float | None


def shown_target(sprint: Sprint, today: date) -> ShownTarget | None:
    """One query for a sprint with its target and KPI at hand; None for one that aims at no figure."""
    target: SprintTarget | None = getattr(sprint, "target", None)
    if target is None:
        return None
    inside = target.kpi.readings.filter(day__gte=sprint.start_date, day__lte=min(today, sprint.end_date))
    reading = inside.order_by("-day").first()
    unit, currency = target.kpi.unit, target.kpi.workspace.currency
    return ShownTarget(
        target,
        figure(target.baseline, unit, currency),
        figure(target.target, unit, currency),
        figure(reading.value, unit, currency) if reading else "",
        reading.day if reading else None,
        _way(target, reading.value) if reading else None,
    )


def _way(target: SprintTarget, value: Decimal) -> float:
    return float((value - target.baseline) / (target.target - target.baseline))


@register.inclusion_tag("sprints/_sprint_target.html", takes_context=True)
def sprint_target(context: Context, sprint: Sprint) -> dict[str, Any]:
    """What the sprint aims at in figures, and where that stands."""
    today = context["request"].now.astimezone(context["workspace"].zone).date()
    return {"sprint": sprint, "shown": shown_target(sprint, today), **_around(context)}


@register.inclusion_tag("sprints/_capacity_panel.html", takes_context=True)
def sprint_fits(context: Context, sprint: Sprint, planned: int) -> dict[str, Any]:
    """How much the team can take beside what is planned, who has how much of it, and the skills that are short."""
    found = team_capacity(sprint)
    load = workload(sprint, found)
    short = [each for each in load.loads if each.too_much > 0]
    team = team_load(sprint, found)
    return {"sprint": sprint, "capacity": found, "planned": planned, "short": short, "team": team, **_around(context)}


@register.inclusion_tag("sprints/_story_skills.html", takes_context=True)
def story_skill_points(context: Context, story: Story) -> dict[str, Any]:
    """A story's points by skill with their sum against the total, and what it was split from or into."""
    rows = list(story.skill_points.select_related("skill").order_by("skill__position", "pk"))
    total = sum(row.points for row in rows)
    split_from = getattr(story, "split_from", None)
    return {
        "story": story,
        "rows": rows,
        "total": total,
        "differs": bool(rows) and total != (story.points or 0),
        "whole": split_from.story if split_from else None,
        "rests": [split.rest for split in story.splits.select_related("rest")],
        "is_open": not (story.sprint and story.sprint.is_over),
        **_around(context),
    }


@register.filter
def names(people: Iterable[Member]) -> str:
    """People one after the other."""
    return ", ".join(str(person) for person in people)


@register.filter
def was(form: Any, cell: Cell) -> str:
    """How a cell of the matrix stood when it was looked at."""
    return str(form.was(cell))


@register.filter
def column(form: Any, name: str) -> Any:
    """The field of a form by a name that is made up while it is drawn."""
    return form[name]


def _around(context: Context) -> dict[str, Any]:
    return {name: context[name] for name in ("member", "workspace", "request")}
