"""When sends stop by themselves: the limits, and the doubt about a restored database."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from delivery import installation, safety
from delivery.models import RestoreHold
from delivery.safety_forms import SafetyForm
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can


@page(Can.MANAGE_WORKSPACE, Can.MANAGE_WORKSPACE)
def settings_safety(request: MemberRequest) -> HttpResponse:
    form = SafetyForm(request.POST or None, limits=safety.limits_of(request.workspace))
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            safety.set_limits(workspace=request.workspace, by=request.member, now=request.now, **form.changes)
            messages.success(request, _("Safety limits saved"))
            return redirect(request.path)
    hold = RestoreHold.objects.for_workspace(request.workspace).open().first()
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "delivery/settings_safety.html", {"form": form, "hold": hold}, status=status)


@action(Can.MANAGE_WORKSPACE)
def restore_confirm(request: MemberRequest) -> HttpResponse:
    installation.confirm_restore(workspace=request.workspace, by=request.member, now=request.now)
    messages.success(request, _("Confirmed. Paused sends wait for you; look at each before it goes on."))
    return redirect("delivery:settings_safety", workspace=request.workspace.slug)
