"""The link mailed to whoever sees to a condition: looking ticks nothing, and it ends when somebody else is named."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from emailops.lib.signing import BadToken, Kind, seal, unseal
from sprints.models import ApprovalCondition
from sprints.services.approval_links import ApprovalLinkInvalid
from sprints.services.conditions import may_tick, tick_condition
from workspaces.models import Member

LINK_LIFE = timedelta(days=30)  # a condition is met in days or weeks; the one who set it can name the person again


@dataclass(frozen=True, slots=True)
class OpenedCondition:
    """What a link opens, and for whom it was made."""

    condition: ApprovalCondition
    holder: Member


def condition_token(condition: ApprovalCondition) -> str:
    """The token of the link of whoever is named. Raises ValueError when nobody is."""
    if condition.named_id is None or condition.named_at is None:
        raise ValueError("nobody is named for this condition")
    return seal(Kind.CONDITION, condition.pk, condition.named_id, _microseconds(condition.named_at))


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def open_condition(token: str, now: datetime) -> OpenedCondition:
    """The condition behind a mailed link. Raises `ApprovalLinkInvalid`: not ours, replaced, expired, or left."""
    try:
        pk, holder_pk, named_at = unseal(Kind.CONDITION, token)
    except (BadToken, ValueError) as error:
        raise ApprovalLinkInvalid(_("This link is not valid. Open the newest mail about the condition.")) from error
    rows = ApprovalCondition.objects.select_related(
        "named__user", "named__workspace", "met_by__user", "workspace", "story", "request__sprint", "request__story",
        "request__goal", "request__principle", "request__decided_by__user", "request__workspace",
    )  # fmt: skip
    found = rows.filter(pk=pk, named=holder_pk).first()
    if found is None or found.named is None or found.named_at is None or _microseconds(found.named_at) != named_at:
        raise ApprovalLinkInvalid(_("Somebody else sees to this condition now, so this link no longer works."))
    if now >= found.named_at + LINK_LIFE or not may_tick(found, found.named):
        raise ApprovalLinkInvalid(_("This link has expired. Sign in, or ask to be named again."))
    return OpenedCondition(found, found.named)


def tick_by_link(opened: OpenedCondition, *, is_met: bool, now: datetime) -> None:
    """Say that it is met, or not. Repeating changes nothing."""
    tick_condition(condition=opened.condition, is_met=is_met, by=opened.holder, now=now, through="mailed link")
