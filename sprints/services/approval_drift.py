"""What changes after the owner was asked about it: logged, and asked about anew by itself once it rests.

Each plan is looked at under the lock on its sprint, and then on its newest version, in the order in which people who
ask and answer take them; so are goals, principles, the plan of both, and launches, each under the lock of its own. So
it is safe to run twice, in parallel, and while somebody asks or decides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from emailops.lib.fingerprint import fingerprint
from sprints.approval_log import tell
from sprints.deciders import deciders_for, is_decider, is_own, policy_of
from sprints.launches import ask_about_mail, hold_mail, mail_now
from sprints.models import (
    SPRINT_OVER,
    STRATEGY_SUBJECTS,
    YES,
    ApprovalEvent,
    ApprovalPolicy,
    ApprovalRequest,
    ApprovalState,
    ApprovalSubject,
    Sprint,
    Story,
)
from sprints.ordering import one_at_a_time
from sprints.plan_changes import PlanChanges, answered_before
from sprints.services.approvals import request_approval
from sprints.services.strategy_approvals import request_goal_approval, request_plan_approval, request_principle_approval
from sprints.snapshot import Snapshot
from sprints.strategy_standing import newest_answers
from sprints.telling import AS_ANSWERED, ASKED_AGAIN, NOT_ASKED, tell_followed
from sprints.versions import current_snapshot, tolerance_of, version_changes
from strategy.models import Goal, Principle
from workspaces.models import Member, Workspace

STANDING = (ApprovalState.OPEN, ApprovalState.DECIDED)
Asking = Callable[..., ApprovalRequest]
BESIDE_SPRINTS = (*STRATEGY_SUBJECTS, ApprovalSubject.LAUNCH)


@dataclass(frozen=True, slots=True)
class _Drift:
    """The newest version of a question, what it is about as that is now, and what is different."""

    request: ApprovalRequest
    current: Snapshot
    changes: PlanChanges
    policy: ApprovalPolicy


def follow_plans(now: datetime) -> int:
    """Log what changed since the newest version of each question, each set of differences once, and ask again.

    What is immaterial is logged and holds nothing up. What is material is held back by `sprints.standing`, which
    compares anew; once it has rested for as long as the policy says, the owner is asked about the change. What is again
    as it was answered asks nothing, and an open question about what is no longer so is withdrawn. A finished mail alone
    is left to its author. Returns about how many questions something was done. Safe to repeat.
    """
    sent = Sprint.objects.open().filter(approvals__state__in=STANDING).order_by("pk").distinct()
    plans = sum(_follow_sprint(pk, now) for pk in sent.values_list("pk", flat=True))
    return plans + sum(_follow_question(request, now) for request in _questions_beside_sprints())


def _questions_beside_sprints() -> list[ApprovalRequest]:
    """The newest version that stands of each question about goals, principles, the plan of both, and launches."""
    standing = ApprovalRequest.objects.filter(subject__in=BESIDE_SPRINTS, state__in=STANDING).without_snapshot()
    one_each = ("workspace", "subject", "story", "goal", "principle")
    return list(standing.order_by(*one_each, "-version").distinct(*one_each))


@transaction.atomic
def _follow_question(question: ApprovalRequest, now: datetime) -> bool:
    _hold(question)
    versions = ApprovalRequest.objects.select_for_update(of=("self",)).about_same(question).with_people()
    request = versions.filter(state__in=STANDING).order_by("-version").first()
    return request is not None and not _is_over(request, now) and _follow(request, now)


def _hold(question: ApprovalRequest) -> None:
    """Lock what a question is about, as those do who ask about it."""
    if question.is_strategy:
        one_at_a_time(question.workspace_id)
    else:
        hold_mail(question)
        list(Story.objects.select_for_update(no_key=True).filter(approvals=question.pk).values_list("pk"))


def _is_over(request: ApprovalRequest, now: datetime) -> bool:
    """Whether nothing can be asked any more: the goal is closed, the principle archived, the mail on its way."""
    if request.goal is not None:
        return request.goal.closed_at is not None
    if request.principle is not None:
        return request.principle.archived_at is not None
    return request.subject == ApprovalSubject.LAUNCH and mail_now(request, now) is None


@transaction.atomic
def _follow_sprint(pk: int, now: datetime) -> bool:
    locked = Sprint.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    sprint = locked.select_related("goal__kpi", "workspace").filter(pk=pk).exclude(state__in=SPRINT_OVER).first()
    if sprint is None:
        return False
    versions = ApprovalRequest.objects.select_for_update(of=("self",)).with_people()
    request = versions.filter(sprint=sprint, state__in=STANDING).order_by("-version").first()
    if request is None:
        return False
    request.sprint = sprint
    return _follow(request, now)


def _follow(request: ApprovalRequest, now: datetime) -> bool:
    """Whether something was done about the newest version of a question, which is locked."""
    policy, current = policy_of(request.workspace), current_snapshot(request, now)
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
    if request.subject == ApprovalSubject.PLAN and request.state == ApprovalState.DECIDED:
        return _ask_about_parts(drift, now)
    because = _broken_promises(drift)
    return bool(because) and _ask(drift.request, _same_again(drift.request), because, now)


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

    Empty where nothing was approved: there the team works on what the owner said, and asks itself.
    """
    request = drift.request
    if request.state == ApprovalState.OPEN:
        return drift.changes.material.sentences
    if request.sprint is None:
        return drift.changes.material.sentences if request.is_yes else []
    decisions = dict(request.decisions.values_list("story", "verdict"))
    refused = {pk for pk, verdict in decisions.items() if verdict not in YES}
    if not request.is_yes and len(refused) == len(decisions):
        return []
    before, after = _without(request.snapshot, refused), _without(drift.current, refused)
    return version_changes(before, after, tolerance_of(drift.policy)).material.sentences


def _without(version: Snapshot, stories: set[int]) -> Snapshot:
    return {**version, "stories": [story for story in version["stories"] if story["id"] not in stories]}


def _ask(request: ApprovalRequest, ask: Asking, because: Sequence[str], now: datetime) -> bool:
    """Whether the owner was asked, or it was said for the first time that it is not possible."""
    approver = _who_decides(request)
    if approver is None:
        return _not_asked(request, "", now)
    try:
        with transaction.atomic():
            made = ask(approver=approver, by=request.requested_by, now=now, because=because)
    except DomainError as refusal:
        return _not_asked(request, str(refusal), now)
    tell_followed(made, ASKED_AGAIN, now)
    return True


def _same_again(request: ApprovalRequest) -> Asking:
    """How the same question is asked anew."""
    if request.sprint is not None:
        return partial(request_approval, sprint=request.sprint)
    if request.goal is not None:
        return partial(request_goal_approval, goal=request.goal)
    if request.principle is not None:
        return partial(request_principle_approval, principle=request.principle)
    return request_plan_approval if request.is_strategy else partial(ask_about_mail, request=request)


def _ask_about_parts(drift: _Drift, now: datetime) -> bool:
    """Ask, each by itself, about the goals and principles of an answered plan that are not as they were approved.

    What came and went since breaks no promise: the team asks about it. What was asked about by itself since is followed
    there.
    """
    changed, workspace = drift.changes.material.changed, drift.request.workspace
    asked = False
    for item in drift.current["items"]:
        if item["id"] in changed and _stands_by_plan(drift.request, item):
            because = PlanChanges(changed={item["id"]: changed[item["id"]]}).sentences
            asked |= _ask(drift.request, _about_part(item, workspace), because, now)
    return asked


def _stands_by_plan(plan: ApprovalRequest, item: Snapshot) -> bool:
    """Whether the plan's yes is the newest word about a goal or a principle."""
    since = ApprovalRequest.objects.filter(requested_at__gt=plan.requested_at, **{item["kind"]: item["object"]})
    answer = newest_answers(plan.workspace, item["kind"]).get(item["object"])
    return answer is not None and answer.is_yes and not since.exists()


def _about_part(item: Snapshot, workspace: Workspace) -> Asking:
    if item["kind"] == "goal":
        return partial(request_goal_approval, goal=Goal(pk=item["object"], workspace=workspace))
    return partial(request_principle_approval, principle=Principle(pk=item["object"], workspace=workspace))


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
