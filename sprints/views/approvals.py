"""Approvals inside the workspace: what waits, asking, deciding as a member, and what an approval covers."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from sprints.forms.approvals import AskForm, DecisionForm, PolicyForm
from sprints.mailframe import framed_mail
from sprints.models import ApprovalRequest, Covers, Sprint, SprintState, Verdict
from sprints.plan_changes import PlanChanges, plan_changes, replaced_by
from sprints.readiness import readiness_by_story
from sprints.services import approvals
from sprints.shown_plan import ShownPlan, shown_plan
from sprints.standing import policy_of
from strategy.models import Principle
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.models import Workspace
from workspaces.notices.reading import mark_read
from workspaces.permissions import Can

PAGE_SIZE = 50


@page(Can.SEE_SPRINTS)
def approval_list(request: MemberRequest) -> HttpResponse:
    """What waits for an owner, oldest first, then what was decided or replaced."""
    requests = ApprovalRequest.objects.for_workspace(request.workspace).with_people().defer("snapshot")
    waiting = list(requests.open().order_by("requested_at", "pk"))
    past = requests.exclude(pk__in=[found.pk for found in waiting]).order_by("-requested_at", "-pk")
    context = {
        "waiting": sorted(waiting, key=lambda found: found.approver_id != request.member.pk),
        "past": Paginator(past, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "sprints/approval_list.html", context)


@page(Can.PLAN_SPRINTS, Can.PLAN_SPRINTS)
def approval_request(request: MemberRequest, pk: int) -> HttpResponse:
    """Is the plan ready, who decides, and a word to that person; POST sends it."""
    sprint = _sprint(request.workspace, pk)
    form = AskForm(request.POST or None, by=request.member)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            asked = approvals.request_approval(sprint=sprint, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Sent to %(name)s") % {"name": asked.approver})
            return redirect("sprints:approval_detail", workspace=request.workspace.slug, pk=asked.pk)
    groups = readiness_by_story(sprint, request.now)
    context = {
        "sprint": sprint,
        "form": form,
        "groups": groups,
        "missing": sum(not check.is_met for group in groups for check in group.checks),
        "waiting": sprint.approvals.open().with_people().first(),
    }
    return render(request, "sprints/approval_request.html", context, status=UNPROCESSABLE if form.errors else 200)


def _sprint(workspace: Workspace, pk: int) -> Sprint:
    sprints = Sprint.objects.for_workspace(workspace).exclude(state=SprintState.CLOSED)
    return get_object_or_404(sprints.select_related("goal__kpi", "workspace"), pk=pk)


@page(Can.SEE_SPRINTS, Can.DECIDE)
def approval_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """A version as it was sent, what was said of it, and what has changed since. A member who may decide can do it."""
    found = _request(request.workspace, pk)
    mark_read(member=request.member, now=request.now, about=("approvalrequest", pk))
    form = DecisionForm(request.POST or None, request=found)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            approvals.decide(
                request=found,
                shown=form.cleaned_data["fingerprint"],
                whole=Verdict(form.cleaned_data["verdict"]),
                each=form.each,
                comment=form.cleaned_data["comment"],
                by=request.member,
                now=request.now,
            )
            messages.success(request, _("Your answer is with the team"))
            return redirect(request.path)
    plan = shown_plan(found)
    can_decide = approvals.may_decide(found, request.member)
    if can_decide:
        form.bind(plan)
    newer = replaced_by(found)
    context = {
        **plan_context(plan),
        "form": form if can_decide else None,
        "refused": form if form.errors else None,
        "newer": newer,
        "later": None if newer else _changed_since(found, request),
        "is_waiting": approvals.is_waiting(found),
    }
    return render(request, "sprints/approval_detail.html", context, status=UNPROCESSABLE if form.errors else 200)


def _request(workspace: Workspace, pk: int) -> ApprovalRequest:
    return get_object_or_404(ApprovalRequest.objects.for_workspace(workspace).with_people(), pk=pk)


def _changed_since(found: ApprovalRequest, request: MemberRequest) -> PlanChanges:
    """What is not as it was sent; of a sprint that is over, nothing: its stories have gone their ways."""
    if found.sprint and found.sprint.state == SprintState.CLOSED:
        return PlanChanges()
    return plan_changes(found.snapshot, approvals.current_snapshot(found, request.now))


def plan_context(plan: ShownPlan) -> dict[str, Any]:
    """What every page that shows a plan shows with it: what an approval covers, and the rules of the game."""
    workspace = plan.request.workspace
    return {
        "plan": plan,
        "asked": plan.request,
        "policy": policy_of(workspace),
        "principles": Principle.objects.for_workspace(workspace).current().order_by("created_at", "pk"),
    }


@action(Can.PLAN_SPRINTS)
def approval_remind(request: MemberRequest, pk: int) -> HttpResponse:
    """Mail the owner again, with a fresh link."""
    found = _request(request.workspace, pk)
    approvals.remind(request=found, by=request.member, now=request.now)
    words = _("Reminder sent to %(name)s; the link in the earlier mail no longer works")
    messages.success(request, words % {"name": found.approver})
    return redirect("sprints:approval_detail", workspace=request.workspace.slug, pk=pk)


@framed_mail
@page(Can.SEE_SPRINTS)
def approval_mail(request: MemberRequest, pk: int) -> HttpResponse:
    """The finished mail of a request, to be shown in a frame."""
    content = shown_mail(_request(request.workspace, pk))
    return HttpResponse(content)


def shown_mail(found: ApprovalRequest) -> str:
    """The frozen mail of a request. Raises Http404 for a request that is about a plan."""
    content = found.items[0].get("content") if found.items else None
    if content is None:
        raise Http404
    return str(content["html"])


@page(Can.MANAGE_WORKSPACE, Can.MANAGE_WORKSPACE)
def settings_approval(request: MemberRequest) -> HttpResponse:
    """What an approval covers in this workspace."""
    form = PolicyForm(request.POST or None, policy=policy_of(request.workspace))
    if request.method == "POST" and form.is_valid():
        approvals.set_policy(
            workspace=request.workspace,
            covers=Covers(form.cleaned_data["covers"]),
            audience_tolerance=form.cleaned_data["tolerance"] / 100,
            by=request.member,
            now=request.now,
        )
        messages.success(request, _("Settings saved"))
        return redirect(request.path)
    return render(request, "sprints/approval_policy.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)
