"""Putting something into a story's way, and clearing it. The story is locked by whoever calls."""

from datetime import datetime

from sprints.broadcast import tell_story
from sprints.models import Blocker, Story
from sprints.telling import tell_blocked, tell_freed
from workspaces.audit import record
from workspaces.models import Member


def put_in_the_way(story: Story, reason: str, owner: Member | None, by: Member, now: datetime) -> Blocker:
    """The story's open blocker, with this reason and owner; `since` stays when there was one already.

    Without an owner the one it has keeps it, else whoever works on the story, else whoever says so.
    """
    found = Blocker.objects.open().with_people().filter(story=story).first()
    had = found.owner_id if found else None
    wanted = owner or (found.owner if found else story.assignee) or by
    if found is None:
        found = Blocker.objects.create(
            workspace=story.workspace, story=story, reason=reason, owner=wanted, opened_by=by, since=now
        )
    elif (found.reason, found.owner) == (reason, wanted):
        return found
    else:
        found.reason, found.owner = reason, wanted
        found.save(update_fields=["reason", "owner"])
    record("story.blocked", story, by=by, now=now, reason=reason, owner=str(wanted), blocker=found.pk)
    tell_blocked(story, found, by, now, is_given=had != wanted.pk)
    tell_story(story)
    return found


def clear_the_way(story: Story, by: Member, now: datetime) -> None:
    """Nothing is in the way any more. Repeating changes nothing."""
    found = Blocker.objects.open().with_people().filter(story=story).first()
    if found and Blocker.objects.open().filter(pk=found.pk).update(resolved_at=now, resolved_by=by):
        record("story.unblocked", story, by=by, now=now)
        tell_freed(story, found, by, now)
        tell_story(story)
