"""Charts of a sprint and of the team, each with its table."""

from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from emailops.lib import routes
from sprints.capacity import team_capacity
from sprints.charts import burndown, burnup, velocity
from sprints.columns import columns_of, groups_of
from sprints.competence import Workload, workload
from sprints.flow import CycleTimes, cumulative_flow, cycle_times, flowing
from sprints.flow_charts import cycle_chart, flow_chart, load_chart
from sprints.folding import days_of
from sprints.forecast import FEWEST_SPRINTS, forecast, past_sprints, velocity_range
from sprints.forms.charts import ForecastForm
from sprints.models import Sprint, SprintState, Story
from sprints.pace import days_from
from sprints.views.cadence import sprint_of
from workspaces.charts import Chart
from workspaces.http import MemberRequest, page
from workspaces.models import Workspace
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
        "flow": _flow(request, stories, past),
        "workload": load,
        "load": load_chart(load),
        "current": "charts",
        **_cycles(request, cycles),
    }
    return render(request, "sprints/sprint_charts.html", context)


def _flow(request: MemberRequest, stories: list[Story], days: list[date]) -> Chart | None:
    groups = groups_of(columns_of(request.workspace))
    return flow_chart(cumulative_flow(stories, days, request.workspace.zone), groups)


def _cycles(request: MemberRequest, found: CycleTimes) -> dict[str, Any]:
    def address(story: Story) -> str:
        return routes.address("sprints:story_detail", workspace=request.workspace.slug, pk=story.pk)

    return {"cycles": found, "cycle": cycle_chart(found, address)}


@page(Can.SEE_SPRINTS)
def team_charts(request: MemberRequest) -> HttpResponse:
    """Velocity with its range, the forecast, the load on each skill, and how stories flowed in the last ninety days."""
    workspace, zone = request.workspace, request.workspace.zone
    today = request.now.astimezone(zone).date()
    first = today - LOOKED_BACK
    stories = flowing(workspace, datetime.combine(first, datetime.min.time(), zone))
    past = past_sprints(workspace)
    form = ForecastForm(request.GET, workspace=workspace)
    context = {
        "velocity": velocity(past),
        "range": velocity_range(past),
        "fewest": FEWEST_SPRINTS,
        "form": form,
        "of": form.of,
        "forecast": forecast(workspace, today, form.of),
        "loads": _loads(workspace),
        "flow": _flow(request, stories, days_from(first, today)),
        "has_sprint": Sprint.objects.for_workspace(workspace).begun().exists(),
        "current": "charts",
        **_cycles(request, cycle_times(stories, zone)),
    }
    return render(request, "sprints/team_charts.html", context)


def _loads(workspace: Workspace) -> list[tuple[Sprint, Workload, Chart | None]]:
    """The load on each skill of the running sprint and of the next one that is being planned."""
    found = Sprint.objects.for_workspace(workspace).open().select_related("workspace").order_by("start_date", "number")
    sprints = {sprint.state: sprint for sprint in reversed(found)}
    wanted = [sprints[state] for state in (SprintState.RUNNING, SprintState.PLANNING) if state in sprints]
    loads = [(sprint, workload(sprint, team_capacity(sprint))) for sprint in wanted]
    return [(sprint, load, load_chart(load)) for sprint, load in loads]
