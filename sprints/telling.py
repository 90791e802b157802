"""Telling members what happened to a story or an approval; `sprints.notices` has the words."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sprints.models import (
    ApprovalCondition,
    ApprovalMessage,
    ApprovalRequest,
    Blocker,
    BoardColumn,
    Sprint,
    Story,
    StoryComment,
    StoryOutcome,
    StoryWatch,
)
from workspaces.models import Member
from workspaces.notices.telling import notify

MENTIONED = "story.mentioned"
ASSIGNED = "story.assigned"
COMMENTED = "story.commented"
MOVED = "story.moved"
BLOCKED = "story.blocked"
MINE_TO_CLEAR = "blocker.mine"
PLANNED = "story.planned"
MEASURED = "story.measured"
CHANGED = "story.changed"
ASKED = "approval.asked"
DECIDED = "approval.decided"
SAID = "approval.said"
FOLLOWED = "approval.followed"
NAMED = "approval.named"
ASKED_AGAIN, AS_ANSWERED, NOT_ASKED = "asked_again", "as_answered", "not_asked"
"""What a plan that changed after it was sent led to."""


def watchers(story: Story) -> list[Member]:
    found = StoryWatch.objects.filter(story=story, is_watching=True).select_related("member")
    return [watching.member for watching in found.order_by("pk")]


def tell_assigned(story: Story, members: Iterable[Member | None], by: Member | None, now: datetime) -> None:
    """Tell who got work."""
    notify(ASSIGNED, story, to=[member for member in members if member is not None], by=by, now=now)


def tell_changed(story: Story, changed: Collection[str], by: Member | None, now: datetime) -> None:
    """Tell followers which fields of a story were changed, and who got it."""
    if "assignee" in changed:
        tell_assigned(story, [story.assignee], by, now)
    others = sorted(set(changed) - {"assignee"})
    if others:
        notify(CHANGED, story, to=watchers(story), by=by, now=now, fields=others)


def tell_blocked(story: Story, blocker: Blocker, by: Member | None, now: datetime, *, is_given: bool) -> None:
    """Tell who clears what is in a story's way, when it was given to somebody just now; and then the followers."""
    owner = [blocker.owner] if is_given else []
    told = notify(MINE_TO_CLEAR, story, to=owner, by=by, now=now, blocker=blocker.pk, is_blocked=True)
    notify(BLOCKED, story, to=_others(story, told), by=by, now=now, is_blocked=True)


def tell_freed(story: Story, blocker: Blocker, by: Member | None, now: datetime) -> None:
    """Tell who had to clear what was in the way and who said so, and then the followers."""
    mine = [blocker.owner, blocker.opened_by]
    told = notify(MINE_TO_CLEAR, story, to=mine, by=by, now=now, blocker=blocker.pk, is_blocked=False)
    notify(BLOCKED, story, to=_others(story, told), by=by, now=now, is_blocked=False)


def _others(story: Story, told: Collection[Member]) -> list[Member]:
    """Followers of a story who have not been told already."""
    known = {member.pk for member in told}
    return [member for member in watchers(story) if member.pk not in known]


def tell_planned(story: Story, left: Sprint | None, by: Member | None, now: datetime) -> None:
    """Tell followers into which sprint a story went (none: the backlog), and which it left."""
    left_id = left.pk if left else None
    notify(PLANNED, story, to=watchers(story), by=by, now=now, sprint=story.sprint_id, left=left_id)


def tell_dropped(story: Story, by: Member | None, now: datetime) -> None:
    notify(PLANNED, story, to=watchers(story), by=by, now=now, is_dropped=True)


def tell_measured(outcome: StoryOutcome, now: datetime) -> None:
    """Tell followers what came of a story."""
    notify(MEASURED, outcome.story, to=watchers(outcome.story), by=None, now=now, verdict=outcome.verdict)


def tell_moved(story: Story, column: BoardColumn | None, by: Member | None, now: datetime) -> None:
    """Tell followers into which column a story went; one with a name of its own is called by that."""
    name = column.name if column and column.pk else ""
    notify(MOVED, story, to=watchers(story), by=by, now=now, column=story.status, name=name)


def tell_comment(comment: StoryComment, mentioned: Collection[Member], by: Member, now: datetime) -> None:
    """Tell those who are mentioned, and then the other followers; each is told once."""
    detail: Mapping[str, Any] = {"comment": comment.pk}
    tell = {"by": by, "now": now, "is_team_only": comment.is_team_only, **detail}
    told = notify(MENTIONED, comment.story, to=mentioned, **tell)
    notify(COMMENTED, comment.story, to=_others(comment.story, told), **tell)


def tell_mentioned(comment: StoryComment, mentioned: Collection[Member], by: Member, now: datetime) -> None:
    """Tell those whom a changed comment mentions anew."""
    notify(
        MENTIONED,
        comment.story,
        to=mentioned,
        by=by,
        now=now,
        is_team_only=comment.is_team_only,
        comment=comment.pk,
    )


def tell_asked(request: ApprovalRequest, by: Member | None, now: datetime) -> None:
    """Tell the approver in the app; the mail with the link is one of its own."""
    notify(ASKED, request, to=[request.approver], by=by, now=now, is_mailed=False)


def tell_decided(request: ApprovalRequest, story_ids: Collection[int], by: Member | None, now: datetime) -> None:
    """Tell who asked (whom a mail of its own tells too), and who works on what was decided about."""
    stories = Story.objects.filter(pk__in=story_ids).select_related("assignee")
    notify(DECIDED, request, to=[request.requested_by], by=by, now=now, is_mailed=False)
    workers = {story.assignee_id: story.assignee for story in stories if story.assignee}
    workers.pop(request.requested_by_id, None)
    notify(DECIDED, request, to=workers.values(), by=by, now=now)


def tell_followed(request: ApprovalRequest, what: str, now: datetime) -> None:
    """Tell who asked what became of a plan that changed afterwards."""
    notify(FOLLOWED, request, to=[request.requested_by], by=None, now=now, what=what)


def tell_message(message: ApprovalMessage, to: Collection[Member], mailed: Collection[Member]) -> None:
    """Tell of a question or an answer; those in `mailed` get a mail of its own with their link."""
    told: dict[str, Any] = {"by": message.author, "now": message.written_at, "message": message.pk}
    others = [member for member in to if member not in mailed]
    notify(SAID, message.request, to=others, **told)
    notify(SAID, message.request, to=mailed, is_mailed=False, **told)


def tell_named(condition: ApprovalCondition, by: Member, now: datetime) -> None:
    """Tell who sees to a condition; the mail with the link is one of its own."""
    if condition.named is not None:
        notify(NAMED, condition.request, to=[condition.named], by=by, now=now, is_mailed=False)
