"""Verbs on the conditions of an approval: name who sees to one, tick it, take the tick back."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.approval_log import tell
from sprints.deciders import is_active, is_decider, policy_of
from sprints.models import ApprovalCondition, ApprovalEvent
from sprints.telling import tell_named
from workspaces.models import Member
from workspaces.permissions import Can, Role
from workspaces.systemmail import post


class ConditionRefused(DomainError):
    """This person may not say that the condition is met."""

    code = "condition_refused"


def may_tick(condition: ApprovalCondition, by: Member) -> bool:
    """Owners may, the one who set it, and who was named for it; a team lead where the policy allows it."""
    return may_name(condition, by) or _is_for(condition, by)


def _is_for(condition: ApprovalCondition, by: Member) -> bool:
    return by.pk == condition.named_id and is_active(by)


def may_name(condition: ApprovalCondition, by: Member) -> bool:
    """Owners may say who sees to it, and the one who set it; a team lead where the policy allows ticking."""
    if by.workspace_id != condition.workspace_id:
        return False
    if is_decider(by) or condition.request.decided_by_id == by.pk:
        return True
    is_lead = by.role == Role.LEAD and by.may(Can.TICK_CONDITIONS)
    return is_lead and policy_of(by.workspace).lead_ticks_conditions


@transaction.atomic
def tick_condition(*, condition: ApprovalCondition, is_met: bool, by: Member, now: datetime, through: str = "") -> None:
    """Say that a condition is met, or that it is not. Repeating changes nothing. Raises `ConditionRefused`."""
    if not may_tick(condition, by):
        raise ConditionRefused(
            _("Only the owner says that a condition is met, or who was named for it, or a lead by the settings.")
        )
    changed = ApprovalCondition.objects.filter(pk=condition.pk, met_at__isnull=is_met)
    if not changed.update(met_at=now if is_met else None, met_by=by if is_met else None):
        return
    event = ApprovalEvent.CONDITION_TICKED if is_met else ApprovalEvent.CONDITION_UNTICKED
    tell(event, condition, by=by, now=now, through=through, version=condition.request.version)


@transaction.atomic
def name_condition(*, condition: ApprovalCondition, person: Member | None, by: Member, now: datetime) -> None:
    """Say who sees to a condition; that person is mailed a link on which to tick it. None: nobody any more.

    The link of whoever was named before stops working. Repeating changes nothing. Raises `ConditionRefused` for
    somebody who may not say so, or for a person who is no member (any more).
    """
    locked = ApprovalCondition.objects.select_for_update(of=("self",)).select_related("request", "workspace")
    condition = locked.get(pk=condition.pk)
    if not may_name(condition, by):
        raise ConditionRefused(_("Only the owner says who sees to a condition, or a lead where the settings allow it."))
    if person is not None and (person.workspace_id != condition.workspace_id or not is_active(person)):
        raise ConditionRefused(_("Only a member of the workspace can see to it."), fields={"named": [_("No member.")]})
    if condition.named_id != (person.pk if person else None):
        give_condition(condition, person, by=by, now=now)


def give_condition(condition: ApprovalCondition, person: Member | None, *, by: Member, now: datetime) -> None:
    """Write down who sees to a condition, and mail that person the link. Runs inside the transaction of a service."""
    condition.named, condition.named_at = person, now if person else None
    condition.save(update_fields=["named", "named_at"])
    tell(ApprovalEvent.CONDITION_NAMED, condition, by=by, now=now, to=str(person or ""))
    if person is not None:
        post("sprints.condition", workspace=condition.workspace, object_id=condition.pk, to=person.user.email, now=now)
        tell_named(condition, by, now)
