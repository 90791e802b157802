"""A campaign's report, and measuring a sprint on demand."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext

from campaigns.models import Campaign
from campaigns.steps import Step, steps_of
from delivery.models import Run
from insights import services
from insights.report import campaign_report as report_of
from sprints.models import Sprint, SprintState
from workspaces.http import MemberRequest, action, page
from workspaces.permissions import Can


@page(Can.SEE_CAMPAIGNS)
def campaign_report(request: MemberRequest, pk: int) -> HttpResponse:
    """What a campaign brought, beside what was promised."""
    campaign = get_object_or_404(Campaign.objects.for_workspace(request.workspace).with_parts(), pk=pk)
    run = Run.objects.for_workspace(request.workspace).with_parts().filter(campaign=campaign).first()
    context = {
        "campaign": campaign,
        "steps": [_opened(step) for step in steps_of(campaign)],
        "report": report_of(campaign, run, request.now) if run else None,
    }
    return render(request, "insights/campaign_report.html", context)


def _opened(step: Step) -> Step:
    """The last step leads here, which the campaigns app does not know."""
    return replace(step, route="insights:campaign_report") if step.key == "report" else step


@action(Can.EDIT_STORIES)
def sprint_measure(request: MemberRequest, pk: int) -> HttpResponse:
    sprints = Sprint.objects.for_workspace(request.workspace).select_related("workspace", "goal__kpi__workspace")
    sprint = get_object_or_404(sprints, pk=pk)
    measured = services.measure_sprint(sprint=sprint, by=request.member, now=request.now)
    words = ngettext(
        "Measured: %(count)d story has an outcome", "Measured: %(count)d stories have an outcome", measured
    )
    messages.success(request, words % {"count": measured})
    page_name = "sprints:sprint_detail" if sprint.state == SprintState.PLANNING else "sprints:retro_detail"
    return redirect(page_name, workspace=request.workspace.slug, pk=pk)
