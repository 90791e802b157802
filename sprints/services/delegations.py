"""Verbs on delegations: give the decision to somebody for a while, and take it back."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.approval_log import tell
from sprints.deciders import is_active, is_decider
from sprints.models import ApprovalEvent, Delegation, DelegationScope
from workspaces.models import Member

LONGEST_DAYS = 92  # a quarter; who is away for longer gives the role to somebody else


class DelegationRefused(DomainError):
    """The decision cannot be given to this person, or for this time."""

    code = "delegation_refused"


@transaction.atomic
def delegate(
    *,
    to: Member,
    scope: DelegationScope,
    limit: Decimal | None,
    start_date: date,
    end_date: date,
    by: Member,
    now: datetime,
) -> Delegation:
    """Let `to` decide instead of `by` from the first day to the last, on what costs no more than `limit`, if any.

    It never covers what `to` proposed. Raises `DelegationRefused` for a giver who does not decide, a receiver who left
    or is the giver, days in the past, or more than a quarter.
    """
    _require_people(to, by)
    _require_days(start_date, end_date, now.astimezone(by.workspace.zone).date())
    if limit is not None and limit < 0:
        raise DelegationRefused(_("The limit is an amount of money."), fields={"limit": [_("Below zero.")]})
    given = Delegation.objects.create(
        workspace=by.workspace, giver=by, receiver=to, scope=scope, limit=limit, start_date=start_date,
        end_date=end_date, created_at=now,
    )  # fmt: skip
    tell(
        ApprovalEvent.DELEGATED, given, by=by, now=now, to=str(to), scope=str(scope),
        limit="" if limit is None else format(limit, ".2f"), start=start_date.isoformat(), end=end_date.isoformat(),
    )  # fmt: skip
    return given


def _require_people(to: Member, by: Member) -> None:
    if not is_decider(by):
        raise DelegationRefused(_("Only who decides can let somebody else decide."))
    if to.workspace_id != by.workspace_id or not is_active(to):
        raise DelegationRefused(_("This person is not a member here."), fields={"to": [_("Not a member.")]})
    if to.pk == by.pk:
        raise DelegationRefused(_("Choose somebody else than yourself."), fields={"to": [_("That is you.")]})


def _require_days(start: date, end: date, today: date) -> None:
    if end < max(start, today):
        raise DelegationRefused(_("The last day is over, or before the first."), fields={"end_date": [_("Too early.")]})
    if (end - start).days >= LONGEST_DAYS:
        raise DelegationRefused(
            _("A delegation lasts for a quarter at most: %(days)d days.") % {"days": LONGEST_DAYS},
            fields={"end_date": [_("Too late.")]},
        )


@transaction.atomic
def revoke_delegation(*, delegation: Delegation, by: Member, now: datetime) -> None:
    """End a delegation at once; links mailed to the receiver stop working. Repeating changes nothing.

    Raises `DelegationRefused` for anybody but the giver and other owners.
    """
    if by.pk != delegation.giver_id and not is_decider(by):
        raise DelegationRefused(_("Only the one who delegated, or another owner, can end it."))
    if not Delegation.objects.filter(pk=delegation.pk, revoked_at=None).update(revoked_at=now):
        return
    tell(ApprovalEvent.DELEGATION_ENDED, delegation, by=by, now=now, to=str(delegation.receiver))
