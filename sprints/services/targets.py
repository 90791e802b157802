"""Verbs on what a sprint aims at in figures, and on why its scope changed."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from sprints.broadcast import tell_sprint
from sprints.models import LONGEST_REASON, ScopeEntry, Sprint, SprintTarget
from sprints.ordering import one_at_a_time
from sprints.services.sprints import SprintRefused
from strategy.models import Kpi, Unit
from workspaces.audit import record
from workspaces.models import Member


def _open(sprint: Sprint) -> Sprint:
    one_at_a_time(sprint.workspace_id)
    found = Sprint.objects.select_related("workspace").get(pk=sprint.pk)
    if found.is_over:
        raise SprintRefused(_("This sprint is over: what it aimed at stays as it was."))
    return found


@transaction.atomic
def set_target(
    *, sprint: Sprint, kpi: Kpi, baseline: Decimal, target: Decimal, by: Member, now: datetime
) -> SprintTarget:
    """Say which KPI goes from where to where by the sprint's last day; rates are fractions.

    What it was before stands in the audit log. Raises `SprintRefused` for a sprint that is over, an archived KPI, or
    figures that ask for no change.
    """
    found = _open(sprint)
    _require_sense(kpi, baseline, target)
    old = SprintTarget.objects.filter(sprint=found).select_related("kpi").first()
    before = {"kpi": str(old.kpi), "from": str(old.baseline), "to": str(old.target)} if old else None
    values = {"workspace": found.workspace, "kpi": kpi, "baseline": baseline, "target": target}
    written, _created = SprintTarget.objects.update_or_create(sprint=found, defaults=values)
    after = {"kpi": str(kpi), "from": str(baseline), "to": str(target)}
    record("sprint.target_set", found, by=by, now=now, before=before, after=after)
    tell_sprint(found)
    return written


def _require_sense(kpi: Kpi, baseline: Decimal, target: Decimal) -> None:
    if kpi.archived_at is not None:
        raise SprintRefused(_("This KPI is archived. Choose one that is measured."), fields={"kpi": [_("Archived.")]})
    if baseline == target:
        raise SprintRefused(_("A target asks for a change."), fields={"target": [_("Equals the start.")]})
    for name, value in (("baseline", baseline), ("target", target)):
        if kpi.unit == Unit.RATE and not 0 <= value <= 1:
            words = _("A rate lies between 0% and 100%.")
            raise SprintRefused(words, fields={name: [words]})


@transaction.atomic
def clear_target(*, sprint: Sprint, by: Member, now: datetime) -> None:
    """The sprint aims at no figure. Repeating changes nothing. Raises `SprintRefused` for a sprint that is over."""
    found = _open(sprint)
    old = SprintTarget.objects.filter(sprint=found).select_related("kpi").first()
    if old is None:
        return
    before = {"kpi": str(old.kpi), "from": str(old.baseline), "to": str(old.target)}
    old.delete()
    record("sprint.target_cleared", found, by=by, now=now, before=before)
    tell_sprint(found)


@transaction.atomic
def give_reason(*, entry: ScopeEntry, reason: str, by: Member, now: datetime) -> None:
    """Say why the scope changed, also later or in other words; what it said before stands in the audit log.

    Only the words of an entry change, never its story, points, time or person. Repeating changes nothing.
    Raises `SprintRefused` for more than a sentence.
    """
    said = reason.strip()
    if len(said) > LONGEST_REASON:
        words = _("Say it in one sentence of at most %(most)d letters.") % {"most": LONGEST_REASON}
        raise SprintRefused(words, fields={"reason": [words]})
    before = entry.reason
    if ScopeEntry.objects.filter(pk=entry.pk).exclude(reason=said).update(reason=said):
        record("scope.explained", entry.sprint, by=by, now=now, entry=entry.pk, before=before, after=said)
        tell_sprint(entry.sprint)
