"""Approvals inside the workspace: what waits, asking, deciding as a member, and what an approval covers."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from sprints.answers import Answer
from sprints.approval_conversation import conversation_of
from sprints.deciders import answers_for, delegates_of, is_waiting, may_decide, policy_of
from sprints.forms.approvals import AskForm, DecisionForm, PolicyForm
from sprints.forms.talk import people
from sprints.last_promise import last_promise
from sprints.models import ApprovalRequest, DecidedVia, Sprint, Verdict
from sprints.plan_changes import replaced_by
from sprints.planned import PlannedSprint, planned
from sprints.readiness import readiness_by_story
from sprints.services import approvals
from sprints.services.approval_codes import is_above
from sprints.services.approval_policy import set_policy
from sprints.services.approval_talk import may_speak
from sprints.services.conditions import may_name, may_tick
from sprints.shown_outlook import risk_lines, shown_outlook
from sprints.shown_plan import ShownPlan, decided_by_words, shown_plan
from sprints.silence import rules_of
from sprints.versions import changed_since, plan_by_now, risks_since
from strategy.models import Principle
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.mailframe import framed_mail
from workspaces.models import Member, Workspace
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
    groups = readiness_by_story(planned(sprint, request.now))
    context = {
        "sprint": sprint,
        "form": form,
        "groups": groups,
        "missing": sum(not check.is_met for group in groups for check in group.checks),
        "waiting": sprint.approvals.open().with_people().first(),
    }
    return render(request, "sprints/approval_request.html", context, status=UNPROCESSABLE if form.errors else 200)


def _sprint(workspace: Workspace, pk: int) -> Sprint:
    sprints = Sprint.objects.for_workspace(workspace).open()
    return get_object_or_404(sprints.select_related("goal__kpi", "workspace"), pk=pk)


@page(Can.SEE_SPRINTS, Can.ANSWER)
def approval_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """A version as it was sent, what was said of it, and what has changed since. Who may decide can do it here."""
    found = _request(request.workspace, pk)
    if request.method == "POST" and not answers_for(found, request.member, request.now):
        raise PermissionDenied
    mark_read(member=request.member, now=request.now, about=("approvalrequest", pk))
    form = DecisionForm(request.POST or None, request=found)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            decide_by_form(found, form, by=request.member, now=request.now)
            messages.success(request, _("Your answer is with the team"))
            return redirect(request.path)
    return detail_page(request, found, form)


def detail_page(request: MemberRequest, found: ApprovalRequest, form: DecisionForm) -> HttpResponse:
    """The page of a version, with what is written in the form so far."""
    plan, by_now = shown_plan(found), plan_by_now(found, request.now)
    can_decide = may_decide(found, request.member, request.now)
    if can_decide:
        form.bind(plan)
    newer = replaced_by(found)
    conditions = list(found.conditions.all())
    context = {
        **plan_context(plan, by_now, request.now),
        "form": form if can_decide else None,
        "refused": form if form.errors else None,
        "newer": newer,
        "later": None if newer else changed_since(found, request.now, by_now),
        "is_waiting": is_waiting(found),
        "was_writing": "writing" in request.GET,
        "talk": conversation_of(found),
        "may_speak": may_speak(found, request.member, request.now),
        "may_tick": [condition.pk for condition in conditions if may_tick(condition, request.member)],
        "may_name": [condition.pk for condition in conditions if may_name(condition, request.member)],
        "people": people(request.workspace) if conditions else (),
    }
    return render(request, "sprints/approval_detail.html", context, status=UNPROCESSABLE if form.errors else 200)


def decide_by_form(
    found: ApprovalRequest, form: DecisionForm, *, by: Member, now: datetime, via: DecidedVia = DecidedVia.MEMBER
) -> None:
    """Hand a valid form to the service."""
    data = form.cleaned_data
    answer = Answer(Verdict(data["verdict"]), form.each, data["comment"])
    approvals.decide(
        request=found, shown=data["fingerprint"], answer=answer, by=by, now=now, code=data["code"], via=via
    )


def _request(workspace: Workspace, pk: int) -> ApprovalRequest:
    return get_object_or_404(ApprovalRequest.objects.for_workspace(workspace).with_people(), pk=pk)


def plan_context(plan: ShownPlan, by_now: PlannedSprint | None, now: datetime) -> dict[str, Any]:
    """What every page that shows a plan shows with it: what a yes covers, the rules of the game, the last promise."""
    asked, workspace = plan.request, plan.request.workspace
    return {
        "plan": plan,
        "outlook": shown_outlook(plan),
        "risks_now": risk_lines(risks_since(asked, by_now)) if by_now and is_waiting(asked) else [],
        "asked": asked,
        "policy": policy_of(workspace),
        "who": decided_by_words(asked),
        "last": last_promise(asked),
        "rules": rules_of(asked.approver),
        "needs_code": is_above(asked),
        "delegates": delegates_of(asked, now),
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
        with shown_on(form):
            set_policy(workspace=request.workspace, by=request.member, now=request.now, **form.chosen)
            messages.success(request, _("Settings saved"))
            return redirect(request.path)
    return render(request, "sprints/approval_policy.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)
