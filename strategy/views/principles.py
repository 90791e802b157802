"""Principles: the rules of the game."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from strategy import services
from strategy.forms import PrincipleForm
from strategy.models import Principle
from strategy.views.clock import today
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

SEE, EDIT = Can.SEE_STRATEGY, Can.EDIT_STRATEGY


@page(SEE)
def principle_list(request: MemberRequest) -> HttpResponse:
    """The rules that are followed. `?show=archived`: those that no longer are."""
    principles = Principle.objects.for_workspace(request.workspace).select_related("owner__user")
    shows_archived = request.GET.get("show") == "archived"
    chosen = principles.archived() if shows_archived else principles.current()
    context = {
        "principles": chosen.order_by("pk"),
        "shows_archived": shows_archived,
        "has_archived": shows_archived or principles.archived().exists(),
        "today": today(request),
    }
    return render(request, "strategy/principle_list.html", context)


@page(EDIT, EDIT)
def principle_new(request: MemberRequest) -> HttpResponse:
    form = PrincipleForm(request.POST or None, workspace=request.workspace, initial={"owner": request.member})
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.state_principle(
                workspace=request.workspace, by=request.member, now=request.now, **form.cleaned_data
            )
            messages.success(request, _("Principle written down"))
            return redirect("strategy:principle_list", workspace=request.workspace.slug)
    context = {"form": form}
    return render(request, "strategy/principle_form.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(EDIT, EDIT)
def principle_edit(request: MemberRequest, pk: int) -> HttpResponse:
    principle = _principle(request, pk)
    form = PrincipleForm(request.POST or None, workspace=request.workspace, principle=principle)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.change_principle(principle=principle, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Principle saved"))
            return redirect("strategy:principle_list", workspace=request.workspace.slug)
    context = {"form": form, "principle": principle}
    return render(request, "strategy/principle_form.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(EDIT)
def principle_archive(request: MemberRequest, pk: int) -> HttpResponse:
    principle = _principle(request, pk)
    services.archive_principle(principle=principle, by=request.member, now=request.now)
    messages.success(request, _("No longer followed: %(rule)s") % {"rule": principle})
    return redirect("strategy:principle_list", workspace=request.workspace.slug)


def _principle(request: MemberRequest, pk: int) -> Principle:
    return get_object_or_404(Principle.objects.for_workspace(request.workspace), pk=pk)
