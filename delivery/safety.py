"""Verbs on a workspace's safety limits."""

from datetime import datetime

from django.db import transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from delivery.halt_words import share
from delivery.models import BOUNDS, SafetyLimits
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace


class LimitsRefused(DomainError):
    """A limit that would never stop anything, or stop everything."""

    code = "limits_refused"


def limits_of(workspace: Workspace) -> SafetyLimits:
    """The workspace's limits; the default ones, unsaved, where none were set. One query."""
    return SafetyLimits.objects.filter(workspace=workspace).first() or SafetyLimits(workspace=workspace)


@transaction.atomic
def set_limits(*, workspace: Workspace, by: Member, now: datetime, **changes: float) -> SafetyLimits:
    """Change some of the limits; they hold at once, also for sends under way. The same values change nothing.

    Raises `LimitsRefused` for one that is out of bounds.
    """
    Workspace.objects.select_for_update(of=("self",), no_key=True).get(pk=workspace.pk)
    limits = limits_of(workspace)
    before = {name: getattr(limits, name) for name in changes}
    for name, value in changes.items():
        setattr(limits, name, value)
    _require_sane(limits)
    changed = {name: [old, changes[name]] for name, old in before.items() if old != changes[name]}
    if changed:
        limits.save()
        record("safety.limits_set", workspace, by=by, now=now, changed=changed)
    return limits


def _require_sane(limits: SafetyLimits) -> None:
    for name, (low, high) in BOUNDS.items():
        if not low <= getattr(limits, name) <= high:
            shown = {"low": _shown(name, low), "high": _shown(name, high)}
            words = _("Choose something between %(low)s and %(high)s.") % shown
            raise LimitsRefused(words, fields={name: [words]})
    if limits.complaint_warn_rate > limits.complaint_rate:
        words = _("The warning has to come before the stop, so it cannot be higher.")
        raise LimitsRefused(words, fields={"complaint_warn_rate": [words]})


def _shown(name: str, value: float) -> str:
    return share(value) if name.endswith("_rate") else number_format(value)
