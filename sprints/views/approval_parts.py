"""What stands beside the decision: the conversation, who sees to conditions, and the parts that refresh themselves."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from sprints.deciders import may_decide
from sprints.forms.approvals import DecisionForm, MessageForm, NamedForm
from sprints.models import ApprovalCondition, ApprovalRequest, Sprint
from sprints.services.approval_talk import may_speak, write_message
from sprints.services.conditions import ConditionRefused, name_condition
from sprints.views.approvals import detail_page
from sprints.waiting import waiting_panel
from workspaces.http import MemberRequest, action, page
from workspaces.permissions import Can


@action(Can.ANSWER)
def approval_say(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask or answer something about a version. Who is about to decide finds the answer as far as it was written."""
    found = get_object_or_404(ApprovalRequest.objects.for_workspace(request.workspace).with_people(), pk=pk)
    if not may_speak(found, request.member, request.now):
        raise PermissionDenied
    form = MessageForm(request.POST)
    form.is_valid()
    write_message(request=found, text=form.cleaned_data["text"], by=request.member, now=request.now)
    if request.htmx or not may_decide(found, request.member, request.now):
        return redirect("sprints:approval_detail", workspace=request.workspace.slug, pk=pk)
    return detail_page(request, found, DecisionForm(request=found, kept=request.POST.dict()))


@action(Can.TICK_CONDITIONS)
def condition_name(request: MemberRequest, pk: int) -> HttpResponse:
    """Say who sees to a condition."""
    rows = ApprovalCondition.objects.for_workspace(request.workspace).select_related("request", "workspace")
    found, form = get_object_or_404(rows, pk=pk), NamedForm(request.POST, workspace=request.workspace)
    if not form.is_valid():
        raise ConditionRefused(_("Only a member of the workspace can see to it."))
    person = form.cleaned_data["named"]
    name_condition(condition=found, person=person, by=request.member, now=request.now)
    words = _("%(name)s gets a mail with the condition") % {"name": person} if person else _("Nobody is named any more")
    messages.success(request, words)
    return redirect("sprints:approval_detail", workspace=request.workspace.slug, pk=found.request_id)


@page(Can.SEE_SPRINTS)
def approval_card(request: MemberRequest, pk: int) -> HttpResponse:
    """Where the plan of a sprint stands with the owner, for the page of the sprint."""
    sprint = get_object_or_404(Sprint.objects.for_workspace(request.workspace), pk=pk)
    return render(request, "sprints/_approval_card.html", {"sprint": sprint})


@page(Can.SEE_SPRINTS)
def approval_waiting(request: MemberRequest) -> HttpResponse:
    """What waits for an owner, for the home page."""
    return render(request, "sprints/_approval_banner.html", {"panel": waiting_panel(request.member, request.now)})
