"""Asking the owner about a launch as a whole: the mail, its audience, its days and its offer."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaigns.forms import AskLaunchForm
from campaigns.launches import ask_about_launch, launch_approval, launch_days
from campaigns.readers import reach_of
from campaigns.steps import steps_of
from campaigns.views.campaigns import campaign_of
from workspaces.http import UNPROCESSABLE, MemberRequest, page, shown_on
from workspaces.permissions import Can


@page(Can.EDIT_CAMPAIGNS, Can.EDIT_CAMPAIGNS)
def campaign_ask_launch(request: MemberRequest, pk: int) -> HttpResponse:
    """What the owner decides on, who is asked, and on which days it may go out; POST sends it."""
    campaign = campaign_of(request, pk)
    if not campaign.is_ahead and request.method == "GET":
        return redirect("campaigns:campaign_detail", workspace=request.workspace.slug, pk=pk)
    first, last = launch_days(campaign, request.now)
    initial = {"first_day": first, "last_day": last}
    form = AskLaunchForm(request.POST or None, member=request.member, initial=initial)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            asked = ask_about_launch(campaign=campaign, by=request.member, now=request.now, **form.asked)
            messages.success(request, _("Sent to %(name)s") % {"name": asked.approver})
            return redirect("campaigns:campaign_detail", workspace=request.workspace.slug, pk=pk)
    context = {
        "form": form,
        "campaign": campaign,
        "steps": steps_of(campaign),
        "launch": launch_approval(campaign, request.now),
        "reach": reach_of(campaign, request.now),
    }
    return render(request, "campaigns/campaign_ask_launch.html", context, status=UNPROCESSABLE if form.errors else 200)
