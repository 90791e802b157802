"""Verbs on approvals: choose the policy, ask, remind, decide. `sprints.standing` says what follows from them."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emailops.lib.errors import DomainError
from emailops.lib.fingerprint import fingerprint
from emailops.lib.signing import BadToken, Kind, seal, unseal
from sprints.models import (
    ApprovalPolicy,
    ApprovalRequest,
    ApprovalState,
    ApprovalSubject,
    Covers,
    Sprint,
    SprintState,
    Story,
    StoryDecision,
    Verdict,
)
from sprints.readiness import readiness
from sprints.services.telling import tell_asked, tell_decided
from sprints.snapshot import (
    Snapshot,
    content_snapshot,
    material_fingerprint,
    sprint_snapshot,
)
from workspaces.audit import record
from workspaces.models import Member, Workspace
from workspaces.permissions import Can
from workspaces.systemmail import post

LINK_LIFE = timedelta(hours=72)
TIME_TO_DECIDE = timedelta(days=3)
NONCE_BITS = 63  # fits PostgreSQL's bigint


class ApprovalRefused(DomainError):
    """The plan cannot be sent for approval, or this person cannot decide on it."""

    code = "approval_refused"


class PlanChanged(DomainError):
    """What was shown is not what would be approved. Nothing was decided."""

    code = "plan_changed"


class ApprovalLinkInvalid(DomainError):
    """The mailed link was never ours, was used, was replaced or has expired."""

    code = "approval_link_invalid"
    status = 410


@dataclass(frozen=True, slots=True)
class Say:
    """What the owner says of one story."""

    verdict: Verdict
    comment: str = ""


@transaction.atomic
def set_policy(*, workspace: Workspace, covers: Covers, audience_tolerance: float, by: Member, now: datetime) -> None:
    """Choose what an approval covers. Holds for sends from now on."""
    policy, _created = ApprovalPolicy.objects.update_or_create(
        workspace=workspace, defaults={"covers": covers, "audience_tolerance": audience_tolerance}
    )
    record("approval.policy_set", policy, by=by, now=now, covers=covers, tolerance=audience_tolerance)


@transaction.atomic
def request_approval(
    *, sprint: Sprint, approver: Member, by: Member, now: datetime, message: str = ""
) -> ApprovalRequest:
    """Freeze the plan and mail the owner a link to it. An open request for the sprint is replaced by the new version.

    Raises `ApprovalRefused` when the plan is not ready, or the approver may not decide or is the one who asks.
    """
    locked = Sprint.objects.select_for_update(of=("self",), no_key=True).select_related("goal__kpi", "workspace")
    sprint = locked.get(pk=sprint.pk)
    if sprint.state == SprintState.CLOSED:
        raise ApprovalRefused(_("This sprint is closed."))
    _require_ready(sprint, now)
    stories = list(sprint.stories.with_plan().filter(dropped_at=None).order_by("rank", "pk"))
    snapshot = sprint_snapshot(sprint, stories, now)
    return _ask(snapshot, approver=approver, by=by, now=now, message=message, sprint=sprint, story=None)


def _require_ready(sprint: Sprint, now: datetime) -> None:
    missing = [str(check) for check in readiness(sprint, now) if not check.is_met]
    if missing:
        raise ApprovalRefused(
            ngettext(
                "The plan is not ready; one thing is missing. %(first)s",
                "The plan is not ready; %(count)d things are missing. The first: %(first)s",
                len(missing),
            )
            % {"count": len(missing), "first": missing[0]},
            fields={"readiness": missing},
        )


@transaction.atomic
def request_content_approval(
    *, story: Story, content: Mapping[str, str], approver: Member, by: Member, now: datetime, message: str = ""
) -> ApprovalRequest:
    """Freeze a finished mail and ask the owner about it. `content` holds subject, preheader, sender, html, fingerprint.

    Raises `ApprovalRefused` as `request_approval` does.
    """
    story = Story.objects.select_for_update(of=("self",), no_key=True).with_plan().get(pk=story.pk)
    return _ask(
        content_snapshot(story, content, now),
        approver=approver,
        by=by,
        now=now,
        message=message,
        sprint=None,
        story=story,
    )


def _ask(
    snapshot: Snapshot,
    *,
    approver: Member,
    by: Member,
    now: datetime,
    message: str,
    sprint: Sprint | None,
    story: Story | None,
) -> ApprovalRequest:
    _require_decider(approver, by)
    earlier = ApprovalRequest.objects.filter(sprint=sprint, story=story)
    earlier.open().update(state=ApprovalState.SUPERSEDED)
    request = ApprovalRequest.objects.create(
        workspace=by.workspace,
        subject=ApprovalSubject.SPRINT if sprint else ApprovalSubject.CONTENT,
        sprint=sprint,
        story=story,
        version=(earlier.aggregate(last=Max("version"))["last"] or 0) + 1,
        snapshot=snapshot,
        fingerprint=fingerprint(snapshot),
        material=material_fingerprint(snapshot),
        message=message,
        requested_by=by,
        approver=approver,
        requested_at=now,
        due_at=now + TIME_TO_DECIDE,
        nonce=secrets.randbits(NONCE_BITS),
        link_expires_at=now + LINK_LIFE,
    )
    record("approval.requested", request, by=by, now=now, fingerprint=request.fingerprint, approver=str(approver))
    post("sprints.approval", workspace=by.workspace, object_id=request.pk, to=approver.user.email, now=now)
    tell_asked(request, by, now)
    return request


def _require_decider(approver: Member, by: Member) -> None:
    if approver.workspace_id != by.workspace_id or not _is_decider(approver):
        raise ApprovalRefused(
            _("%(name)s cannot approve here.") % {"name": approver}, fields={"approver": [_("May not.")]}
        )
    if approver.pk == by.pk:
        raise ApprovalRefused(
            _("Nobody approves his or her own proposal. Ask another owner, or let somebody else propose."),
            fields={"approver": [_("That is you.")]},
        )


def _is_decider(member: Member) -> bool:
    return member.left_at is None and member.user.is_active and member.may(Can.DECIDE)


@transaction.atomic
def remind(*, request: ApprovalRequest, by: Member, now: datetime) -> None:
    """Mail the approver a fresh link; the one before stops working.

    Raises `ApprovalRefused` once the request is decided, replaced or pointless, or the approver may no longer decide.
    """
    _require_decider(request.approver, by)
    changed = ApprovalRequest.objects.open().filter(pk=request.pk)
    if not changed.update(nonce=secrets.randbits(NONCE_BITS), link_expires_at=now + LINK_LIFE):
        raise ApprovalRefused(_("This request was decided or replaced."))
    record("approval.reminded", request, by=by, now=now)
    post("sprints.approval", workspace=request.workspace, object_id=request.pk, to=request.approver.user.email, now=now)


def approval_token(request: ApprovalRequest) -> str:
    return seal(Kind.APPROVAL, request.pk, request.nonce)


def open_approval(token: str, now: datetime) -> ApprovalRequest:
    """The request behind a mailed link. Raises `ApprovalLinkInvalid`: not ours, used, replaced, expired, pointless."""
    try:
        pk, nonce = unseal(Kind.APPROVAL, token)
    except (BadToken, ValueError) as error:
        raise ApprovalLinkInvalid(_("This link is not valid. Open the newest mail about this plan.")) from error
    request = ApprovalRequest.objects.with_people().filter(pk=pk).first()
    if request is None or request.nonce != nonce:
        raise ApprovalLinkInvalid(_("This link was replaced by a newer one. Open the newest mail about this plan."))
    if request.state == ApprovalState.DECIDED:
        raise ApprovalLinkInvalid(
            _("This link was used: the answer was “%(verdict)s”. It works once.")
            % {"verdict": request.get_verdict_display()}
        )
    if request.state == ApprovalState.SUPERSEDED:
        raise ApprovalLinkInvalid(_("The plan has a newer version. Open the newest mail about it."))
    if not request.link_works(now):
        raise ApprovalLinkInvalid(_("This link has expired. Ask the team to send a new one."))
    _require_point(request)
    return request


def _require_point(request: ApprovalRequest) -> None:
    if request.sprint and request.sprint.state == SprintState.CLOSED:
        raise ApprovalLinkInvalid(_("The sprint is over, so there is nothing left to decide."))
    if not _is_decider(request.approver):
        raise ApprovalLinkInvalid(_("This link no longer works: only a business owner of the workspace can decide."))


@transaction.atomic
def decide(
    *,
    request: ApprovalRequest,
    shown: str,
    whole: Verdict,
    each: Mapping[int, Say],
    comment: str,
    by: Member,
    now: datetime,
) -> None:
    """Write down what the owner says of a plan as a whole and of its stories. Once; the second of two is refused.

    `shown` is the fingerprint of what was on the page; `each` names stories judged otherwise than the whole. Raises
    `ApprovalRefused` for the wrong person, a story that was not shown or a request that is no longer open, and
    `PlanChanged` when the plan has moved on since.
    """
    request = ApprovalRequest.objects.select_for_update(of=("self",)).with_people().get(pk=request.pk)
    _require_may_decide(request, by)
    _require_shown(request, each)
    _require_unchanged(request, shown, now)
    says = {item["id"]: each.get(item["id"], Say(whole)) for item in request.items}
    request.state, request.verdict = ApprovalState.DECIDED, _overall(whole, says)
    request.comment, request.decided_by, request.decided_at = comment.strip(), by, now
    request.save(update_fields=["state", "verdict", "comment", "decided_by", "decided_at"])
    StoryDecision.objects.bulk_create(
        StoryDecision(
            workspace=request.workspace, request=request, story_id=pk, verdict=say.verdict, comment=say.comment.strip()
        )
        for pk, say in says.items()
    )
    record("approval.decided", request, by=by, now=now, verdict=request.verdict, fingerprint=request.fingerprint)
    to = request.requested_by.user.email
    post("sprints.decision", workspace=request.workspace, object_id=request.pk, to=to, now=now)
    tell_decided(request, Story.objects.filter(pk__in=says).select_related("assignee"), by, now)


def is_waiting(request: ApprovalRequest) -> bool:
    """Whether an answer is still wanted; when its sprint is over, a request waits for nothing."""
    over = request.sprint is not None and request.sprint.state == SprintState.CLOSED
    return request.state == ApprovalState.OPEN and not over


def may_decide(request: ApprovalRequest, by: Member) -> bool:
    """Whether to offer this person the decision."""
    return is_waiting(request) and _is_decider(by) and by.pk != request.requested_by_id


def _require_may_decide(request: ApprovalRequest, by: Member) -> None:
    if request.state != ApprovalState.OPEN:
        raise ApprovalRefused(
            _("This was decided or replaced already: “%(state)s”.") % {"state": request.get_state_display()}
        )
    if request.sprint and request.sprint.state == SprintState.CLOSED:
        raise ApprovalRefused(_("The sprint is over, so there is nothing left to decide."))
    if by.workspace_id != request.workspace_id or not _is_decider(by):
        raise ApprovalRefused(_("Only a business owner of this workspace can decide."))
    if by.pk == request.requested_by_id:
        raise ApprovalRefused(_("Nobody approves his or her own proposal."))


def _require_shown(request: ApprovalRequest, each: Mapping[int, Say]) -> None:
    strange = set(each) - {item["id"] for item in request.items}
    if strange:
        raise ApprovalRefused(
            _("This request holds no story with the id %(ids)s.") % {"ids": ", ".join(map(str, sorted(strange)))},
            fields={"stories": [_("Not in this request.")]},
        )


def _require_unchanged(request: ApprovalRequest, shown: str, now: datetime) -> None:
    if shown != request.fingerprint:
        raise PlanChanged(_("This page is out of date. Load it again and look at what changed."))
    if material_fingerprint(current_snapshot(request, now)) != request.material:
        raise PlanChanged(
            _("The plan changed after it was sent to you. Nothing was decided; the team has to send the new version.")
        )


def current_snapshot(request: ApprovalRequest, now: datetime) -> Snapshot:
    """What a request would freeze if it were sent now."""
    if request.sprint is not None:
        stories = list(request.sprint.stories.with_plan().filter(dropped_at=None).order_by("rank", "pk"))
        return sprint_snapshot(request.sprint, stories, now)
    story = Story.objects.with_plan().get(pk=request.story_id or 0)
    return content_snapshot(story, request.items[0]["content"], now)


def _overall(whole: Verdict, says: Mapping[int, Say]) -> Verdict:
    if whole == Verdict.APPROVED and any(say.verdict != Verdict.APPROVED for say in says.values()):
        return Verdict.CHANGE
    return whole
