"""The rhythm of sprints: cadence and holidays, a sprint's target, taking a planned sprint back."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sprints.calendar import SHOWN_AHEAD, cadence_of, following
from sprints.forms.cadence import CadenceForm, HolidayForm, TargetForm
from sprints.models import Cadence, Holiday, Sprint, SprintState
from sprints.services import cadence as rhythm
from sprints.services import targets
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can


def sprint_of(request: MemberRequest, pk: int) -> Sprint:
    """A sprint of this workspace, or 404."""
    found = Sprint.objects.for_workspace(request.workspace).select_related(
        "goal__kpi", "workspace", "target__kpi__workspace"
    )
    return get_object_or_404(found, pk=pk)


@page(Can.PLAN_SPRINTS, Can.PLAN_SPRINTS)
def settings_cadence(request: MemberRequest) -> HttpResponse:
    """How sprints follow each other, what that means for the next ones, and the holidays."""
    cadence = cadence_of(request.workspace)
    form = CadenceForm(request.POST or None, instance=cadence or Cadence(workspace=request.workspace))
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            rhythm.set_cadence(workspace=request.workspace, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Cadence saved"))
            return redirect("sprints:settings_cadence", workspace=request.workspace.slug)
    return _settings(request, form, HolidayForm())


def _settings(request: MemberRequest, form: CadenceForm, holiday_form: HolidayForm) -> HttpResponse:
    today = request.now.astimezone(request.workspace.zone).date()
    sprints = Sprint.objects.for_workspace(request.workspace)
    cadence = cadence_of(request.workspace)
    context = {
        "form": form,
        "holiday_form": holiday_form,
        "cadence": cadence,
        "planned": sprints.filter(state=SprintState.PLANNING).order_by("start_date", "pk"),
        "following": following(request.workspace, today, SHOWN_AHEAD),
        "holidays": Holiday.objects.for_workspace(request.workspace).filter(day__gte=today).order_by("day"),
    }
    is_wrong = form.errors or holiday_form.errors
    return render(request, "sprints/settings_cadence.html", context, status=UNPROCESSABLE if is_wrong else 200)


@action(Can.PLAN_SPRINTS)
def holiday_add(request: MemberRequest) -> HttpResponse:
    form = HolidayForm(request.POST)
    if form.is_valid():
        with shown_on(form):
            rhythm.add_holiday(workspace=request.workspace, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Holiday added"))
            return redirect("sprints:settings_cadence", workspace=request.workspace.slug)
    cadence = cadence_of(request.workspace) or Cadence(workspace=request.workspace)
    return _settings(request, CadenceForm(instance=cadence), form)


@action(Can.PLAN_SPRINTS)
def holiday_remove(request: MemberRequest, pk: int) -> HttpResponse:
    holiday = get_object_or_404(Holiday.objects.for_workspace(request.workspace).select_related("workspace"), pk=pk)
    rhythm.remove_holiday(holiday=holiday, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is no holiday any more") % {"name": holiday})
    return redirect("sprints:settings_cadence", workspace=request.workspace.slug)


@page(Can.PLAN_SPRINTS, Can.PLAN_SPRINTS)
def sprint_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    """What happens to its stories, and then it is taken back."""
    sprint = sprint_of(request, pk)
    if request.method == "POST":
        went = rhythm.cancel_sprint(sprint=sprint, by=request.member, now=request.now)
        messages.success(request, _cancelled_words(sprint, went))
        return redirect("sprints:sprint_list", workspace=request.workspace.slug)
    if sprint.state != SprintState.PLANNING:
        return redirect("sprints:sprint_detail", workspace=request.workspace.slug, pk=pk)
    stories = sprint.stories.for_cards().filter(dropped_at=None).ranked()
    return render(request, "sprints/sprint_cancel.html", {"sprint": sprint, "stories": stories})


def _cancelled_words(sprint: Sprint, went: int) -> str:
    if not went:
        return _("Sprint %(number)d is cancelled") % {"number": sprint.number}
    words = ngettext(
        "Sprint %(number)d is cancelled; %(count)d story is back in the backlog",
        "Sprint %(number)d is cancelled; %(count)d stories are back in the backlog",
        went,
    )
    return words % {"number": sprint.number, "count": went}


@page(Can.PLAN_SPRINTS, Can.PLAN_SPRINTS)
def sprint_target(request: MemberRequest, pk: int) -> HttpResponse:
    """What the sprint aims at in figures; with `clear` it aims at none."""
    sprint = sprint_of(request, pk)
    if request.method == "POST" and "clear" in request.POST:
        targets.clear_target(sprint=sprint, by=request.member, now=request.now)
        messages.success(request, _("The sprint aims at no figure now"))
        return redirect("sprints:sprint_detail", workspace=request.workspace.slug, pk=pk)
    form = TargetForm(request.POST or None, workspace=request.workspace, target=getattr(sprint, "target", None))
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            targets.set_target(sprint=sprint, by=request.member, now=request.now, **form.figures)
            messages.success(request, _("Target saved"))
            return redirect("sprints:sprint_detail", workspace=request.workspace.slug, pk=pk)
    context = {"form": form, "sprint": sprint, "target": getattr(sprint, "target", None)}
    return render(request, "sprints/sprint_target.html", context, status=UNPROCESSABLE if form.errors else 200)
