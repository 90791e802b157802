"""Asking the owner about a goal, a principle, or the plan of all of them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from sprints.forms.approvals import AskForm
from sprints.models import ApprovalRequest, ApprovalSubject
from sprints.services import strategy_approvals
from sprints.shown_plan import ShownItem
from sprints.snapshot import Snapshot
from sprints.strategy_snapshot import goal_version, plan_version, principle_version
from strategy.models import Goal, Principle
from workspaces.http import UNPROCESSABLE, MemberRequest, page, shown_on
from workspaces.permissions import Can

Ask = Callable[..., ApprovalRequest]


@page(Can.PLAN_SPRINTS, Can.PLAN_SPRINTS)
def goal_approval_request(request: MemberRequest, pk: int) -> HttpResponse:
    goals = Goal.objects.for_workspace(request.workspace).open().with_kpi()
    goal = get_object_or_404(goals, pk=pk)
    back = reverse("strategy:goal_detail", kwargs={"workspace": request.workspace.slug, "pk": pk})
    waiting = Q(goal=goal)
    return _ask(
        request, str(goal), back, goal_version(goal), waiting, strategy_approvals.request_goal_approval, goal=goal
    )


@page(Can.PLAN_SPRINTS, Can.PLAN_SPRINTS)
def principle_approval_request(request: MemberRequest, pk: int) -> HttpResponse:
    principles = Principle.objects.for_workspace(request.workspace).current().select_related("workspace")
    principle = get_object_or_404(principles, pk=pk)
    back = reverse("strategy:principle_list", kwargs={"workspace": request.workspace.slug})
    ask = strategy_approvals.request_principle_approval
    return _ask(
        request, str(principle), back, principle_version(principle), Q(principle=principle), ask, principle=principle
    )


@page(Can.PLAN_SPRINTS, Can.PLAN_SPRINTS)
def plan_approval_request(request: MemberRequest) -> HttpResponse:
    """All open goals and principles in force, decided on one by one."""
    back = reverse("strategy:goal_list", kwargs={"workspace": request.workspace.slug})
    title, waiting = _("Our goals and principles"), Q(subject=ApprovalSubject.PLAN)
    frozen = plan_version(request.workspace)
    return _ask(request, title, back, frozen, waiting, strategy_approvals.request_plan_approval)


def _ask(
    request: MemberRequest, title: str, back: str, frozen: Snapshot, waiting: Q, ask: Ask, **about: Any
) -> HttpResponse:
    form = AskForm(request.POST or None, by=request.member)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            asked = ask(by=request.member, now=request.now, **form.cleaned_data, **about)
            messages.success(request, _("Sent to %(name)s") % {"name": asked.approver})
            return redirect("sprints:approval_detail", workspace=request.workspace.slug, pk=asked.pk)
    open_ones = ApprovalRequest.objects.for_workspace(request.workspace).open().with_people()
    context = {
        "form": form,
        "title": title,
        "back": back,
        "items": [ShownItem(item, frozen["currency"]) for item in frozen["items"]],
        "waiting": open_ones.filter(waiting).first(),
    }
    return render(request, "sprints/approval_ask.html", context, status=UNPROCESSABLE if form.errors else 200)
