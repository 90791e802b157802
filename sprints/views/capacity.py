"""How much fits into a sprint, and what each person gets done."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sprints.calendar import cadence_of
from sprints.capacity import team_capacity
from sprints.competence import workload
from sprints.forms.capacity import CapacityForm, DaysOffForm
from sprints.loads import team_load
from sprints.models import Cadence, DaysOff, MemberCapacity
from sprints.queries import points_of
from sprints.services import capacity
from sprints.views.cadence import sprint_of
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.models import Member
from workspaces.permissions import Can


@page(Can.SEE_SPRINTS)
def sprint_capacity(request: MemberRequest, pk: int) -> HttpResponse:
    """Who has how many days, what that makes in points, and what each skill has to give."""
    sprint = sprint_of(request, pk)
    found = team_capacity(sprint)
    context = {
        "sprint": sprint,
        "capacity": found,
        "team": team_load(sprint, found),
        "workload": workload(sprint, found),
        "planned": points_of(sprint.stories.filter(dropped_at=None)),
        "current": "capacity",
    }
    return render(request, "sprints/sprint_capacity.html", context)


@action(Can.PLAN_SPRINTS)
def sprint_capacity_use(request: MemberRequest, pk: int) -> HttpResponse:
    """Write the sum as the sprint's capacity."""
    sprint = sprint_of(request, pk)
    points = capacity.adopt_capacity(sprint=sprint, by=request.member, now=request.now)
    words = ngettext("The sprint takes %(points)d point now", "The sprint takes %(points)d points now", points)
    messages.success(request, words % {"points": points})
    return redirect("sprints:sprint_capacity", workspace=request.workspace.slug, pk=pk)


def _member(request: MemberRequest, pk: int) -> Member:
    return get_object_or_404(Member.objects.for_workspace(request.workspace).active(), pk=pk)


def _is_mine(request: MemberRequest, member: Member) -> bool:
    return member.pk == request.member.pk or request.member.may(Can.PLAN_SPRINTS)


@page(Can.SEE_SPRINTS, Can.EDIT_STORIES)
def team_member(request: MemberRequest, pk: int) -> HttpResponse:
    """What a person gets done, and when he or she is away."""
    member = _member(request, pk)
    form = _capacity_form(request, member)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            capacity.set_capacity(member=member, by=request.member, now=request.now, **form.told)
            messages.success(request, _("Capacity saved"))
            return redirect("sprints:team_member", workspace=request.workspace.slug, pk=pk)
    return _shown(request, member, form, DaysOffForm())


def _capacity_form(request: MemberRequest, member: Member) -> CapacityForm:
    data = request.POST if request.method == "POST" and "per_day" in request.POST else None
    setting = MemberCapacity.objects.for_workspace(request.workspace).filter(member=member).first()
    return CapacityForm(data, cadence=cadence_of(request.workspace) or Cadence(), setting=setting)


def _shown(request: MemberRequest, member: Member, form: CapacityForm, off_form: DaysOffForm) -> HttpResponse:
    today = request.now.astimezone(request.workspace.zone).date()
    context = {
        "person": member,
        "form": form,
        "off_form": off_form,
        "is_mine": _is_mine(request, member) and request.member.may(Can.EDIT_STORIES),
        "days_off": member.days_off.filter(last_date__gte=today).order_by("first_date", "pk"),
    }
    is_wrong = form.errors or off_form.errors
    return render(request, "sprints/team_member.html", context, status=UNPROCESSABLE if is_wrong else 200)


@action(Can.EDIT_STORIES)
def team_days_off(request: MemberRequest, pk: int) -> HttpResponse:
    """Enter days off."""
    member, form = _member(request, pk), DaysOffForm(request.POST)
    if form.is_valid():
        with shown_on(form):
            capacity.add_days_off(member=member, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Days off entered"))
            return redirect("sprints:team_member", workspace=request.workspace.slug, pk=pk)
    return _shown(request, member, _capacity_form(request, member), form)


@action(Can.EDIT_STORIES)
def team_days_off_remove(request: MemberRequest, pk: int) -> HttpResponse:
    off = get_object_or_404(DaysOff.objects.for_workspace(request.workspace).select_related("member__user"), pk=pk)
    capacity.remove_days_off(days_off=off, by=request.member, now=request.now)
    messages.success(request, _("%(who)s works on those days") % {"who": off.member})
    return redirect("sprints:team_member", workspace=request.workspace.slug, pk=off.member_id)
