"""That approvals left the installation as a file is written down: who has the log, and which answer."""

from datetime import datetime

from sprints.models import ApprovalRequest
from workspaces.audit import record
from workspaces.models import Member


def note_export(*, by: Member, now: datetime, file_format: str, request: ApprovalRequest | None = None) -> None:
    """Write into the audit log that somebody took a file: of one version, or of the whole log of the workspace."""
    record("approval.exported", request or by.workspace, by=by, now=now, format=file_format)
