"""What the clock does about open requests: remind, ask a second person, take silence for what was chosen.

Each is done once, under the lock on its request, so that it is safe to run twice and in parallel.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from sprints.answers import Answer
from sprints.approval_log import tell
from sprints.deciders import is_decider, is_own, policy_of
from sprints.models import (
    ApprovalEvent,
    ApprovalRequest,
    ApprovalState,
    DecidedVia,
    Verdict,
)
from sprints.services.approval_answers import write_answer
from sprints.services.approvals import PlanChanged, mail_request, remind, require_unchanged
from sprints.silence import next_moment
from workspaces.models import SystemMail, SystemMailState

EVERY = timedelta(days=1)
MOST_REMINDERS = 5  # who did not answer five mails will not answer the sixth; the stand-up goes on showing the wait
LATER = timedelta(hours=1)


def chase(now: datetime, *, limit: int = 50) -> int:
    """Do what is due about open requests. Returns how many were looked at. Safe to repeat."""
    due = ApprovalRequest.objects.open().filter(Q(next_reminder_at__lte=now) | Q(silence_at__lte=now))
    pks = list(due.order_by("next_reminder_at", "pk").values_list("pk", flat=True)[:limit])
    return sum(_chase_one(pk, now) for pk in pks)


@transaction.atomic
def _chase_one(pk: int, now: datetime) -> bool:
    locked = ApprovalRequest.objects.select_for_update(of=("self",), skip_locked=True).with_people()
    request = locked.filter(pk=pk, state=ApprovalState.OPEN).first()
    if request is None or (request.sprint and request.sprint.is_over):
        return False
    if request.silence_at is not None and request.silence_at <= now and _took_silence(request, now):
        return True
    if request.next_reminder_at is not None and request.next_reminder_at <= now:
        _remind(request, now)
    return True


def _took_silence(request: ApprovalRequest, now: datetime) -> bool:
    """Whether silence decided it. It does not for a plan that changed, or for an owner whom no mail reached."""
    if not is_decider(request.approver) or is_own(request, request.approver):
        return _no_silence(request)
    if not _was_mailed(request):
        ApprovalRequest.objects.filter(pk=request.pk).update(silence_at=now + LATER)
        return False
    try:
        require_unchanged(request, now)
    except PlanChanged:
        return _no_silence(request)
    answer = Answer(Verdict.APPROVED)
    write_answer(request, answer, by=request.approver, via=DecidedVia.SILENCE, delegation=None, now=now)
    return True


def _no_silence(request: ApprovalRequest) -> bool:
    ApprovalRequest.objects.filter(pk=request.pk).update(silence_at=None)
    return False


def _was_mailed(request: ApprovalRequest) -> bool:
    mails = SystemMail.objects.for_workspace(request.workspace).filter(kind="sprints.approval", object_id=request.pk)
    return mails.filter(to=request.approver.user.email, state=SystemMailState.SENT).exists()


def _remind(request: ApprovalRequest, now: datetime) -> None:
    moment = next_moment(request.approver, now)
    if moment > now:
        ApprovalRequest.objects.filter(pk=request.pk).update(next_reminder_at=moment)
        return
    _escalate(request, now)
    ends = request.reminder_count + 1 >= MOST_REMINDERS
    next_one = None if ends or not is_decider(request.approver) else now + EVERY
    ApprovalRequest.objects.filter(pk=request.pk).update(next_reminder_at=next_one)
    if is_decider(request.approver):
        remind(request=request, by=None, now=now)
    elif request.escalated_to is not None:
        mail_request(request, now)


def _escalate(request: ApprovalRequest, now: datetime) -> None:
    """Ask the second person too, once, when the owner was silent for as long as the policy says."""
    policy = policy_of(request.workspace)
    second, waited = policy.escalate_to, now - request.requested_at
    if request.escalated_at is not None or second is None or waited < timedelta(days=policy.escalate_after_days):
        return
    if second.pk == request.approver_id or not is_decider(second) or is_own(request, second):
        return
    request.escalated_at, request.escalated_to = now, second
    request.save(update_fields=["escalated_at", "escalated_to"])
    tell(ApprovalEvent.ESCALATED, request, by=None, now=now, to=str(second), days=waited.days)
