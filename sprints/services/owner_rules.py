"""What an owner chooses about being asked: hours without reminders, and what silence means."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.approval_log import tell
from sprints.deciders import is_decider
from sprints.models import ApprovalEvent, ApprovalRequest, OwnerRules
from workspaces.models import Member

MOST_SILENCE_DAYS = 30
RULE_FIELDS = {"quiet_from", "quiet_until", "quiet_weekends", "silence_is_yes", "silence_below", "silence_days"}


class RulesRefused(DomainError):
    """The rules cannot be chosen like this."""

    code = "rules_refused"


@transaction.atomic
def set_rules(*, by: Member, now: datetime, **chosen: Any) -> None:
    """Choose for oneself. A yes by silence holds for what is asked from now on; its end holds at once.

    `chosen` are fields of `RULE_FIELDS`; what is not named stays. Raises `RulesRefused` for somebody who does not
    decide, a wait that is no number of days from 1 to 30, or an amount below zero.
    """
    unknown = set(chosen) - RULE_FIELDS
    if unknown:
        raise TypeError(f"An owner has no rules about {', '.join(sorted(unknown))}")
    if not is_decider(by):
        raise RulesRefused(_("Only who decides chooses how to be asked."))
    if not 1 <= chosen.get("silence_days", 1) <= MOST_SILENCE_DAYS:
        raise RulesRefused(_("From 1 to 30 days."), fields={"silence_days": [_("From 1 to 30 days.")]})
    if chosen.get("silence_below", 0) < 0:
        raise RulesRefused(_("The amount is below zero."), fields={"silence_below": [_("Below zero.")]})
    OwnerRules.objects.update_or_create(member=by, defaults={**chosen, "chosen_at": now})
    if chosen.get("silence_is_yes") is False:
        ApprovalRequest.objects.for_workspace(by.workspace).open().filter(approver=by).update(silence_at=None)
    said = {name: value if isinstance(value, bool) else str(value) for name, value in chosen.items()}
    tell(ApprovalEvent.RULES_SET, by, by=by, now=now, chosen=said)
