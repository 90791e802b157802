"""What the owner's decisions mean now: where a story stands, and whether a send is exactly what was approved.

What is approved is a frozen snapshot. Whether it still holds is never stored but compared, each time, with how things
are now; so no path can forget to void it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from emailops.lib.errors import DomainError
from sprints.models import (
    ApprovalPolicy,
    ApprovalRequest,
    ApprovalSubject,
    Covers,
    Story,
    StoryDecision,
    StoryStatus,
    Verdict,
)
from sprints.snapshot import Difference, Snapshot, brief_differences, brief_snapshot
from workspaces.models import Workspace


class NotApproved(DomainError):
    """What would be sent is not exactly what the owner approved."""

    code = "not_approved"


class Standing(models.TextChoices):
    """Where a story stands with the owner."""

    NONE = "none", gettext_lazy("Not sent for approval")
    WAITING = "waiting", gettext_lazy("Waiting for the owner")
    APPROVED = "approved", gettext_lazy("Approved")
    CHANGE = "change", gettext_lazy("Change asked for")
    DECLINED = "declined", gettext_lazy("Declined")
    VOID = "void", gettext_lazy("Approval no longer holds")


@dataclass(frozen=True, slots=True)
class StoryApproval:
    """A story's standing, the request that gave it, the owner's words, and what has changed since."""

    standing: Standing
    request: ApprovalRequest | None = None
    comment: str = ""
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SendFacts:
    """What is about to be sent, in the words of a brief: the very things the owner saw.

    `brief` has the form of `sprints.snapshot.brief_snapshot`; `content` is the fingerprint of the finished mail.
    """

    brief: Snapshot
    content: str


def policy_of(workspace: Workspace) -> ApprovalPolicy:
    """The workspace's policy; the default one, unsaved, where none was chosen."""
    return ApprovalPolicy.objects.filter(workspace=workspace).first() or ApprovalPolicy(workspace=workspace)


def standing_of(stories: list[Story], now: datetime) -> dict[int, StoryApproval]:
    """Where each of these stories stands with the owner, by story. The stories need `with_plan`."""
    found = {story.pk: StoryApproval(Standing.NONE) for story in stories}
    policies = {story.workspace_id: policy_of(story.workspace) for story in stories[:1]}
    decisions = (
        StoryDecision.objects.filter(story__in=stories, request__subject=ApprovalSubject.SPRINT)
        .select_related("request__approver__user", "request__decided_by__user")
        .order_by("story_id", "-request__decided_at", "-pk")
        .distinct("story_id")
    )
    by_pk = {story.pk: story for story in stories}
    for decision in decisions:
        story = by_pk[decision.story_id]
        found[story.pk] = _judged(story, decision, policies[story.workspace_id], now)
    sprints = {story.sprint_id for story in stories if story.sprint_id}
    for request in ApprovalRequest.objects.open().with_people().filter(sprint__in=sprints).order_by("pk"):
        for item in request.items:
            if item["id"] in found:
                found[item["id"]] = StoryApproval(Standing.WAITING, request)
    return found


def _judged(story: Story, decision: StoryDecision, policy: ApprovalPolicy, now: datetime) -> StoryApproval:
    request = decision.request
    if decision.verdict != Verdict.APPROVED:
        return StoryApproval(Standing(decision.verdict), request, decision.comment or request.comment)
    differences = [] if _is_over(story) else _since_approval(story, request, policy, now)
    standing = Standing.VOID if differences else Standing.APPROVED
    return StoryApproval(standing, request, decision.comment or request.comment, differences)


def _is_over(story: Story) -> bool:
    """Whether its work is done: an audience that moves on afterwards takes nothing back."""
    closed = story.sprint is not None and story.sprint.is_over
    return closed or story.status == StoryStatus.DONE


def _since_approval(story: Story, request: ApprovalRequest, policy: ApprovalPolicy, now: datetime) -> list[Difference]:
    approved, brief = _approved_brief(story, request), getattr(story, "brief", None)
    if brief is None:
        return []
    if approved is None:
        return [Difference(_("Send brief"), _("none"), str(brief.segment))]
    return brief_differences(approved, brief_snapshot(brief, now), policy.audience_tolerance)


def _approved_brief(story: Story, request: ApprovalRequest) -> Snapshot | None:
    item = next((item for item in request.items if item["id"] == story.pk), {})
    brief: Snapshot | None = item.get("brief")
    return brief


def approved_brief(story: Story) -> Snapshot | None:
    """The brief as the owner's newest decision froze it; None unless that decision approved one."""
    decision = _newest_decision(story, ApprovalSubject.SPRINT)
    is_approved = decision is not None and decision.verdict == Verdict.APPROVED
    return _approved_brief(story, decision.request) if decision and is_approved else None


def require_approved(*, story: Story, facts: SendFacts) -> None:
    """Raise `NotApproved`, saying in which points, unless the owner approved exactly this send.

    Compares what will be sent with the newest decision's frozen brief, whatever the story says by now.
    """
    reasons = unapproved_reasons(story=story, facts=facts)
    if reasons:
        raise NotApproved(" ".join(reasons))


def unapproved_reasons(*, story: Story, facts: SendFacts) -> list[str]:
    """Why this send is not approved, one sentence a reason; empty when it is."""
    policy = policy_of(story.workspace)
    decision = _newest_decision(story, ApprovalSubject.SPRINT)
    if decision is None or decision.verdict != Verdict.APPROVED:
        return [_("The owner has not approved the story “%(story)s”.") % {"story": story}]
    approved = _approved_brief(story, decision.request)
    if approved is None:
        return [_("The approved story had no send brief, so nothing may be sent for it.")]
    reasons = [f"{difference}." for difference in brief_differences(approved, facts.brief, policy.audience_tolerance)]
    if policy.covers == Covers.CONTENT and not _content_approved(story, facts.content):
        reasons.append(_("The owner has not approved this version of the mail."))
    return reasons


def _newest_decision(story: Story, subject: ApprovalSubject) -> StoryDecision | None:
    decisions = StoryDecision.objects.filter(story=story, request__subject=subject).select_related("request")
    return decisions.order_by("-request__decided_at", "-pk").first()


def _content_approved(story: Story, content: str) -> bool:
    decision = _newest_decision(story, ApprovalSubject.CONTENT)
    if decision is None or decision.verdict != Verdict.APPROVED:
        return False
    shown: dict[str, Any] = decision.request.items[0]["content"]
    return bool(shown["fingerprint"] == content)
