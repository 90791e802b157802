"""Plans that change after they were sent: logged, and asked about anew by themselves once they rest.

Each plan is looked at under the lock on its sprint, and then on its newest version, in the order in which people who
ask and answer take them. So it is safe to run twice, in parallel, and while somebody asks or decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.fingerprint import fingerprint
from sprints.approval_log import tell
from sprints.deciders import deciders_for, is_decider, is_own, policy_of
from sprints.models import (
    SPRINT_OVER,
    YES,
    ApprovalEvent,
    ApprovalPolicy,
    ApprovalRequest,
    ApprovalState,
    Sprint,
)
from sprints.plan_changes import PlanChanges, answered_before
from sprints.services.answer_words import ApprovalRefused
from sprints.services.approvals import request_approval
from sprints.snapshot import Snapshot
from sprints.telling import AS_ANSWERED, ASKED_AGAIN, NOT_ASKED, tell_followed
from sprints.versions import current_snapshot, tolerance_of, version_changes
from workspaces.models import Member

STANDING = (ApprovalState.OPEN, ApprovalState.DECIDED)


@dataclass(frozen=True, slots=True)
class _Drift:
    """The newest version of a plan, the plan as it is now, and what is different."""

    request: ApprovalRequest
    current: Snapshot
    changes: PlanChanges
    policy: ApprovalPolicy


def follow_plans(now: datetime) -> int:
    """Log what changed in each plan since its newest version, each set of differences once, and ask again.

    What is immaterial is logged and holds nothing up. What is material is held back by `sprints.standing`, which
    compares anew; once the plan has rested for as long as the policy says, the owner is asked about the change. A plan
    that is again as it was answered asks nothing, and an open question about what it no longer is is withdrawn.
    Returns how many plans something was done about. Safe to repeat.
    """
    sent = Sprint.objects.open().filter(approvals__state__in=STANDING).order_by("pk").distinct()
    return sum(_follow(pk, now) for pk in sent.values_list("pk", flat=True))


@transaction.atomic
def _follow(pk: int, now: datetime) -> bool:
    locked = Sprint.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    sprint = locked.select_related("goal__kpi", "workspace").filter(pk=pk).exclude(state__in=SPRINT_OVER).first()
    if sprint is None:
        return False
    versions = ApprovalRequest.objects.select_for_update(of=("self",)).with_people()
    request = versions.filter(sprint=sprint, state__in=STANDING).order_by("-version").first()
    if request is None:
        return False
    request.sprint = sprint
    policy, current = policy_of(sprint.workspace), current_snapshot(request, now)
    drift = _Drift(request, current, version_changes(request.snapshot, current, tolerance_of(policy)), policy)
    was_logged = _log(drift, now)
    return _ask_when_quiet(drift, now) or was_logged


def _log(drift: _Drift, now: datetime) -> bool:
    request, changes = drift.request, drift.changes
    mark = fingerprint(changes.sentences) if changes else ""
    if mark == request.drift:
        return False
    was_material = _was_material(request)
    request.drift, request.drift_at, request.unasked = mark, now if mark else None, ""
    request.save(update_fields=["drift", "drift_at", "unasked"])
    material = changes.material.sentences
    immaterial = [words for words in changes.sentences if words not in material]
    tell(
        ApprovalEvent.CHANGED, request, by=None, now=now, material=material, immaterial=immaterial,
        as_approved=not changes,
    )  # fmt: skip
    if was_material and not material:
        tell_followed(request, AS_ANSWERED, now)
    return True


def _was_material(request: ApprovalRequest) -> bool:
    last = request.log.filter(event=ApprovalEvent.CHANGED).order_by("-number").first()
    return bool(request.drift and last and last.detail["material"])


def _ask_when_quiet(drift: _Drift, now: datetime) -> bool:
    """Whether the owner was asked about the change, or a question was withdrawn."""
    request = drift.request
    if not drift.policy.asks_again or not drift.changes.material or not _is_quiet(drift, now):
        return False
    if request.state == ApprovalState.OPEN and _is_as_answered(drift):
        return _withdraw(request, now)
    because = _broken_promises(drift)
    return bool(because) and _ask(drift, because, now)


def _is_quiet(drift: _Drift, now: datetime) -> bool:
    since = drift.request.drift_at
    return since is not None and now - since >= timedelta(minutes=drift.policy.quiet_minutes)


def _is_as_answered(drift: _Drift) -> bool:
    """Whether the plan is again what the owner said a whole yes to before this question."""
    before = answered_before(drift.request)
    if before is None or not before.is_yes:
        return False
    return not version_changes(before.snapshot, drift.current, tolerance_of(drift.policy)).material


def _withdraw(request: ApprovalRequest, now: datetime) -> bool:
    request.state, request.superseded_at = ApprovalState.WITHDRAWN, now
    request.save(update_fields=["state", "superseded_at"])
    tell(ApprovalEvent.WITHDRAWN, request, by=None, now=now, version=request.version)
    tell_followed(request, AS_ANSWERED, now)
    return True


def _broken_promises(drift: _Drift) -> list[str]:
    """What differs from what was asked or approved; what became of a story that the owner refused is no reason to ask.

    Empty for a plan of which nothing was approved: there the team works on what the owner said, and asks itself.
    """
    request = drift.request
    if request.state == ApprovalState.OPEN:
        return drift.changes.material.sentences
    decisions = dict(request.decisions.values_list("story", "verdict"))
    refused = {pk for pk, verdict in decisions.items() if verdict not in YES}
    if not request.is_yes and len(refused) == len(decisions):
        return []
    before, after = _without(request.snapshot, refused), _without(drift.current, refused)
    return version_changes(before, after, tolerance_of(drift.policy)).material.sentences


def _without(version: Snapshot, stories: set[int]) -> Snapshot:
    return {**version, "stories": [story for story in version["stories"] if story["id"] not in stories]}


def _ask(drift: _Drift, because: Sequence[str], now: datetime) -> bool:
    request = drift.request
    approver = _who_decides(request)
    if approver is None or request.sprint is None:
        return _not_asked(request, "", now)
    try:
        with transaction.atomic():
            made = request_approval(
                sprint=request.sprint, approver=approver, by=request.requested_by, now=now, because=because
            )
    except ApprovalRefused as refusal:
        return _not_asked(request, str(refusal), now)
    tell_followed(made, ASKED_AGAIN, now)
    return True


def _who_decides(request: ApprovalRequest) -> Member | None:
    """Whoever was asked before, and in place of one who no longer decides, the next who does."""
    if is_decider(request.approver) and not is_own(request, request.approver):
        return request.approver
    return deciders_for(request.requested_by).first()


def _not_asked(request: ApprovalRequest, why: str, now: datetime) -> bool:
    """Say once for each set of differences that it was not possible. It is tried again: what is missing may come."""
    if request.unasked == request.drift:
        return False
    request.unasked = request.drift
    request.save(update_fields=["unasked"])
    tell(ApprovalEvent.NOT_ASKED, request, by=None, now=now, reason=why or _("Nobody can decide."))
    tell_followed(request, NOT_ASKED, now)
    return True
