"""The live round: who speaks now, who is next, and the buttons that everybody has."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from sprints.forms.standups import StepForm
from sprints.models import StandUp
from sprints.services.standup_steps import Step, take_step
from sprints.services.standups import StandUpRefused, open_stand_up
from sprints.standup_days import is_on, next_day, own_day, schedule_of
from sprints.standup_round import round_now
from workspaces.http import MemberRequest, action, page
from workspaces.permissions import Can


@page(Can.SEE_SPRINTS)
def stand_up_round(request: MemberRequest) -> HttpResponse:
    """Today's live round; htmx gets the part that changes."""
    schedule, day = schedule_of(request.workspace), own_day(request.member, request.now)
    if not (schedule.has_round and is_on(schedule, day)):
        return render(
            request, "sprints/stand_up_no_round.html", {"schedule": schedule, "next_day": next_day(schedule, day)}
        )
    return _round(request, open_stand_up(workspace=request.workspace, day=day, now=request.now))


def _round(request: MemberRequest, stand_up: StandUp) -> HttpResponse:
    template = "sprints/_stand_up_round.html" if request.htmx else "sprints/stand_up_round.html"
    return render(request, template, {"stand_up": stand_up, "round": round_now(stand_up, request.now)})


@action(Can.EDIT_STORIES)
def stand_up_step(request: MemberRequest, pk: int) -> HttpResponse:
    """A button of the round."""
    stand_ups = StandUp.objects.for_workspace(request.workspace).select_related("workspace")
    stand_up = get_object_or_404(stand_ups, pk=pk)
    form = StepForm(request.POST, workspace=request.workspace)
    if not form.is_valid():
        raise StandUpRefused(_("The round has changed since you loaded it. Load the page again."))
    asked = form.cleaned_data
    take_step(
        stand_up=stand_up,
        step=Step(asked["step"]),
        turn=asked["turn"] or 0,
        member=asked["member"],
        by=request.member,
        now=request.now,
    )
    if request.htmx:
        stand_up.refresh_from_db()
        return _round(request, stand_up)
    return redirect("sprints:stand_up_round", workspace=request.workspace.slug)
