"""Charts of a sprint and of the team, each with its table."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from sprints.capacity import team_capacity
from sprints.charts import burndown, burnup, velocity
from sprints.competence import workload
from sprints.flow import CycleTimes, cumulative_flow, cycle_times, flowing
from sprints.flow_charts import cycle_chart, flow_chart, load_chart
from sprints.folding import days_of
from sprints.forecast import FEWEST_SPRINTS, forecast, past_sprints, velocity_range
from sprints.models import Sprint, Story
from sprints.pace import days_from
from sprints.views.cadence import sprint_of
from strategy.models import Goal
from workspaces.http import MemberRequest, page
from workspaces.permissions import Can

LOOKED_BACK = timedelta(days=89)


@page(Can.SEE_SPRINTS)
def sprint_charts(request: MemberRequest, pk: int) -> HttpResponse:
    """What was left and done day by day, how stories flowed, and the load on each skill."""
    sprint = sprint_of(request, pk)
    today = request.now.astimezone(request.workspace.zone).date()
    _days, past = days_of(sprint, today)
    stories = list(
        Story.objects.for_workspace(request.workspace).filter(scope_log__sprint=sprint).distinct().order_by("pk")
    )
    cycles = cycle_times([story for story in stories if story.sprint_id == sprint.pk], request.workspace.zone)
    load = workload(sprint, team_capacity(sprint))
    context = {
        "sprint": sprint,
        "burndown": burndown(sprint, today, with_scope=True),
        "burnup": burnup(sprint, today),
        "flow": flow_chart(cumulative_flow(stories, past, request.workspace.zone)) if past else None,
        "workload": load,
        "load": load_chart(load),
        "current": "charts",
        **_cycles(cycles),
    }
    return render(request, "sprints/sprint_charts.html", context)


def _cycles(found: CycleTimes) -> dict[str, Any]:
    return {"cycles": found, "cycle": cycle_chart(found)}


@page(Can.SEE_SPRINTS)
def team_charts(request: MemberRequest) -> HttpResponse:
    """Velocity with its range, the forecast, and how stories flowed in the last ninety days."""
    workspace, zone = request.workspace, request.workspace.zone
    today = request.now.astimezone(zone).date()
    first = today - LOOKED_BACK
    stories = flowing(workspace, datetime.combine(first, datetime.min.time(), zone))
    past = past_sprints(workspace)
    goal, goals = _goal(request)
    context = {
        "velocity": velocity(past),
        "range": velocity_range(past),
        "fewest": FEWEST_SPRINTS,
        "goal": goal,
        "goals": goals,
        "forecast": forecast(workspace, today, goal),
        "flow": flow_chart(cumulative_flow(stories, days_from(first, today), zone)),
        "has_sprint": Sprint.objects.for_workspace(workspace).begun().exists(),
        "current": "charts",
        **_cycles(cycle_times(stories, zone)),
    }
    return render(request, "sprints/team_charts.html", context)


def _goal(request: MemberRequest) -> tuple[Goal | None, list[Goal]]:
    """The goal that is asked about, and those that can be."""
    ahead = Goal.objects.for_workspace(request.workspace).open().filter(stories__dropped_at=None, stories__done_at=None)
    goals = list(ahead.filter(stories__isnull=False).distinct().order_by("due_date", "pk"))
    asked = request.GET.get("goal", "")
    return next((goal for goal in goals if str(goal.pk) == asked), None), goals
