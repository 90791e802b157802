"""The audit log: one entry per write, in the same transaction as the write."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils.functional import Promise

from workspaces.models import AuditEntry, Member, Workspace

LONGEST_LABEL = 200
_words: dict[str, "str | Promise"] = {}


def describe_actions(words: Mapping[str, "str | Promise"]) -> None:
    """Say what an app's actions are called on the page of the log."""
    _words.update(words)


def said(action: str) -> str:
    """What was done, after the name of who did it; an action without words is named as it is stored."""
    return str(_words.get(action, action))


def record(action: str, target: Model, *, by: Member | None, now: datetime, **detail: Any) -> None:
    """Write that `by` (None: the system itself) did `action` to `target`. `detail` must be JSON.

    `action` reads `object.verb` in the past tense, as in `campaign.paused`.
    """
    record_through("", action, target, by=by, now=now, **detail)


def record_through(
    through: str, action: str, target: Model, /, *, by: Member | None, now: datetime, **detail: Any
) -> None:
    """As `record`, and say by which way it came, where that is neither the browser nor a program's key."""
    AuditEntry.objects.create(
        workspace=_workspace_of(target),
        member=by,
        via=through or (str(by.acting_through) if by and by.acting_through else ""),
        action=action,
        target_type=target._meta.model_name or "",
        target_id=target.pk,
        target_label=str(target)[:LONGEST_LABEL],
        detail=detail,
        at=now,
    )


def _workspace_of(target: Model) -> Workspace:
    workspace = target if isinstance(target, Workspace) else getattr(target, "workspace", None)
    if not isinstance(workspace, Workspace):
        raise TypeError(f"{target._meta.label} belongs to no workspace")
    return workspace
