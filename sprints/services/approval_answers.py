"""What becomes of an answer that was found right: the decisions, their conditions, the log, and who is told."""

from datetime import datetime
from typing import Any

from sprints.answers import Answer
from sprints.approval_log import tell
from sprints.markup import mentions_in
from sprints.models import (
    ApprovalCondition,
    ApprovalEvent,
    ApprovalRequest,
    ApprovalState,
    Audience,
    DecidedVia,
    Delegation,
    ItemDecision,
    StoryDecision,
)
from sprints.services.comments import people_to_mention
from sprints.services.conditions import give_condition
from sprints.telling import tell_decided
from sprints.versions import changed_since
from workspaces.models import Member
from workspaces.systemmail import post

THROUGH: dict[str, str] = {DecidedVia.LINK: "mailed link", DecidedVia.SILENCE: "silence"}
"""What the audit log says of the way in which an answer came."""


def write_answer(
    request: ApprovalRequest,
    answer: Answer,
    *,
    by: Member,
    via: DecidedVia,
    delegation: Delegation | None,
    now: datetime,
) -> None:
    """Store an answer that was found right, under the lock on the request, and tell the one who asked."""
    request.state, request.verdict = ApprovalState.DECIDED, answer.overall(request)
    request.comment, request.decided_by, request.decided_at = answer.comment, by, now
    request.decided_via, request.delegation = via, delegation
    request.save(update_fields=["state", "verdict", "comment", "decided_by", "decided_at", "decided_via", "delegation"])
    _write_says(request, answer)
    moved = changed_since(request, now).sentences if via != DecidedVia.SILENCE else []
    tell(
        ApprovalEvent.DECIDED, request, by=None if via == DecidedVia.SILENCE else by, now=now,
        through=THROUGH.get(via, ""), verdict=str(request.verdict), fingerprint=request.fingerprint,
        comment=answer.comment, items=_logged(request, answer), conditions=answer.wanted,
        on_behalf_of=str(delegation.giver) if delegation else "", immaterial=moved,
    )  # fmt: skip
    to = request.requested_by.user.email
    post("sprints.decision", workspace=request.workspace, object_id=request.pk, to=to, now=now)
    told_by = None if via == DecidedVia.SILENCE else by
    tell_decided(request, () if request.is_strategy else answer.says(request), told_by, now)
    _name_whom_they_mention(request, by, now)


def _write_says(request: ApprovalRequest, answer: Answer) -> None:
    says = answer.says(request)
    rows = [
        {"workspace": request.workspace, "request": request, "verdict": say.verdict, "comment": say.comment.strip()}
        for say in says.values()
    ]
    if request.is_strategy:
        ItemDecision.objects.bulk_create(ItemDecision(item=pk, **row) for pk, row in zip(says, rows, strict=True))
    else:
        StoryDecision.objects.bulk_create(StoryDecision(story_id=pk, **row) for pk, row in zip(says, rows, strict=True))
    about: list[tuple[int | None, str]] = [(None, text) for text in answer.wanted]
    about += [(None if request.is_strategy else pk, text) for pk, say in says.items() for text in say.wanted]
    ApprovalCondition.objects.bulk_create(
        ApprovalCondition(workspace=request.workspace, request=request, story_id=pk, text=text, position=place)
        for place, (pk, text) in enumerate(about, start=1)
    )


def _name_whom_they_mention(request: ApprovalRequest, by: Member, now: datetime) -> None:
    """A condition that mentions somebody with `@name` is for that person to see to."""
    people = people_to_mention(request.workspace, Audience.EVERYBODY)
    for condition in request.conditions.select_related("request", "workspace").order_by("position"):
        named = sorted(mentions_in(condition.text, people))
        if named:
            give_condition(condition, people[named[0]], by=by, now=now)


def _logged(request: ApprovalRequest, answer: Answer) -> list[dict[str, Any]]:
    titles = {item["id"]: item["title"] for item in request.items}
    return [
        {"id": pk, "title": titles[pk], "verdict": str(say.verdict), "comment": say.comment.strip(), "if": say.wanted}
        for pk, say in answer.says(request).items()
    ]
