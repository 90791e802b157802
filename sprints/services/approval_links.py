"""The mailed link: made for one person and one version, and good for one answer."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, seal, unseal
from sprints.deciders import may_decide
from sprints.models import ApprovalRequest, ApprovalState
from workspaces.models import Member


class ApprovalLinkInvalid(DomainError):
    """The mailed link was never ours, was used, was replaced or has expired."""

    code = "approval_link_invalid"
    status = 410


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What a link opens, and for whom it was made."""

    request: ApprovalRequest
    holder: Member


def approval_token(request: ApprovalRequest, holder: Member | None = None) -> str:
    """The token of a link for one of those who may decide; without a name, for the approver."""
    return seal(Kind.APPROVAL, request.pk, request.nonce, holder.pk if holder else request.approver_id)


def open_approval(token: str, now: datetime) -> ApprovalRequest:
    """The request behind a mailed link. Raises `ApprovalLinkInvalid`: not ours, used, replaced, expired, pointless."""
    return open_link(token, now).request


def open_link(token: str, now: datetime) -> OpenedLink:
    """The request behind a mailed link with the person it was made for. Raises `ApprovalLinkInvalid`."""
    pk, nonce, holder_pk = _numbers(token)
    request = ApprovalRequest.objects.with_people().filter(pk=pk).first()
    if request is None or request.nonce != nonce:
        raise ApprovalLinkInvalid(_("This link was replaced by a newer one. Open the newest mail about this plan."))
    _require_open(request, now)
    people = Member.objects.for_workspace(request.workspace).select_related("user", "workspace")
    holder = people.filter(pk=request.approver_id if holder_pk is None else holder_pk).first()
    if holder is None or not may_decide(request, holder, now):
        raise ApprovalLinkInvalid(
            _("This link no longer works: only a business owner of the workspace can decide, or who does it instead.")
        )
    return OpenedLink(request, holder)


def _numbers(token: str) -> tuple[int, int, int | None]:
    """Request, nonce and holder; links mailed before holders were sealed in are the approver's."""
    try:
        pk, nonce, *holder = unseal(Kind.APPROVAL, token)
    except (BadToken, ValueError) as error:
        raise ApprovalLinkInvalid(_("This link is not valid. Open the newest mail about this plan.")) from error
    return pk, nonce, holder[0] if holder else None


def _require_open(request: ApprovalRequest, now: datetime) -> None:
    if request.state == ApprovalState.DECIDED:
        raise ApprovalLinkInvalid(
            _("This link was used: the answer was “%(verdict)s”. It works once.")
            % {"verdict": request.get_verdict_display()}
        )
    if request.state == ApprovalState.SUPERSEDED:
        raise ApprovalLinkInvalid(_("The plan has a newer version. Open the newest mail about it."))
    if not request.link_works(now):
        raise ApprovalLinkInvalid(_("This link has expired. Ask the team to send a new one."))
    if request.sprint and request.sprint.is_over:
        raise ApprovalLinkInvalid(_("The sprint is over, so there is nothing left to decide."))
