"""How fast mail goes out: limits and warm-up in the settings, and the speed of a send under way."""

from itertools import islice
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from delivery.models import Run, WarmUp
from delivery.pace import services
from delivery.pace.outlook import STANDARD, Outlook
from delivery.pace.servers import MailServer, mail_servers
from delivery.pace.slowing import slowed_groups
from delivery.panel import RunPanel
from delivery.speed_forms import RunSpeedForm, SpeedForm, WarmUpForm
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

MOST_DAYS = 60
"""Lines of a schedule that the page shows."""


@page(Can.MANAGE_WORKSPACE, Can.MANAGE_WORKSPACE)
def settings_speed(request: MemberRequest) -> HttpResponse:
    """Every limit, and what all of them together mean."""
    outlook = Outlook(request.workspace, request.now)
    form = SpeedForm(outlook, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.set_limits(workspace=request.workspace, limits=form.limits(), by=request.member, now=request.now)
            messages.success(request, _("Saved. Workers follow within two seconds."))
            return redirect(request.path)
    context = {
        "form": form,
        "outlook": outlook,
        "slowed": slowed_groups(request.workspace, request.now),
        "usual": settings.MAIL_PER_MINUTE,
    }
    return render(request, "delivery/settings_speed.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(Can.MANAGE_WORKSPACE, Can.MANAGE_WORKSPACE)
def settings_speed_warm_up(request: MemberRequest, server: int) -> HttpResponse:
    """A schedule with its days; a GET with numbers shows the days without keeping them."""
    chosen = _server(request, server)
    found = WarmUp.objects.for_workspace(request.workspace).filter(transport_id=server).first()
    said = request.POST if request.method == "POST" else _tried(request) or None
    form = WarmUpForm(said, initial=_initial(request, found))
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.start_warm_up(
                workspace=request.workspace,
                transport_id=server,
                schedule=form.schedule(),
                start_date=form.cleaned_data["start_date"],
                by=request.member,
                now=request.now,
            )
            messages.success(request, _("The warm-up is set"))
            return redirect(request.path)
    context = {"form": form, "server": chosen, "warm_up": found, **_days(request, form, found)}
    template = "delivery/_warm_up_days.html" if request.htmx else "delivery/settings_warm_up.html"
    status = UNPROCESSABLE if request.method == "POST" and form.errors else 200
    return render(request, template, context, status=status)


@action(Can.MANAGE_WORKSPACE)
def settings_speed_warm_up_end(request: MemberRequest, server: int) -> HttpResponse:
    found = get_object_or_404(WarmUp.objects.for_workspace(request.workspace), transport_id=server)
    services.end_warm_up(warm_up=found, by=request.member, now=request.now)
    messages.success(request, _("The warm-up is over. The server gets everything from now on."))
    return redirect("delivery:settings_speed", workspace=request.workspace.slug)


def _server(request: MemberRequest, server_id: int) -> MailServer:
    found = next((each for each in mail_servers(request.workspace) if each.id == server_id), None)
    if found is None:
        raise Http404
    return found


def _tried(request: MemberRequest) -> dict[str, Any]:
    return {name: request.GET[name] for name in WarmUpForm.base_fields if name in request.GET}


def _initial(request: MemberRequest, found: WarmUp | None) -> dict[str, Any]:
    if found is None:
        return {"start_date": request.now.astimezone(request.workspace.zone).date(), **STANDARD}
    return {name: getattr(found, name) for name in WarmUpForm.base_fields}


def _days(request: MemberRequest, form: WarmUpForm, found: WarmUp | None) -> dict[str, Any]:
    """The coming days of the schedule in the form, as far as it is one."""
    if form.is_bound and not form.is_valid():
        return {"days": [], "more": 0}
    planned = form.planned() if form.is_bound else found or WarmUp(**form.initial)
    today = request.now.astimezone(request.workspace.zone).date()
    days = planned.days(today)
    shown = list(islice(days, MOST_DAYS))
    return {"days": shown, "more": sum(1 for _day in days), "planned": planned, "today": today}


@action(Can.STOP_CAMPAIGNS)
def run_speed(request: MemberRequest, pk: int) -> HttpResponse:
    """Move the speed of a send under way."""
    run = get_object_or_404(Run.objects.for_workspace(request.workspace).with_parts(), campaign=pk)
    form = RunSpeedForm(request.POST)
    if form.is_valid():
        with shown_on(form):
            per_minute = form.cleaned_data["per_minute"]
            services.set_speed_limit(run=run, per_minute=per_minute, by=request.member, now=request.now)
            run.speed_limit = per_minute
            if not request.htmx:
                messages.success(request, _("The speed is set. Workers follow within two seconds."))
                return redirect("campaigns:campaign_detail", workspace=request.workspace.slug, pk=pk)
            form = RunSpeedForm(initial={"per_minute": per_minute})
    context = {
        "panel": RunPanel(run, request.now),
        "campaign": run.campaign,
        "speed_form": form,
        "is_set": not form.errors,
    }
    template = "delivery/_run_speed.html" if request.htmx else "delivery/run_panel.html"
    return render(request, template, context, status=UNPROCESSABLE if form.errors else 200)
