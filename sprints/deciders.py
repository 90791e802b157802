"""Who may decide: business owners, whom they delegated to, and the only member of a workspace that says it is one."""

from datetime import datetime

from sprints.models import (
    SCOPES_OF,
    ApprovalPolicy,
    ApprovalRequest,
    ApprovalState,
    Delegation,
)
from workspaces.models import Member, MemberQuerySet, Workspace
from workspaces.permissions import Can


def policy_of(workspace: Workspace) -> ApprovalPolicy:
    """The workspace's policy; the default one, unsaved, where none was chosen."""
    return ApprovalPolicy.objects.filter(workspace=workspace).first() or ApprovalPolicy(workspace=workspace)


def is_one_person(workspace: Workspace) -> bool:
    """Whether the workspace chose to be one person and still is: with a second member the choice has no effect."""
    chosen = ApprovalPolicy.objects.filter(workspace=workspace, one_person=True).exists()
    return chosen and Member.objects.for_workspace(workspace).active().count() == 1


def is_active(member: Member) -> bool:
    return member.left_at is None and member.user.is_active


def is_decider(member: Member) -> bool:
    """Whether the member decides in his or her own right."""
    return is_active(member) and (member.may(Can.DECIDE) or _is_the_only_one(member))


def _is_the_only_one(member: Member) -> bool:
    return member.may(Can.PLAN_SPRINTS) and is_one_person(member.workspace)


def deciders_for(by: Member) -> MemberQuerySet:
    """Whom this member can ask: nobody asks himself or herself, except where there is nobody else by choice."""
    members = Member.objects.for_workspace(by.workspace)
    if is_one_person(by.workspace):
        return members.active().filter(pk=by.pk)
    return members.deciders().exclude(pk=by.pk).order_by("user__name", "pk")


def somebody_decides(workspace: Workspace) -> bool:
    return Member.objects.for_workspace(workspace).deciders().exists() or is_one_person(workspace)


def is_own(request: ApprovalRequest, by: Member) -> bool:
    """Whether the member would approve what he or she proposed."""
    return by.pk == request.requested_by_id and not is_one_person(request.workspace)


def is_waiting(request: ApprovalRequest) -> bool:
    """Whether an answer is still wanted; when its sprint is over, a request waits for nothing."""
    over = request.sprint is not None and request.sprint.is_over
    return request.state == ApprovalState.OPEN and not over


def may_decide(request: ApprovalRequest, by: Member, now: datetime) -> bool:
    """Whether to offer this person the decision."""
    if not is_waiting(request) or by.workspace_id != request.workspace_id or is_own(request, by):
        return False
    return is_decider(by) or delegation_of(request, by, now) is not None


def answers_for(request: ApprovalRequest, by: Member, now: datetime) -> bool:
    """Whether this person answers questions of this kind at all, whether or not this one still can be answered."""
    return is_decider(by) or delegation_of(request, by, now) is not None


def delegation_of(request: ApprovalRequest, by: Member, now: datetime) -> Delegation | None:
    """By which delegation of the approver this member may decide on the request; the widest of several."""
    if not is_active(by) or not is_decider(request.approver):
        return None
    fitting = (found for found in _delegations(request, now) if found.receiver_id == by.pk)
    return next(iter(sorted(fitting, key=lambda found: (found.limit is not None, -(found.limit or 0)))), None)


def delegates_of(request: ApprovalRequest, now: datetime) -> list[Member]:
    """Who may decide instead of the approver now, each once, without the one who asked."""
    people = {found.receiver_id: found.receiver for found in _delegations(request, now)}
    return [member for member in people.values() if is_active(member) and not is_own(request, member)]


def _delegations(request: ApprovalRequest, now: datetime) -> list[Delegation]:
    today = now.astimezone(request.workspace.zone).date()
    given = Delegation.objects.for_workspace(request.workspace).on(today).with_people()
    fitting = given.filter(giver=request.approver_id, scope__in=SCOPES_OF[request.subject]).order_by("pk")
    return [found for found in fitting if found.limit is None or request.cost <= found.limit]
