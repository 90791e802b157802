"""Verbs on approvals: ask, remind, decide. `sprints.standing` says what follows from them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emailops.lib.errors import DomainError
from emailops.lib.fingerprint import fingerprint
from sprints.answers import Answer, Say
from sprints.approval_log import tell
from sprints.broadcast import tell_approval
from sprints.deciders import delegates_of, delegation_of, is_decider, is_one_person, is_own, policy_of
from sprints.models import (
    ApprovalEvent,
    ApprovalRequest,
    ApprovalRequestQuerySet,
    ApprovalState,
    ApprovalSubject,
    DecidedVia,
    Sprint,
    Story,
)
from sprints.planned import PlannedSprint, planned
from sprints.readiness import readiness
from sprints.services.answer_words import ApprovalRefused, require_words
from sprints.services.approval_answers import write_answer
from sprints.services.approval_codes import confirm_code, needs_code, use_code
from sprints.silence import silence_ends
from sprints.snapshot import Snapshot, content_snapshot, launch_snapshot, material_fingerprint
from sprints.telling import tell_asked
from sprints.versions import carried_from, changed_since, frozen_plan, tolerance_of, version_changes
from strategy.models import Goal, Principle
from workspaces.models import Member
from workspaces.systemmail import post

LINK_LIFE = timedelta(hours=72)
TIME_TO_DECIDE = timedelta(days=3)
NONCE_BITS = 63  # fits PostgreSQL's bigint


class PlanChanged(DomainError):
    """What was shown is not what would be approved. Nothing was decided."""

    code = "plan_changed"


@dataclass(frozen=True, slots=True)
class About:
    """What a request is about: exactly one thing, or, for a plan of goals and principles, the workspace."""

    subject: ApprovalSubject
    sprint: Sprint | None = None
    story: Story | None = None
    goal: Goal | None = None
    principle: Principle | None = None
    carried: list[int] = field(default_factory=list)

    @property
    def fields(self) -> dict[str, Any]:
        names = ("subject", "sprint", "story", "goal", "principle")
        return {name: getattr(self, name) for name in names}


@transaction.atomic
def request_approval(
    *,
    sprint: Sprint,
    approver: Member,
    by: Member,
    now: datetime,
    message: str = "",
    because: Sequence[str] | None = None,
) -> ApprovalRequest:
    """Freeze the plan and mail the owner a link to it. An open request for the sprint is replaced by the new version.

    Stories that the owner approved in this very form are carried over and not asked again. With `because`, the changes
    in words, the system asks by itself in the name of `by`. Raises `ApprovalRefused` when the plan is not ready or
    holds nothing to decide, or the approver may not decide or is the one who asks.
    """
    locked = Sprint.objects.select_for_update(of=("self",), no_key=True).select_related("goal__kpi", "workspace")
    sprint = locked.get(pk=sprint.pk)
    if sprint.is_over:
        raise ApprovalRefused(_("This sprint is closed."))
    plan = planned(sprint, now)
    _require_ready(plan)
    # An answer that is being written counts: it is waited for before it is said what stands approved.
    list(sprint.approvals.select_for_update().filter(state=ApprovalState.OPEN).values_list("pk"))
    snapshot = frozen_plan(plan)
    about = About(ApprovalSubject.SPRINT, sprint=sprint, carried=carried_from(sprint, snapshot))
    _require_something_to_decide(snapshot, about)
    return ask(snapshot, about, approver=approver, by=by, now=now, message=message, because=because)


def _require_ready(plan: PlannedSprint) -> None:
    missing = [str(check) for check in readiness(plan) if not check.is_met]
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


def _require_something_to_decide(snapshot: Snapshot, about: About) -> None:
    """A plan of which every story stands approved is asked about again only when the plan around them changed."""
    if len(about.carried) < len(snapshot["stories"]):
        return
    answered = ApprovalRequest.objects.filter(sprint=about.sprint, state=ApprovalState.DECIDED).order_by("-version")
    last = answered.first()
    limits = tolerance_of(policy_of(about.sprint.workspace)) if about.sprint else None
    if last is not None and last.is_yes and not version_changes(last.snapshot, snapshot, limits).material:
        raise ApprovalRefused(
            _("Version %(version)d was approved, and nothing that matters has changed since. There is nothing to ask.")
            % {"version": last.version}
        )


@transaction.atomic
def request_content_approval(
    *, story: Story, content: Mapping[str, str], approver: Member, by: Member, now: datetime, message: str = ""
) -> ApprovalRequest:
    """Freeze a finished mail and ask the owner about it. `content` holds subject, preheader, sender, html, fingerprint.

    Raises `ApprovalRefused` as `request_approval` does.
    """
    story = _locked_story(story)
    about = About(ApprovalSubject.CONTENT, story=story)
    return ask(content_snapshot(story, content, now), about, approver=approver, by=by, now=now, message=message)


@transaction.atomic
def request_launch_approval(
    *,
    story: Story,
    content: Mapping[str, str],
    brief: Snapshot,
    approver: Member,
    by: Member,
    now: datetime,
    message: str = "",
) -> ApprovalRequest:
    """Freeze a launch, that is a finished mail with its audience, days and offer as `brief`, and ask about it.

    `content` as in `request_content_approval`, `brief` as `sprints.snapshot.brief_snapshot` gives it. Raises
    `ApprovalRefused` as `request_approval` does.
    """
    story = _locked_story(story)
    frozen = launch_snapshot(story, content, brief, now)
    about = About(ApprovalSubject.LAUNCH, story=story)
    return ask(frozen, about, approver=approver, by=by, now=now, message=message)


def _locked_story(story: Story) -> Story:
    return Story.objects.select_for_update(of=("self",), no_key=True).with_plan().get(pk=story.pk)


def ask(
    snapshot: Snapshot,
    about: About,
    *,
    approver: Member,
    by: Member,
    now: datetime,
    message: str,
    because: Sequence[str] | None = None,
) -> ApprovalRequest:
    """Write a frozen version down and mail it to the approver and to those who decide instead.

    Runs inside the transaction of a service that holds the lock on what is asked about. `because` as in
    `request_approval`.
    """
    _require_decider(approver, by)
    earlier = ApprovalRequest.objects.filter(workspace=by.workspace, **about.fields)
    _supersede(earlier, now)
    policy = policy_of(by.workspace)
    request = ApprovalRequest(
        workspace=by.workspace,
        **about.fields,
        version=(earlier.aggregate(last=Max("version"))["last"] or 0) + 1,
        snapshot=snapshot,
        carried=about.carried,
        fingerprint=fingerprint(snapshot),
        material=material_fingerprint(snapshot),
        message=message,
        requested_by=by,
        approver=approver,
        requested_at=now,
        due_at=now + TIME_TO_DECIDE,
        nonce=secrets.randbits(NONCE_BITS),
        link_expires_at=now + LINK_LIFE,
        next_reminder_at=now + timedelta(days=policy.remind_after_days) if policy.remind_after_days else None,
        is_automatic=because is not None,
    )
    request.silence_at = silence_ends(request, policy, now)
    request.save(force_insert=True)
    asker = by if because is None else None
    why: dict[str, Any] = {} if because is None else {"by_itself": True, "material": list(because)}
    tell(
        ApprovalEvent.ASKED, request, by=asker, now=now, action="approval.requested", fingerprint=request.fingerprint,
        version=request.version, approver=str(approver), carried=len(about.carried), **why,
    )  # fmt: skip
    mail_request(request, now)
    tell_asked(request, asker, now)
    return request


def _supersede(earlier: ApprovalRequestQuerySet, now: datetime) -> None:
    """Replace the version that waits. The condition stands on the row itself: one answered just now stays answered."""
    waiting = earlier.filter(state=ApprovalState.OPEN)
    replaced = list(waiting.select_for_update().only("pk", "workspace", "sprint"))
    waiting.update(state=ApprovalState.SUPERSEDED, superseded_at=now)
    for request in replaced:
        tell_approval(request)


def mail_request(request: ApprovalRequest, now: datetime) -> None:
    """Mail the link to the approver, and one of their own to those who decide instead."""
    readers = {member.user.email for member in (request.approver, *delegates_of(request, now))}
    if request.escalated_to is not None:
        readers.add(request.escalated_to.user.email)
    for address in sorted(readers):
        post("sprints.approval", workspace=request.workspace, object_id=request.pk, to=address, now=now)


def _require_decider(approver: Member, by: Member | None) -> None:
    if not is_decider(approver) or (by is not None and approver.workspace_id != by.workspace_id):
        raise ApprovalRefused(
            _("%(name)s cannot approve here.") % {"name": approver}, fields={"approver": [_("May not.")]}
        )
    if by is not None and approver.pk == by.pk and not is_one_person(by.workspace):
        raise ApprovalRefused(
            _("Nobody approves his or her own proposal. Ask another owner, or let somebody else propose."),
            fields={"approver": [_("That is you.")]},
        )


@transaction.atomic
def remind(*, request: ApprovalRequest, by: Member | None, now: datetime) -> None:
    """Mail the approver, and those who decide instead, a fresh link; the one before stops working. None: by schedule.

    Raises `ApprovalRefused` once the request is decided, replaced or pointless, or the approver may no longer decide.
    """
    _require_decider(request.approver, by)
    changed = ApprovalRequest.objects.open().filter(pk=request.pk)
    count = request.reminder_count + 1
    if not changed.update(nonce=secrets.randbits(NONCE_BITS), link_expires_at=now + LINK_LIFE, reminder_count=count):
        raise ApprovalRefused(_("This request was decided or replaced."))
    tell(ApprovalEvent.REMINDED, request, by=by, now=now, to=str(request.approver), count=count)
    mail_request(request, now)


def decide(
    *,
    request: ApprovalRequest,
    shown: str,
    answer: Answer,
    by: Member,
    now: datetime,
    code: str = "",
    via: DecidedVia = DecidedVia.MEMBER,
) -> None:
    """Write down what the owner says of a version as a whole and of its items. Once; the second of two is refused.

    `shown` is the fingerprint of what was on the page. Raises `ApprovalRefused` for the wrong person, an item that was
    not shown, a change asked for without a word, a yes with conditions that names none, or a request that is no longer
    open; `PlanChanged` when it moved on materially since; and `CodeNeeded` when a yes to so much money needs the mailed
    code, which is mailed then.
    """
    answer, confirmed = replace(answer, comment=answer.comment.strip()), None
    if needs_code(request, answer.whole, answer.each.values()):
        _require_decidable(request, shown, answer, by, now)
        # Outside of the decision's transaction: a wrong try has to count although it decides nothing.
        confirmed = confirm_code(request=request, by=by, code=code, now=now)
    with transaction.atomic():
        request = ApprovalRequest.objects.select_for_update(of=("self",)).with_people().get(pk=request.pk)
        _require_decidable(request, shown, answer, by, now)
        if confirmed is not None:
            use_code(confirmed, now)
        via = DecidedVia.API if by.acting_through else via
        delegation = None if is_decider(by) else delegation_of(request, by, now)
        write_answer(request, answer, by=by, via=via, delegation=delegation, now=now)


def _require_decidable(request: ApprovalRequest, shown: str, answer: Answer, by: Member, now: datetime) -> None:
    _require_may_decide(request, by, now)
    _require_shown(request, answer.each)
    require_words(request, answer)
    if shown != request.fingerprint:
        raise PlanChanged(_("This page is out of date. Load it again and look at what changed."))
    require_unchanged(request, now)


def _require_may_decide(request: ApprovalRequest, by: Member, now: datetime) -> None:
    if request.state != ApprovalState.OPEN:
        raise ApprovalRefused(
            _("This was decided or replaced already: “%(state)s”.") % {"state": request.get_state_display()}
        )
    if request.sprint and request.sprint.is_over:
        raise ApprovalRefused(_("The sprint is over, so there is nothing left to decide."))
    if by.workspace_id != request.workspace_id or not (is_decider(by) or delegation_of(request, by, now)):
        raise ApprovalRefused(_("Only a business owner of this workspace can decide."))
    if is_own(request, by):
        raise ApprovalRefused(_("Nobody approves his or her own proposal."))


def _require_shown(request: ApprovalRequest, each: Mapping[int, Say]) -> None:
    strange = set(each) - {item["id"] for item in request.asked_items}
    if strange:
        raise ApprovalRefused(
            _("This request holds no story with the id %(ids)s.") % {"ids": ", ".join(map(str, sorted(strange)))},
            fields={"stories": [_("Not in this request.")]},
        )


def require_unchanged(request: ApprovalRequest, now: datetime) -> None:
    """Raise `PlanChanged` when what would be approved differs materially from what was frozen."""
    if changed_since(request, now).material:
        raise PlanChanged(
            _("The plan changed after it was sent to you. Nothing was decided; the team has to send the new version.")
        )
