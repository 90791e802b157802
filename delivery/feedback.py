"""Complaints and bounces that others report: a mailbox provider's loop, a provider's script, a CRM."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import Contact, SuppressionReason
from audience.services import suppress
from delivery.breakers import look_at
from delivery.models import Delivery, DeliveryState, Feedback, FeedbackKind
from delivery.reconcile import has_arrived
from delivery.sender_faults import sender_fault
from emailops.lib.addresses import read_address
from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, unseal
from workspaces.audit import record
from workspaces.models import Member, Workspace

NO_SUCH_ADDRESS = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"}
"""The statuses (RFC 3463, RFC 7505) that prove that nobody will ever be reached there; a full mailbox does not."""
STATUS = re.compile(r"(?<![0-9.])[245]\.\d{1,3}\.\d{1,3}(?![0-9]|\.[0-9])")
LONGEST_WORDS = 300
LONGEST_NOTE = 200
REASONS = {
    FeedbackKind.COMPLAINT: SuppressionReason.COMPLAINED,
    FeedbackKind.BOUNCE: SuppressionReason.BOUNCED,
}


class UnknownMessage(DomainError):
    """We sent no such message, or not in this workspace."""

    code = "unknown_message"
    status = 404


@dataclass(frozen=True, slots=True)
class Reported:
    """What somebody reports of a message: its Message-ID, or the address, whose newest message is then meant.

    `status` is the enhanced status code of a bounce (RFC 3463); without one it is looked for in `words`.
    """

    kind: FeedbackKind
    at: datetime
    message_id: str = ""
    address: str = ""
    status: str = ""
    words: str = ""


@transaction.atomic
def report_reaction(*, workspace: Workspace, reported: Reported, by: Member | None, now: datetime) -> Feedback | None:
    """Write down a complaint or a bounce. The same message and kind a second time changes nothing.

    A complaint, or a bounce which proves that the address does not exist, suppresses the address at once. A bounce for
    which the sender is to blame does not. Either proves that a message of which nobody knew has arrived. Returns None
    for an address to which no message can be found: it is suppressed all the same. Raises `UnknownMessage` for a
    message that we did not send, and `InvalidAddress`.
    """
    status = reported.status or _status_in(reported.words)
    final = reported.kind == FeedbackKind.BOUNCE and is_final(status, reported.words)
    delivery = _delivery_of(workspace, reported)
    if delivery is None:
        _suppress(workspace, read_address(reported.address).key, reported, final, by, now)
        return None
    feedback, is_new = Feedback.objects.get_or_create(
        delivery=delivery,
        kind=reported.kind,
        defaults={
            "workspace": workspace,
            "run_id": delivery.run_id,
            "contact_id": delivery.contact_id,
            "status": status,
            "words": reported.words.replace("\0", "")[:LONGEST_WORDS],
            "is_final": final,
            "at": reported.at,
            "reported_at": now,
        },
    )
    if is_new:
        has_arrived(delivery.pk, now)
        record("message.reported", feedback, by=by, now=now, kind=reported.kind, status=status)
        _suppress(workspace, delivery.address, reported, final, by, now)
        if not delivery.run.is_moving:  # what is under way the ring looks at
            look_at(delivery.run, now)
    return feedback


def is_final(status: str, words: str) -> bool:
    """Whether a bounce proves that the address does not exist."""
    return status in NO_SUCH_ADDRESS and not sender_fault(words)


def _suppress(
    workspace: Workspace, address: str, reported: Reported, final: bool, by: Member | None, now: datetime
) -> None:
    if reported.kind == FeedbackKind.COMPLAINT or final:
        reason, note = REASONS[reported.kind], reported.words.replace("\0", "")[:LONGEST_NOTE]
        suppress(workspace=workspace, address=address, reason=reason, by=by, now=now, note=note)


def _status_in(words: str) -> str:
    found = STATUS.search(words)
    return found[0] if found else ""


def _delivery_of(workspace: Workspace, reported: Reported) -> Delivery | None:
    ours = Delivery.objects.for_workspace(workspace).select_related("run__workspace").filter(attempt__gt=0)
    if not reported.message_id:
        contact = Contact.objects.for_workspace(workspace).filter(address=read_address(reported.address).key).first()
        handed_over = ours.exclude(state__in=(DeliveryState.SKIPPED, DeliveryState.FAILED)).filter(contact=contact)
        return handed_over.order_by("-pk").first() if contact else None
    found = ours.filter(pk=_row_of(reported.message_id)).first()
    if found is None:
        raise UnknownMessage(_("This workspace sent no such message, so nothing can be noted about it."))
    return found


def _row_of(message_id: str) -> int:
    """The ledger row that a Message-ID of ours was made from; 0 for any other."""
    token = message_id.strip().strip("<>").partition("@")[0]
    try:
        numbers = unseal(Kind.MESSAGE, token)
    except BadToken:
        return 0
    return numbers[0] if len(numbers) == 1 and numbers[0] < 2**63 else 0
