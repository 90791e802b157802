"""Asking the owner about goals, principles, and the plan of both, with the same versions, links and log."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from sprints.models import ApprovalRequest, ApprovalState, ApprovalSubject
from sprints.ordering import one_at_a_time
from sprints.services.answer_words import ApprovalRefused
from sprints.services.approvals import About, ask
from sprints.snapshot import Snapshot
from sprints.strategy_snapshot import goal_version, plan_version, principle_version, strategy_changes
from sprints.strategy_standing import newest_answers
from strategy.models import Goal, Principle
from workspaces.models import Member


@transaction.atomic
def request_goal_approval(
    *,
    goal: Goal,
    approver: Member,
    by: Member,
    now: datetime,
    message: str = "",
    because: Sequence[str] | None = None,
) -> ApprovalRequest:
    """Freeze a goal and ask about it. A closed goal is refused.

    `because` and what is raised as in `sprints.services.approvals.request_approval`.
    """
    one_at_a_time(goal.workspace_id)
    goal = Goal.objects.with_kpi().get(pk=goal.pk)
    if goal.closed_at is not None:
        raise ApprovalRefused(_("This goal is closed."))
    about = About(ApprovalSubject.GOAL, goal=goal)
    return _ask(goal_version(goal), about, approver=approver, by=by, now=now, message=message, because=because)


@transaction.atomic
def request_principle_approval(
    *,
    principle: Principle,
    approver: Member,
    by: Member,
    now: datetime,
    message: str = "",
    because: Sequence[str] | None = None,
) -> ApprovalRequest:
    """Freeze a principle and ask about it, as about a goal; also refused for one that is archived."""
    one_at_a_time(principle.workspace_id)
    principle = Principle.objects.select_related("workspace").get(pk=principle.pk)
    if principle.archived_at is not None:
        raise ApprovalRefused(_("This principle is archived."))
    about = About(ApprovalSubject.PRINCIPLE, principle=principle)
    return _ask(
        principle_version(principle), about, approver=approver, by=by, now=now, message=message, because=because
    )


@transaction.atomic
def request_plan_approval(
    *, approver: Member, by: Member, now: datetime, message: str = "", because: Sequence[str] | None = None
) -> ApprovalRequest:
    """Freeze all open goals and all principles in force, and ask about them one by one. `because` as about a goal.

    What was approved in this very form is carried over. Raises `ApprovalRefused`; also for a workspace without either.
    """
    one_at_a_time(by.workspace_id)
    frozen = plan_version(by.workspace)
    if not frozen["items"]:
        raise ApprovalRefused(_("There is no open goal and no principle to ask about."))
    about = About(ApprovalSubject.PLAN, carried=_carried(by, frozen))
    return _ask(frozen, about, approver=approver, by=by, now=now, message=message, because=because)


def _ask(
    frozen: Snapshot,
    about: About,
    *,
    approver: Member,
    by: Member,
    now: datetime,
    message: str,
    because: Sequence[str] | None,
) -> ApprovalRequest:
    answered = ApprovalRequest.objects.filter(workspace=by.workspace, state=ApprovalState.DECIDED, **about.fields)
    last = answered.order_by("-version").first()
    if last is not None and last.is_yes and not strategy_changes(last.snapshot, frozen).material:
        raise ApprovalRefused(
            _("Version %(version)d was approved, and nothing that matters has changed since. There is nothing to ask.")
            % {"version": last.version}
        )
    return ask(frozen, about, approver=approver, by=by, now=now, message=message, because=because)


def _carried(by: Member, frozen: Snapshot) -> list[int]:
    """Ids of the goals and principles that stand approved, by themselves or with an earlier plan, in this very form."""
    answers = {kind: newest_answers(by.workspace, kind) for kind in ("goal", "principle")}
    found = ((item, answers[item["kind"]].get(item["object"])) for item in frozen["items"])
    return [
        item["id"]
        for item, answer in found
        if answer is not None and answer.is_yes and not answer.material_changes(item, frozen["currency"])
    ]
