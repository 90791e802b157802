"""Letting a campaign go out: the checks, the owner's word on the mail, the schedule."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaigns import services
from campaigns.forms import AskOwnerForm, ScheduleForm
from campaigns.launches import launch_approval
from campaigns.models import Campaign
from campaigns.preflight import Group, preflight, stops, tally
from campaigns.queries import content_approval
from campaigns.readers import SAMPLE_UNSUBSCRIBE, reach_of, reader_for
from campaigns.rendering import CompiledContent, personal_context
from campaigns.steps import steps_of
from campaigns.timing import planned_at, proposed_time, send_window
from campaigns.views.campaigns import campaign_of
from emailops.lib.errors import DomainError
from sprints.standing import approved_brief
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can


@page(Can.SEE_CAMPAIGNS)
def campaign_checks(request: MemberRequest, pk: int) -> HttpResponse:
    """May it go out: every finding with what to do, and beside them what would happen."""
    campaign = campaign_of(request, pk)
    if not campaign.is_ahead:
        return redirect("campaigns:campaign_detail", workspace=request.workspace.slug, pk=pk)
    groups = preflight(campaign, request.now)
    found = tally(groups)
    context = {
        "campaign": campaign,
        "steps": steps_of(campaign, groups),
        "groups": groups,
        "tally": found,
        "ring": [(found.passed, "ok"), (found.warnings, "warn"), (found.stops, "bad")],
        "planned_at": planned_at(campaign, request.now),
        "reach": reach_of(campaign, request.now),
        "brief": getattr(campaign.story, "brief", None),
        **_inbox(request, campaign),
    }
    return render(request, "campaigns/campaign_checks.html", context)


def _inbox(request: MemberRequest, campaign: Campaign) -> dict[str, Any]:
    """The mail as its first reader finds it in the inbox, if it can be shown at all."""
    if campaign.content is None:
        return {}
    contact = reader_for(campaign, request.member, "", request.now).contact
    context = personal_context(contact, campaign.workspace, unsubscribe_url=SAMPLE_UNSUBSCRIBE)
    try:
        return {"mail": CompiledContent(campaign.content).render(context)}
    except DomainError:
        return {}  # said by the checks


@page(Can.SEE_CAMPAIGNS, Can.EDIT_CAMPAIGNS)
def campaign_schedule(request: MemberRequest, pk: int) -> HttpResponse:
    """When it goes out. What still stops it is said before one chooses, and decides once more afterwards."""
    campaign = campaign_of(request, pk)
    zone = campaign.workspace.zone
    form = ScheduleForm(request.POST or None, zone=zone, proposed=proposed_time(campaign, request.now))
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            at = form.moment(request.now)
            services.put_on_schedule(campaign=campaign, at=at, by=request.member, now=request.now)
            messages.success(request, _("On the schedule"))
            return redirect("campaigns:campaign_detail", workspace=request.workspace.slug, pk=pk)
    groups = preflight(campaign, request.now) if campaign.is_ahead else []
    context = {
        "form": form,
        "campaign": campaign,
        "steps": steps_of(campaign, groups),
        "launch": launch_approval(campaign, request.now),
        **_release(campaign, groups),
    }
    return render(request, "campaigns/campaign_schedule.html", context, status=UNPROCESSABLE if form.errors else 200)


def _release(campaign: Campaign, groups: list[Group]) -> dict[str, Any]:
    is_approved = approved_brief(campaign.story) is not None
    return {"stops": stops(groups), "tally": tally(groups), "window": send_window(campaign), "is_approved": is_approved}


@action(Can.STOP_CAMPAIGNS)
def campaign_unschedule(request: MemberRequest, pk: int) -> HttpResponse:
    services.unschedule_campaign(campaign=campaign_of(request, pk), by=request.member, now=request.now)
    messages.success(request, _("Off the schedule; you can change it now"))
    return redirect("campaigns:campaign_detail", workspace=request.workspace.slug, pk=pk)


@page(Can.EDIT_CAMPAIGNS, Can.EDIT_CAMPAIGNS)
def campaign_ask_owner(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask the business owner about the finished mail, where the approval covers it."""
    campaign = campaign_of(request, pk)
    form = AskOwnerForm(request.POST or None, member=request.member)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.ask_about_content(campaign=campaign, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Sent to %(name)s") % {"name": form.cleaned_data["approver"]})
            return redirect("campaigns:campaign_detail", workspace=request.workspace.slug, pk=pk)
    context = {
        "form": form,
        "campaign": campaign,
        "steps": steps_of(campaign),
        "content_approval": content_approval(campaign),
    }
    return render(request, "campaigns/campaign_ask_owner.html", context, status=UNPROCESSABLE if form.errors else 200)
