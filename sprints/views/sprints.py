"""Sprints: the list, planning, the board, closing."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sprints.charts import burndown, burnup, velocity
from sprints.forms.sprints import CloseForm, NewSprintForm, SprintForm, next_sprint
from sprints.headcount import Headcount
from sprints.models import Sprint, SprintState, StoryStatus
from sprints.planned import PlannedSprint, stories_in
from sprints.queries import (
    cards,
    carried_over,
    head_of_backlog,
    points_of,
    scope_changes,
    sprint_figures,
    sprints_with_points,
)
from sprints.services import sprints
from sprints.views.board import board_context, further, is_board_only, is_further
from sprints.views.returning import MOVED, here, said_of
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.notices.reading import mark_read
from workspaces.permissions import Can

CHARTED_SPRINTS = 8
OFFERED_STORIES = 12
NEWEST_CHANGES = 20
NO_CONTENT = 204


def _sprint(request: MemberRequest, pk: int) -> Sprint:
    found = Sprint.objects.for_workspace(request.workspace).select_related(
        "goal__kpi", "workspace", "target__kpi__workspace"
    )
    return get_object_or_404(found, pk=pk)


@page(Can.SEE_SPRINTS)
def sprint_list(request: MemberRequest) -> HttpResponse:
    """All sprints, newest first, and how much the last ones delivered of what was planned."""
    found = sprints_with_points(request.workspace)
    closed = [sprint for sprint in found if sprint.state == SprintState.CLOSED][:CHARTED_SPRINTS]
    context = {"sprints": found, "velocity": velocity(closed[::-1])}
    return render(request, "sprints/sprint_list.html", context)


@page(Can.PLAN_SPRINTS, Can.PLAN_SPRINTS)
def sprint_new(request: MemberRequest) -> HttpResponse:
    initial = next_sprint(request.workspace, request.now.astimezone(request.workspace.zone).date())
    form = NewSprintForm(request.POST or None, workspace=request.workspace, initial=initial)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            sprint = sprints.open_sprint(
                workspace=request.workspace, by=request.member, now=request.now, **form.cleaned_data
            )
            messages.success(request, _("Sprint %(number)d can be planned now") % {"number": sprint.number})
            return redirect("sprints:sprint_detail", workspace=request.workspace.slug, pk=sprint.pk)
    return _form(request, form, None)


@page(Can.PLAN_SPRINTS, Can.PLAN_SPRINTS)
def sprint_edit(request: MemberRequest, pk: int) -> HttpResponse:
    sprint = _sprint(request, pk)
    form = SprintForm(request.POST or None, workspace=request.workspace, sprint=sprint)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            sprints.change_sprint(sprint=sprint, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Sprint saved"))
            return redirect("sprints:sprint_detail", workspace=request.workspace.slug, pk=pk)
    return _form(request, form, sprint)


def _form(request: MemberRequest, form: SprintForm, sprint: Sprint | None) -> HttpResponse:
    context = {"form": form, "sprint": sprint}
    return render(request, "sprints/sprint_form.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(Can.SEE_SPRINTS)
def sprint_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """The plan, the board or the result, whichever the sprint has come to; htmx gets that part alone."""
    sprint = _sprint(request, pk)
    if is_further(request):
        return further(request, sprint)
    if is_board_only(request) and sprint.state != SprintState.RUNNING:
        return HttpResponse(status=NO_CONTENT, headers={"HX-Refresh": "true"})  # it was closed meanwhile
    mark_read(member=request.member, now=request.now, about=("sprint", pk))
    part, build = PARTS[SprintState(sprint.state)]
    context = {"sprint": sprint, "part": part, "here": here(request), "moved": said_of(request, MOVED)}
    context |= build(request, sprint)
    if is_board_only(request):
        return render(request, "sprints/_board.html", context)
    return render(request, part if request.htmx else "sprints/sprint_detail.html", context)


def _planning(request: MemberRequest, sprint: Sprint) -> dict[str, Any]:
    plan = PlannedSprint(sprint, list(stories_in(sprint).with_marks()), Headcount(request.now))
    points = points_of(plan.stories)
    return {
        "plan": plan,
        "cards": cards(plan.stories),
        "points": points,
        "load": points / sprint.capacity_points if sprint.capacity_points else None,
        "too_much": max(0, points - sprint.capacity_points) if sprint.capacity_points is not None else 0,
        "offered": cards(head_of_backlog(request.workspace, OFFERED_STORIES)),
        "running": Sprint.objects.for_workspace(request.workspace).running().first(),
    }


def _running(request: MemberRequest, sprint: Sprint) -> dict[str, Any]:
    today = request.now.astimezone(request.workspace.zone).date()
    return {
        **board_context(request, sprint),
        "figures": sprint_figures(sprint, today),
        "burndown": burndown(sprint, today),
        "burnup": burnup(sprint, today, height="s"),
        "changes": scope_changes(sprint, NEWEST_CHANGES),
    }


def _closed(request: MemberRequest, sprint: Sprint) -> dict[str, Any]:
    today = request.now.astimezone(request.workspace.zone).date()
    return {
        "done": sprint.stories.with_plan().filter(status=StoryStatus.DONE).order_by("done_at", "pk"),
        "carried": carried_over(sprint),
        "burndown": burndown(sprint, today),
        "burnup": burnup(sprint, today, height="s"),
    }


def _cancelled(_request: MemberRequest, _sprint: Sprint) -> dict[str, Any]:
    return {}


PARTS = {
    SprintState.PLANNING: ("sprints/_sprint_planning.html", _planning),
    SprintState.RUNNING: ("sprints/_sprint_running.html", _running),
    SprintState.CLOSED: ("sprints/_sprint_closed.html", _closed),
    SprintState.CANCELLED: ("sprints/_sprint_cancelled.html", _cancelled),
}


@action(Can.PLAN_SPRINTS)
def sprint_start(request: MemberRequest, pk: int) -> HttpResponse:
    sprint = _sprint(request, pk)
    sprints.start_sprint(sprint=sprint, by=request.member, now=request.now)
    messages.success(request, _("Sprint %(number)d runs") % {"number": sprint.number})
    return redirect("sprints:sprint_detail", workspace=request.workspace.slug, pk=pk)


@page(Can.PLAN_SPRINTS, Can.PLAN_SPRINTS)
def sprint_close(request: MemberRequest, pk: int) -> HttpResponse:
    """What was done, and what becomes of the rest."""
    sprint = _sprint(request, pk)
    if request.method == "GET" and sprint.state != SprintState.RUNNING:
        return redirect("sprints:sprint_detail", workspace=request.workspace.slug, pk=pk)
    found = list(sprint.stories.for_cards().filter(dropped_at=None).ranked())
    unfinished = [story for story in found if story.status != StoryStatus.DONE]
    data = request.POST if request.method == "POST" else None
    form = CloseForm(data, workspace=request.workspace, stories=unfinished)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            carried = sprints.close_sprint(
                sprint=sprint, carry_to=form.sprint, leftovers=form.leftovers, by=request.member, now=request.now
            )
            messages.success(request, _closed_words(sprint, carried))
            return redirect("sprints:sprint_detail", workspace=request.workspace.slug, pk=pk)
    done = [story for story in found if story.status == StoryStatus.DONE]
    rows = [(story, form[f"story-{story.pk}"], form[f"done-{story.pk}"]) for story in unfinished]
    context = {"form": form, "sprint": sprint, "unfinished": unfinished, "done": done, "points": points_of(done)}
    context["rows"] = rows
    return render(request, "sprints/sprint_close.html", context, status=UNPROCESSABLE if form.errors else 200)


def _closed_words(sprint: Sprint, carried: int) -> str:
    if not carried:
        return _("Sprint %(number)d is closed, everything is done") % {"number": sprint.number}
    words = ngettext(
        "Sprint %(number)d is closed; %(count)d story goes on",
        "Sprint %(number)d is closed; %(count)d stories go on",
        carried,
    )
    return words % {"number": sprint.number, "count": carried}
