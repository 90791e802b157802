"""Campaigns: the list, a new one, one at a glance, its brief."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from campaigns import services
from campaigns.forms import CampaignForm, NewCampaignForm
from campaigns.launches import launch_approval
from campaigns.models import Campaign, CampaignState
from campaigns.preflight import preflight
from campaigns.queries import compare_with_approved, content_approval, stories_to_send_for
from campaigns.steps import steps_of
from campaigns.timing import planned_at
from sprints.models import Story
from sprints.snapshot import people_in
from sprints.standing import standing_of
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

PAGE_SIZE = 50


@page(Can.SEE_CAMPAIGNS)
def campaign_list(request: MemberRequest) -> HttpResponse:
    """All campaigns, newest first, narrowed by state."""
    campaigns: QuerySet[Campaign] = Campaign.objects.for_workspace(request.workspace)
    chosen = request.GET.get("state", "")
    if chosen in CampaignState.values:
        campaigns = campaigns.filter(state=chosen)
    rows = campaigns.select_related("story", "segment").order_by("-created_at", "-pk")
    page_of_rows = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"campaigns": page_of_rows, "states": CampaignState.choices, "chosen": chosen}
    return render(request, "campaigns/campaign_list.html", context)


@page(Can.EDIT_CAMPAIGNS, Can.EDIT_CAMPAIGNS)
def campaign_new(request: MemberRequest) -> HttpResponse:
    """Choose the story, see what the campaign will inherit of its brief, create it."""
    story = _chosen_story(request)
    form = NewCampaignForm(request.POST or None, initial={"name": story.title if story else ""})
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            if story is None:
                raise services.CampaignRefused(_("Choose first the story that the campaign is for."))
            name = form.cleaned_data["name"]
            made = services.create_campaign(story=story, name=name, by=request.member, now=request.now)
            messages.success(request, _("Campaign created"))
            return redirect("campaigns:campaign_detail", workspace=request.workspace.slug, pk=made.pk)
    offered = Paginator(stories_to_send_for(request.workspace), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"form": form, "stories": offered, "story": story}
    context |= _inherited(request, story)
    return render(request, "campaigns/campaign_new.html", context, status=UNPROCESSABLE if form.errors else 200)


def _chosen_story(request: MemberRequest) -> Story | None:
    wanted = request.POST.get("story") or request.GET.get("story", "")
    if not wanted.isdecimal():
        return None
    return get_object_or_404(Story.objects.for_workspace(request.workspace).with_plan(), pk=int(wanted))


def _inherited(request: MemberRequest, story: Story | None) -> dict[str, Any]:
    brief = getattr(story, "brief", None)
    if story is None or brief is None:
        return {}
    standing = standing_of([story], request.now)[story.pk]
    return {"brief": brief, "people": people_in(brief.segment, request.now), "standing": standing}


@page(Can.SEE_CAMPAIGNS)
def campaign_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """The campaign at a glance: where it stands, what was approved, what it serves."""
    campaign = campaign_of(request, pk)
    groups = preflight(campaign, request.now) if campaign.is_ahead else None
    context = {
        "campaign": campaign,
        "steps": steps_of(campaign, groups),
        "comparison": compare_with_approved(campaign, request.now),
        "content_approval": content_approval(campaign),
        "launch": launch_approval(campaign, request.now),
        "planned_at": planned_at(campaign, request.now),
    }
    return render(request, "campaigns/campaign_detail.html", context)


def campaign_of(request: MemberRequest, pk: int) -> Campaign:
    """A campaign of this workspace, with its parts, or 404."""
    return get_object_or_404(Campaign.objects.for_workspace(request.workspace).with_parts(), pk=pk)


@page(Can.EDIT_CAMPAIGNS, Can.EDIT_CAMPAIGNS)
def campaign_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Name, sender, and what of the brief may differ for this send."""
    campaign = campaign_of(request, pk)
    form = CampaignForm(request.POST or None, campaign=campaign)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.change_campaign(campaign=campaign, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Campaign saved"))
            return redirect("campaigns:campaign_detail", workspace=request.workspace.slug, pk=pk)
    context = {
        "form": form,
        "campaign": campaign,
        "steps": steps_of(campaign),
        "comparison": compare_with_approved(campaign, request.now),
    }
    return render(request, "campaigns/campaign_edit.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.STOP_CAMPAIGNS)
def campaign_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    campaign = campaign_of(request, pk)
    services.cancel_campaign(campaign=campaign, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” will not be sent") % {"name": campaign})
    return redirect("campaigns:campaign_detail", workspace=request.workspace.slug, pk=pk)
