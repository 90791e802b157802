"""KPIs: what is counted, its history, and where its readings come from."""

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from strategy import services
from strategy.charts import kpi_chart
from strategy.figures import figure
from strategy.forms import KpiForm, NewKpiForm, ReadingForm
from strategy.measures import measures
from strategy.models import Goal, Kpi, KpiQuerySet, ReadingSource
from strategy.queries import goal_lines, kpi_lines
from strategy.views.clock import today
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

READINGS_PAGE_SIZE = 14
SPANS = (30, 90, 365)
USUAL_SPAN = 90
SEE, EDIT = Can.SEE_STRATEGY, Can.EDIT_STRATEGY


@page(SEE)
def kpi_list(request: MemberRequest) -> HttpResponse:
    """The KPIs with where they stand and where they go. `?show=archived`: those that were put away."""
    kpis, shows_archived = _kpis(request), request.GET.get("show") == "archived"
    chosen = kpis.archived() if shows_archived else kpis.current()
    on_it = Count("goals", filter=Q(goals__closed_at=None))
    lines = kpi_lines(chosen.annotate(goal_count=on_it).order_by("name", "pk"))
    context = {
        "lines": lines,
        "shows_archived": shows_archived,
        "has_archived": shows_archived or kpis.archived().exists(),
        "has_measured": not shows_archived and any(line.kpi.source for line in lines),
        "measures": measures(),
    }
    return render(request, "strategy/kpi_list.html", context)


@page(EDIT, EDIT)
def kpi_new(request: MemberRequest) -> HttpResponse:
    form = NewKpiForm(request.POST or None, workspace=request.workspace, initial={"champion": request.member})
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            kpi = services.define_kpi(
                workspace=request.workspace, by=request.member, now=request.now, **form.cleaned_data
            )
            said = (
                _("KPI added; its past is being measured") if kpi.source else _("KPI added. Enter its first reading.")
            )
            messages.success(request, said)
            return _to_new_goal(request, kpi) if request.GET.get("then") == "goal" else _to(request, kpi)
    context = {"form": form}
    return render(request, "strategy/kpi_form.html", context, status=UNPROCESSABLE if form.errors else 200)


def _to_new_goal(request: MemberRequest, kpi: Kpi) -> HttpResponse:
    """Back to the goal that this KPI was wanted for."""
    address = reverse("strategy:goal_new", kwargs={"workspace": request.workspace.slug})
    return redirect(f"{address}?kpi={kpi.pk}")


@page(SEE)
def kpi_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One KPI: its line, its readings, where they come from, and the goals on it."""
    kpi = _kpi(request, pk)
    return _detail(request, kpi, ReadingForm(kpi=kpi, initial={"day": today(request)}))


def _detail(request: MemberRequest, kpi: Kpi, form: ReadingForm) -> HttpResponse:
    asked = request.GET.get("days", "")
    span = int(asked) if asked in map(str, SPANS) else USUAL_SPAN
    readings = kpi.readings.order_by("-day")
    shown = readings.filter(day__gt=today(request) - timedelta(days=span))
    goals = Goal.objects.for_workspace(request.workspace).filter(kpi=kpi).with_kpi()
    lines = goal_lines(goals.order_by("closed_at", "due_date", "pk"), today(request))
    rows = Paginator(readings, READINGS_PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "kpi": kpi,
        "line": kpi_lines([kpi])[0],
        "chart": kpi_chart(kpi, list(reversed(shown))),
        "spans": SPANS,
        "span": span,
        "readings": rows,
        "has_intervals": any(reading.low is not None for reading in rows),
        "measure": measures().get(kpi.source),
        "goals": lines,
        "has_open_goal": any(line.goal.closed_at is None for line in lines),
        "form": form,
    }
    return render(request, "strategy/kpi_detail.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(EDIT, EDIT)
def kpi_edit(request: MemberRequest, pk: int) -> HttpResponse:
    kpi = _kpi(request, pk)
    form = KpiForm(request.POST or None, workspace=request.workspace, kpi=kpi)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.change_kpi(kpi=kpi, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("KPI saved"))
            return _to(request, kpi)
    context = {"form": form, "kpi": kpi}
    return render(request, "strategy/kpi_form.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(EDIT)
def kpi_archive(request: MemberRequest, pk: int) -> HttpResponse:
    kpi = _kpi(request, pk)
    services.archive_kpi(kpi=kpi, by=request.member, now=request.now)
    messages.success(request, _("“%(kpi)s” is put away with its history") % {"kpi": kpi})
    return redirect("strategy:kpi_list", workspace=request.workspace.slug)


@action(EDIT)
def kpi_reading(request: MemberRequest, pk: int) -> HttpResponse:
    """Enter what the KPI stood at on a day."""
    kpi = _kpi(request, pk)
    form = ReadingForm(request.POST, kpi=kpi)
    if form.is_valid():
        with shown_on(form):
            reading = services.enter_reading(
                kpi=kpi, source=ReadingSource.ENTERED, by=request.member, now=request.now, **form.cleaned_data
            )
            shown = figure(reading.value, kpi.unit, request.workspace.currency)
            messages.success(request, _("Reading written down: %(value)s") % {"value": shown})
            return _to(request, kpi)
    return _detail(request, kpi, form)


@action(EDIT)
def kpi_measure(request: MemberRequest) -> HttpResponse:
    """Measure all KPIs now, and go back to the one whose button it was."""
    asked = request.POST.get("kpi", "")
    kpi = _kpi(request, int(asked)) if asked.isdecimal() else None
    services.measure_now(workspace=request.workspace, by=request.member, now=request.now)
    messages.success(request, _("Measured from the facts as they stand now"))
    return _to(request, kpi) if kpi else redirect("strategy:kpi_list", workspace=request.workspace.slug)


def _kpis(request: MemberRequest) -> KpiQuerySet:
    return Kpi.objects.for_workspace(request.workspace).select_related("workspace", "champion__user")


def _kpi(request: MemberRequest, pk: int) -> Kpi:
    return get_object_or_404(_kpis(request), pk=pk)


def _to(request: MemberRequest, kpi: Kpi) -> HttpResponse:
    return redirect("strategy:kpi_detail", workspace=request.workspace.slug, pk=kpi.pk)
