"""Goals: the strategy page, one goal, and its beginning, change and end."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from strategy import services
from strategy.charts import goal_chart
from strategy.forms import CloseGoalForm, GoalForm
from strategy.models import Goal, Kpi, Principle, Unit
from strategy.progress import even_value, expected_day
from strategy.queries import flat, goal_lines, goal_tree, goals_above, kpi_lines, states
from strategy.views.clock import today
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

CLOSED_PAGE_SIZE = 20
SHOWN_PRINCIPLES = 6
SEE, EDIT = Can.SEE_STRATEGY, Can.EDIT_STRATEGY


@page(SEE)
def goal_list(request: MemberRequest) -> HttpResponse:
    """The strategy: open goals with where they stand, other KPIs, the principles. `?show=closed`: the closed goals."""
    if request.GET.get("show") == "closed":
        return _closed_goals(request)
    tree = goal_tree(request.workspace, today(request))
    lines = flat(tree)
    kpis = Kpi.objects.for_workspace(request.workspace).current().select_related("workspace", "champion__user")
    principles = Principle.objects.for_workspace(request.workspace).current().order_by("pk")
    context = {
        "tree": tree,
        "states": states(lines),
        "next_due": min((line.goal.due_date for line in lines if line.goal.due_date >= today(request)), default=None),
        "watched": kpi_lines(kpis.exclude(pk__in=[line.goal.kpi_id for line in lines]).order_by("name", "pk")),
        "principles": principles[:SHOWN_PRINCIPLES],
        "has_closed": Goal.objects.for_workspace(request.workspace).closed().exists(),
    }
    return render(request, "strategy/goal_list.html", context)


def _closed_goals(request: MemberRequest) -> HttpResponse:
    goals = Goal.objects.for_workspace(request.workspace).closed().with_kpi().order_by("-closed_at", "-pk")
    rows = Paginator(goals, CLOSED_PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "strategy/goal_closed.html", {"rows": rows, "lines": goal_lines(rows, today(request))})


@page(EDIT, EDIT)
def goal_new(request: MemberRequest) -> HttpResponse:
    """First the KPI, because it says what the figures mean; then the target on it."""
    kpi = _chosen_kpi(request)
    if kpi is None:
        return _choose_kpi(request)
    form = GoalForm(request.POST or None, workspace=request.workspace, kpi=kpi, initial=_proposal(request, kpi))
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            goal = services.set_goal(
                workspace=request.workspace, kpi=kpi, by=request.member, now=request.now, **form.cleaned_data
            )
            messages.success(request, _("Goal set"))
            return _to(request, goal)
    context = {"form": form, "line": kpi_lines([kpi])[0]}
    return render(request, "strategy/goal_form.html", context, status=UNPROCESSABLE if form.errors else 200)


def _chosen_kpi(request: MemberRequest) -> Kpi | None:
    """The KPI that was asked for, or the only one there is; `?kpi=choose` asks for the choice even then."""
    kpis = Kpi.objects.for_workspace(request.workspace).current().select_related("workspace", "champion__user")
    chosen = request.POST.get("kpi") or request.GET.get("kpi") or ""
    if chosen.isdecimal():
        return get_object_or_404(kpis, pk=int(chosen))
    if chosen:
        return None
    only = list(kpis.order_by("pk")[:2])
    return only[0] if len(only) == 1 else None


def _choose_kpi(request: MemberRequest) -> HttpResponse:
    kpis = Kpi.objects.for_workspace(request.workspace).current().select_related("workspace", "champion__user")
    context = {"lines": kpi_lines(kpis.order_by("name", "pk"))}
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "strategy/goal_choose_kpi.html", context, status=status)


def _proposal(request: MemberRequest, kpi: Kpi) -> dict[str, Any]:
    """What a new goal most likely starts from: the KPI's last reading, today, and whoever writes it down."""
    last = kpi.readings.order_by("-day").first()
    places = 4 if kpi.unit == Unit.RATE else 2
    return {"baseline": last and round(last.value, places), "start_date": today(request), "champion": request.member}


@page(SEE)
def goal_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One goal: how it stands and why, what it serves and what serves it."""
    return _detail(request, _goal(request, pk), CloseGoalForm())


def _detail(request: MemberRequest, goal: Goal, close_form: CloseGoalForm) -> HttpResponse:
    day = today(request)
    line = goal_lines([goal], day, whole=True)[0]
    serving = Goal.objects.for_workspace(request.workspace).filter(parent=goal).with_kpi()
    context = {
        "goal": goal,
        "line": line,
        "chart": goal_chart(line),
        "even": even_value(goal, line.progress.day or day),
        "expected": expected_day(goal, line.progress, day),
        "above": goals_above(goal),
        "below": goal_lines(serving.order_by("due_date", "pk"), day),
        "close_form": close_form,
    }
    return render(request, "strategy/goal_detail.html", context, status=UNPROCESSABLE if close_form.errors else 200)


@page(EDIT, EDIT)
def goal_edit(request: MemberRequest, pk: int) -> HttpResponse:
    goal = _goal(request, pk)
    form = GoalForm(request.POST or None, workspace=request.workspace, kpi=goal.kpi, goal=goal)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.change_goal(goal=goal, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Goal saved"))
            return _to(request, goal)
    context = {"form": form, "goal": goal, "line": kpi_lines([goal.kpi])[0]}
    return render(request, "strategy/goal_form.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(EDIT)
def goal_close(request: MemberRequest, pk: int) -> HttpResponse:
    goal, form = _goal(request, pk), CloseGoalForm(request.POST)
    if form.is_valid():
        with shown_on(form):
            services.close_goal(goal=goal, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Goal closed. What you learned stays here."))
            return _to(request, goal)
    return _detail(request, goal, form)


def _goal(request: MemberRequest, pk: int) -> Goal:
    return get_object_or_404(Goal.objects.for_workspace(request.workspace).with_kpi(), pk=pk)


def _to(request: MemberRequest, goal: Goal) -> HttpResponse:
    return redirect("strategy:goal_detail", workspace=request.workspace.slug, pk=goal.pk)
