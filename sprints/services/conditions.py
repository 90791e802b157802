"""Verbs on the conditions of an approval: tick one, take the tick back."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.approval_log import tell
from sprints.deciders import is_decider, policy_of
from sprints.models import ApprovalCondition, ApprovalEvent
from workspaces.models import Member
from workspaces.permissions import Can, Role


class ConditionRefused(DomainError):
    """This person may not say that the condition is met."""

    code = "condition_refused"


def may_tick(condition: ApprovalCondition, by: Member) -> bool:
    """Owners may, and the one who set it; a team lead where the policy allows it."""
    if by.workspace_id != condition.workspace_id:
        return False
    if is_decider(by) or condition.request.decided_by_id == by.pk:
        return True
    is_lead = by.role == Role.LEAD and by.may(Can.TICK_CONDITIONS)
    return is_lead and policy_of(by.workspace).lead_ticks_conditions


@transaction.atomic
def tick_condition(*, condition: ApprovalCondition, is_met: bool, by: Member, now: datetime) -> None:
    """Say that a condition is met, or that it is not. Repeating changes nothing. Raises `ConditionRefused`."""
    if not may_tick(condition, by):
        raise ConditionRefused(_("Only the owner says that a condition is met, or a lead where the settings allow it."))
    changed = ApprovalCondition.objects.filter(pk=condition.pk, met_at__isnull=is_met)
    if not changed.update(met_at=now if is_met else None, met_by=by if is_met else None):
        return
    event = ApprovalEvent.CONDITION_TICKED if is_met else ApprovalEvent.CONDITION_UNTICKED
    tell(event, condition, by=by, now=now, version=condition.request.version)
