"""What the owner's decisions mean now: where a story stands, and whether a send is exactly what was approved.

What is approved is a frozen snapshot. Whether it still holds is never stored but compared, each time, with how things
are now; so no path can forget to void it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from emailops.lib.errors import DomainError
from sprints.deciders import policy_of
from sprints.headcount import Headcount
from sprints.models import (
    YES,
    ApprovalCondition,
    ApprovalPolicy,
    ApprovalRequest,
    ApprovalRequestQuerySet,
    ApprovalSubject,
    Covers,
    Story,
    StoryDecision,
    StoryStatus,
)
from sprints.plan_changes import commitment_changes
from sprints.snapshot import Difference, Snapshot, brief_differences, brief_snapshot, story_words


class NotApproved(DomainError):
    """What would be sent is not exactly what the owner approved."""

    code = "not_approved"


class Standing(models.TextChoices):
    """Where a story stands with the owner."""

    NONE = "none", gettext_lazy("Not sent for approval")
    WAITING = "waiting", gettext_lazy("Waiting for the owner")
    APPROVED = "approved", gettext_lazy("Approved")
    CONDITIONS = "conditions", gettext_lazy("Approved, conditions open")
    CHANGE = "change", gettext_lazy("Change asked for")
    DECLINED = "declined", gettext_lazy("Declined")
    VOID = "void", gettext_lazy("Approval no longer holds")


@dataclass(frozen=True, slots=True)
class StoryApproval:
    """A story's standing, the request that gave it, the owner's words, conditions, and what has changed since."""

    standing: Standing
    request: ApprovalRequest | None = None
    comment: str = ""
    differences: list[Difference] = field(default_factory=list)
    conditions: list[ApprovalCondition] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SendFacts:
    """What is about to be sent, in the words of a brief: the very things the owner saw.

    `brief` has the form of `sprints.snapshot.brief_snapshot`; `content` is the fingerprint of the finished mail, and
    `campaign` the id of what sends it, by which a launch that was asked about is known. `topic` holds `topic_pk` and
    `topic`, its name; it is empty for none.
    """

    brief: Snapshot
    content: str
    campaign: str = ""
    topic: Mapping[str, str] = field(default_factory=dict)


def standing_of(stories: list[Story], now: datetime) -> dict[int, StoryApproval]:
    """Where each of these stories stands with the owner, by story. The stories need `with_plan`."""
    found = {story.pk: StoryApproval(Standing.NONE) for story in stories}
    heads = Headcount(now)
    policies = {story.workspace_id: policy_of(story.workspace) for story in stories[:1]}
    decisions = (
        StoryDecision.objects.filter(story__in=stories, request__subject=ApprovalSubject.SPRINT)
        .order_by("story_id", "-request__decided_at", "-pk")
        .distinct("story_id")
    )
    by_pk, requests = {story.pk: story for story in stories}, _requests_of(decisions)
    for decision in decisions:
        story, decision.request = by_pk[decision.story_id], requests[decision.request_id]
        found[story.pk] = _judged(story, decision, policies[story.workspace_id], heads)
    sprints = {story.sprint_id for story in stories if story.sprint_id}
    for request in ApprovalRequest.objects.open().with_people().filter(sprint__in=sprints).order_by("pk"):
        for item in request.asked_items:
            if item["id"] in found:
                found[item["id"]] = StoryApproval(Standing.WAITING, request)
    return found


def _requests_of(decisions: Iterable[StoryDecision]) -> dict[int, ApprovalRequest]:
    """Each request once, however many of its stories are asked about: it holds the whole plan."""
    found = ApprovalRequest.objects.select_related("approver__user", "decided_by__user").prefetch_related("conditions")
    return found.in_bulk({decision.request_id for decision in decisions})


def _judged(story: Story, decision: StoryDecision, policy: ApprovalPolicy, heads: Headcount) -> StoryApproval:
    request = decision.request
    said = decision.comment or request.comment
    if decision.verdict not in YES:
        return StoryApproval(Standing(decision.verdict), request, said)
    differences = [] if _is_over(story) else _since_approval(story, request, policy, heads)
    conditions = conditions_on(story, request)
    held = Standing.CONDITIONS if any(found.met_at is None for found in conditions) else Standing.APPROVED
    return StoryApproval(Standing.VOID if differences else held, request, said, differences, conditions)


def conditions_on(story: Story, request: ApprovalRequest) -> list[ApprovalCondition]:
    """What the owner's yes to this story depends on, in order. No query where the conditions were fetched before."""
    found = [one for one in request.conditions.all() if one.story_id in {None, story.pk}]
    return sorted(found, key=lambda condition: condition.position)


def _is_over(story: Story) -> bool:
    """Whether its work is done: an audience that moves on afterwards takes nothing back."""
    closed = story.sprint is not None and story.sprint.is_over
    return closed or story.status == StoryStatus.DONE


def _since_approval(
    story: Story, request: ApprovalRequest, policy: ApprovalPolicy, heads: Headcount
) -> list[Difference]:
    found = _commitment_differences(story, request)
    approved, brief = _approved_brief(story, request), getattr(story, "brief", None)
    if brief is None:
        return found
    if approved is None:
        return [*found, Difference(_("Send brief"), _("none"), str(brief.segment))]
    return found + brief_differences(approved, brief_snapshot(brief, heads.now, heads), policy.audience_tolerance)


def _commitment_differences(story: Story, request: ApprovalRequest) -> list[Difference]:
    """What else of the story than its send brief is no longer what was approved: kind, goal, criteria, promise."""
    item = _item_of(story, request)
    return commitment_changes(item, story_words(story), request.snapshot["currency"]) if item else []


def _approved_brief(story: Story, request: ApprovalRequest) -> Snapshot | None:
    brief: Snapshot | None = _item_of(story, request).get("brief")
    return brief


def _item_of(story: Story, request: ApprovalRequest) -> Snapshot:
    return next((item for item in request.items if item["id"] == story.pk), {})


def approved_brief(story: Story) -> Snapshot | None:
    """The brief as the owner's newest decision froze it; None unless that decision approved one."""
    decision = _newest_decision(story, ApprovalSubject.SPRINT)
    is_approved = decision is not None and decision.verdict in YES
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
    if decision is None or decision.verdict not in YES:
        return [_("The owner has not approved the story “%(story)s”.") % {"story": story}]
    approved = _approved_brief(story, decision.request)
    if approved is None:
        return [_("The approved story had no send brief, so nothing may be sent for it.")]
    planned = Story.objects.with_plan().get(pk=story.pk)
    found = _commitment_differences(planned, decision.request)
    found += brief_differences(approved, facts.brief, policy.audience_tolerance)
    reasons = [f"{difference}." for difference in found] + _open_conditions(story, decision.request)
    if policy.covers == Covers.CONTENT:
        reasons += _content_reasons(story, facts)
    if policy.covers == Covers.LAUNCH or launch_requests(story, facts.campaign).exists():
        reasons += launch_reasons(story, facts, policy)
    return reasons


def _open_conditions(story: Story, request: ApprovalRequest) -> list[str]:
    open_ones = [found for found in conditions_on(story, request) if found.met_at is None]
    return [_("The owner’s condition is not met yet: “%(text)s”.") % {"text": found.text} for found in open_ones]


def launch_requests(story: Story, campaign: str) -> ApprovalRequestQuerySet:
    """The questions about the launch of this campaign, whatever came of them; none for an unknown campaign.

    Once one was asked, nothing goes out without a yes to it, whatever the policy covers by itself.
    """
    if not campaign:
        return ApprovalRequest.objects.none()
    asked = ApprovalRequest.objects.filter(story=story, subject=ApprovalSubject.LAUNCH)
    return asked.filter(snapshot__stories__0__content__campaign_pk=campaign)


def launch_reasons(story: Story, facts: SendFacts, policy: ApprovalPolicy) -> list[str]:
    """Why the owner's yes does not cover exactly this launch; empty when it does."""
    decision = _newest_launch_decision(story, facts.campaign)
    shown = decision.request.items[0] if decision is not None and decision.verdict in YES else None
    if decision is None or shown is None or shown["content"]["fingerprint"] != facts.content:
        return [_("The owner has not approved this launch.")]
    found = brief_differences(shown["brief"], facts.brief, policy.audience_tolerance)
    found += _topic_differences(shown["content"], facts)
    return [f"{difference}." for difference in found] + _open_conditions(story, decision.request)


def _newest_launch_decision(story: Story, campaign: str) -> StoryDecision | None:
    """The newest about this campaign; one that was frozen before campaigns were named counts for each of the story."""
    decisions = StoryDecision.objects.filter(story=story, request__subject=ApprovalSubject.LAUNCH)
    if campaign:
        path = "request__snapshot__stories__0__content__campaign_pk"
        decisions = decisions.filter(models.Q(**{path: campaign}) | models.Q(**{f"{path}__isnull": True}))
    return decisions.select_related("request").order_by("-request__decided_at", "-pk").first()


def _newest_decision(story: Story, subject: ApprovalSubject) -> StoryDecision | None:
    decisions = StoryDecision.objects.filter(story=story, request__subject=subject).select_related("request")
    return decisions.order_by("-request__decided_at", "-pk").first()


def _content_reasons(story: Story, facts: SendFacts) -> list[str]:
    """Why the owner's yes does not cover exactly this mail; empty when it does."""
    decision = _newest_decision(story, ApprovalSubject.CONTENT)
    is_approved = decision is not None and decision.verdict in YES and not _open_conditions(story, decision.request)
    shown: Snapshot = decision.request.items[0]["content"] if decision is not None and is_approved else {}
    if shown.get("fingerprint") != facts.content:
        return [_("The owner has not approved this version of the mail.")]
    return [f"{difference}." for difference in _topic_differences(shown, facts)]


def _topic_differences(shown: Snapshot, facts: SendFacts) -> list[Difference]:
    """Another topic leaves out other people."""
    if shown.get("topic_pk") == facts.topic.get("topic_pk"):
        return []
    was, now = (found.get("topic", _("no topic")) for found in (shown, facts.topic))
    return [Difference(_("Topic"), was, now)]
