"""Those who decide: delegations, the owner's own rules, and the conditions of a yes."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from sprints.deciders import is_decider
from sprints.forms.owners import DelegationForm, RulesForm, TickForm
from sprints.models import ApprovalCondition, Delegation
from sprints.services import conditions, delegations, owner_rules
from sprints.silence import rules_of
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

USUAL_DAYS = timedelta(days=6)
MOST_PAST = 20


@page(Can.SEE_SPRINTS, Can.DECIDE)
def delegation_list(request: MemberRequest) -> HttpResponse:
    """Who decides for whom, now and lately; owners give their decision away here."""
    today = request.now.astimezone(request.workspace.zone).date()
    first = {"start_date": today, "end_date": today + USUAL_DAYS}
    form = DelegationForm(request.POST or None, by=request.member, initial=first)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            given = delegations.delegate(by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("%(name)s can decide for you now") % {"name": given.receiver})
            return redirect("sprints:delegation_list", workspace=request.workspace.slug)
    given_ones = Delegation.objects.for_workspace(request.workspace).with_people().order_by("-end_date", "-pk")
    ahead = list(given_ones.filter(revoked_at=None, end_date__gte=today))
    past = list(given_ones.exclude(pk__in=[found.pk for found in ahead])[:MOST_PAST])
    context = {
        "form": form if is_decider(request.member) else None,
        "ahead": ahead,
        "past": past,
        "today": today,
        "rules": rules_of(request.member),
    }
    return render(request, "sprints/delegation_list.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.DECIDE)
def delegation_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """End a delegation at once."""
    found = get_object_or_404(Delegation.objects.for_workspace(request.workspace).with_people(), pk=pk)
    delegations.revoke_delegation(delegation=found, by=request.member, now=request.now)
    messages.success(
        request, _("%(name)s no longer decides for %(owner)s") % {"name": found.receiver, "owner": found.giver}
    )
    return redirect("sprints:delegation_list", workspace=request.workspace.slug)


@page(Can.DECIDE, Can.DECIDE)
def owner_rules_edit(request: MemberRequest) -> HttpResponse:
    """How I am asked: quiet hours, and what my silence means."""
    form = RulesForm(request.POST or None, rules=rules_of(request.member))
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            owner_rules.set_rules(by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Saved: this is how you are asked"))
            return redirect("sprints:delegation_list", workspace=request.workspace.slug)
    return render(request, "sprints/owner_rules.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)


@action(Can.ANSWER)
def condition_tick(request: MemberRequest, pk: int) -> HttpResponse:
    """Say that a condition is met, or that it is not."""
    found = get_object_or_404(
        ApprovalCondition.objects.for_workspace(request.workspace).select_related("request", "workspace"), pk=pk
    )
    if not (request.member.may(Can.TICK_CONDITIONS) or conditions.may_tick(found, request.member)):
        raise PermissionDenied
    form = TickForm(request.POST)
    form.is_valid()
    is_met = form.cleaned_data["is_met"]
    conditions.tick_condition(condition=found, is_met=is_met, by=request.member, now=request.now)
    messages.success(request, _("Ticked") if is_met else _("Not ticked any more"))
    return redirect("sprints:approval_detail", workspace=request.workspace.slug, pk=found.request_id)
