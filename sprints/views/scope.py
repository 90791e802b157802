"""The scope log of a sprint: what was committed, what changed since, by whom and why."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from emailops.lib.csvfile import write_table
from sprints.commitment import commitment_of
from sprints.forms.cadence import ReasonForm, ScopeFilterForm
from sprints.models import ScopeEntry, Sprint
from sprints.services import targets
from sprints.services.sprints import SprintRefused
from sprints.views.cadence import sprint_of
from sprints.views.returning import back, here
from workspaces.http import MemberRequest, action, csv_download, page
from workspaces.permissions import Can

LINES_A_PAGE = 100


@page(Can.SEE_SPRINTS)
def sprint_scope(request: MemberRequest, pk: int) -> HttpResponse:
    """The commitment beside what it is now, and the log with filters, newest first."""
    sprint = sprint_of(request, pk)
    form = ScopeFilterForm(request.GET, sprint=sprint)
    found = _chosen(sprint, form)
    context = {
        "sprint": sprint,
        "form": form,
        "is_filtered": any(form.cleaned_data.values()),
        "entries": Paginator(found, LINES_A_PAGE).get_page(request.GET.get("page")),
        "commitment": commitment_of(sprint),
        "here": here(request),
        "current": "scope",
    }
    return render(request, "sprints/sprint_scope.html", context)


def _chosen(sprint: Sprint, form: ScopeFilterForm) -> "QuerySet[ScopeEntry]":
    """The lines that fit; a filter that makes no sense asks nothing."""
    form.is_valid()
    said: dict[str, Any] = form.cleaned_data
    found = ScopeEntry.objects.for_workspace(sprint.workspace).filter(sprint=sprint).select_related("story", "by__user")
    if said.get("change"):
        found = found.filter(change=said["change"])
    if said.get("by"):
        found = found.filter(by=said["by"])
    if said.get("unexplained"):
        found = found.filter(reason="")
    return found.order_by("-at", "-pk")


@page(Can.SEE_SPRINTS)
def sprint_scope_csv(request: MemberRequest, pk: int) -> StreamingHttpResponse:
    """The same lines for a spreadsheet, oldest first."""
    sprint = sprint_of(request, pk)
    found = _chosen(sprint, ScopeFilterForm(request.GET, sprint=sprint)).order_by("at", "pk")
    header = [_("when"), _("number"), _("story"), _("change"), _("points"), _("who"), _("why")]
    return csv_download(f"scope-sprint-{sprint.number}.csv", write_table(header, _lines(found)))


def _lines(found: "QuerySet[ScopeEntry]") -> Iterator[list[object]]:
    for entry in found.iterator():
        who = str(entry.by) if entry.by else _("The system")
        change = entry.get_change_display()
        yield [entry.at.isoformat(), entry.story.number, entry.story.title, change, entry.points, who, entry.reason]


@action(Can.EDIT_STORIES)
def scope_reason(request: MemberRequest, pk: int) -> HttpResponse:
    """Say why, for one line."""
    entries = ScopeEntry.objects.for_workspace(request.workspace).select_related("sprint__workspace", "workspace")
    entry, form = get_object_or_404(entries, pk=pk), ReasonForm(request.POST)
    if not form.is_valid():
        raise SprintRefused(_("Say it in one sentence of at most 300 letters."))
    targets.give_reason(entry=entry, reason=form.cleaned_data["reason"], by=request.member, now=request.now)
    messages.success(request, _("The reason is in the log"))
    return back(request, "sprints:sprint_scope", workspace=request.workspace.slug, pk=entry.sprint_id)
