"""Retrospectives: the list, and one of them."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from sprints.models import Retro, Sprint
from sprints.retrospect import retro_figures
from sprints.views.retro_pages import begun_sprints, retro_page
from workspaces.http import MemberRequest, page
from workspaces.notices.reading import mark_shown
from workspaces.permissions import Can

PAGE_SIZE = 20


@page(Can.SEE_SPRINTS)
def retro_list(request: MemberRequest) -> HttpResponse:
    """The sprints that ran or run, newest first, with their key figures."""
    sprints = Paginator(begun_sprints(request.workspace).order_by("-number"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    held = {
        retro.sprint_id: retro
        for retro in Retro.objects.for_workspace(request.workspace).filter(sprint__in=list(sprints))
    }
    figures = retro_figures(list(sprints), with_changes=False)
    context = {"rows": sprints, "lines": [(line, held.get(line.sprint.pk)) for line in figures]}
    return render(request, "sprints/retro_list.html", context)


@page(Can.SEE_SPRINTS)
def retro_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """The step at which the team is, or the one asked for with `phase`."""
    sprint = get_object_or_404(begun_sprints(request.workspace), pk=pk)
    _mark_read(request, sprint)
    return retro_page(request, sprint)


def _mark_read(request: MemberRequest, sprint: Sprint) -> None:
    """That it began, and the actions it shows."""
    about = {
        "retro": Retro.objects.for_workspace(request.workspace).filter(sprint=sprint),
        "retroaction": sprint.actions.all(),
    }
    shown = {about_type: rows.values_list("pk", flat=True) for about_type, rows in about.items()}
    mark_shown(member=request.member, shown=shown, now=request.now)
