"""The log of approvals: each line holds the hash of the one before, so that nobody can change the past unseen.

A trigger in the database refuses to change or delete a line; whoever gets round that is found by `verify`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from emailops.lib.fingerprint import fingerprint
from sprints.broadcast import tell_approval
from sprints.models import ApprovalEvent, ApprovalLogEntry, ApprovalLogHead, ApprovalRequest
from workspaces.audit import LONGEST_LABEL, record_through
from workspaces.models import Member, Workspace

FIRST = "0" * 64
AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Chain:
    """What a check of a log found: how many lines hold, and where and why it is broken, if it is."""

    count: int
    broken_at: int | None = None
    why: str = ""

    @property
    def is_intact(self) -> bool:
        return self.broken_at is None


def tell(
    event: ApprovalEvent,
    target: Model,
    *,
    by: Member | None,
    now: datetime,
    through: str = "",
    action: str = "",
    **detail: Any,
) -> ApprovalLogEntry:
    """Write a line of the log and the audit entry `action` (else `approval.<event>`), and have open pages follow.

    `detail` must be JSON.

    Lines of one workspace are written one after another: the head is locked until the transaction ends, so this
    comes last in a service.
    """
    record_through(through, action or f"approval.{event}", target, by=by, now=now, **detail)
    request = target if isinstance(target, ApprovalRequest) else getattr(target, "request", None)
    workspace = by.workspace if by else _workspace_of(target)
    head = _locked_head(workspace)
    entry = ApprovalLogEntry(
        workspace=workspace,
        number=head.number + 1,
        at=now,
        event=event,
        request=request,
        subject=str(target)[:LONGEST_LABEL],
        actor=f"{by} <{by.user.email}>"[:LONGEST_LABEL] if by else "",
        through=through or (str(by.acting_through) if by and by.acting_through else ""),
        detail=detail,
        previous=head.digest,
    )
    entry.digest = digest_of(entry)
    entry.save(force_insert=True)
    head.number, head.digest = entry.number, entry.digest
    head.save(update_fields=["number", "digest"])
    if request is not None:
        tell_approval(request)
    return entry


def _workspace_of(target: Model) -> Workspace:
    found: Workspace = target.workspace  # type: ignore[attr-defined]  # every target is a row of a workspace
    return found


def _locked_head(workspace: Workspace) -> ApprovalLogHead:
    ApprovalLogHead.objects.bulk_create([ApprovalLogHead(workspace=workspace)], ignore_conflicts=True)
    return ApprovalLogHead.objects.select_for_update().get(workspace=workspace)


def digest_of(entry: ApprovalLogEntry) -> str:
    """SHA-256 of the canonical form of a line: everything it says, and the digest of the line before."""
    return fingerprint(
        {
            "workspace": entry.workspace_id,
            "number": entry.number,
            "at": entry.at,
            "event": str(entry.event),
            "request": entry.request_id,
            "subject": entry.subject,
            "actor": entry.actor,
            "through": entry.through,
            "detail": entry.detail,
            "previous": entry.previous,
        }
    )


def verify(workspace: Workspace) -> Chain:
    """Read the whole log and say whether it is intact, or at which line it is broken first. Two queries."""
    head = ApprovalLogHead.objects.filter(workspace=workspace).first() or ApprovalLogHead(workspace=workspace)
    count, previous = 0, FIRST
    for entry in _lines(workspace):
        if why := _fault(entry, count + 1, previous):
            return Chain(count, count + 1, why)
        count, previous = entry.number, entry.digest
    if (head.number, head.digest) != (count, previous):
        return Chain(count, count + 1, _("The end of the log was cut off, or its mark was changed."))
    return Chain(count)


def _lines(workspace: Workspace) -> Iterator[ApprovalLogEntry]:
    return ApprovalLogEntry.objects.for_workspace(workspace).order_by("number").iterator(chunk_size=AT_ONCE)


def _fault(entry: ApprovalLogEntry, number: int, previous: str) -> str:
    if entry.number != number:
        return _("Line %(number)d is missing.") % {"number": number}
    if entry.previous != previous:
        return _("Line %(number)d does not follow the line before it.") % {"number": number}
    if entry.digest != digest_of(entry):
        return _("Line %(number)d does not say what was written.") % {"number": number}
    return ""
