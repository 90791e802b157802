"""Verbs on who follows a story, and who works on it beside its lead."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.broadcast import tell_story
from sprints.models import Story, StoryHelper, StoryWatch
from sprints.services.story_parts import open_story
from sprints.telling import tell_assigned
from workspaces.audit import record
from workspaces.models import Member
from workspaces.notices.wishes import is_muted, mute_object

MOST_HELPERS = 20


class HelpersRefused(DomainError):
    """These people cannot work on the story."""

    code = "helpers_refused"


@transaction.atomic
def watch(*, story: Story, member: Member, is_watching: bool, now: datetime) -> None:
    """Begin to follow a story, which also ends its mute, or stop. Repeating changes nothing."""
    watching, is_new = StoryWatch.objects.get_or_create(
        story=story, member=member, defaults={"workspace": story.workspace, "is_watching": is_watching}
    )
    if is_watching and is_muted(member, "story", story.pk):
        mute_object(member=member, about_type="story", about_id=story.pk, is_muted=False, now=now)
    if not is_new and watching.is_watching == is_watching:
        return
    watching.is_watching = is_watching
    watching.save(update_fields=["is_watching"])
    record("story.watched" if is_watching else "story.unwatched", story, by=member, now=now)
    tell_story(story)


def is_watching(story: Story, member: Member) -> bool:
    return StoryWatch.objects.filter(story=story, member=member, is_watching=True).exists()


def follow(story: Story, members: Iterable[Member | None]) -> None:
    """Have members follow a story who have not decided about it themselves. Repeating changes nothing."""
    rows = [
        StoryWatch(workspace_id=story.workspace_id, story=story, member=member)
        for member in dict.fromkeys(members)
        if member is not None
    ]
    StoryWatch.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def set_helpers(*, story: Story, members: Collection[Member], by: Member, now: datetime) -> None:
    """Say who works on a story beside its lead; they follow it from now on. Repeating changes nothing.

    Raises `HelpersRefused` for people who are not in the workspace any more, and for too many; `StoryClosed` once the
    sprint is closed.
    """
    story = open_story(story)
    wanted = {member.pk: member for member in members if member.pk != story.assignee_id}
    old = set(story.helpers.values_list("member_id", flat=True))
    new = [member for pk, member in wanted.items() if pk not in old]
    if any(member.workspace_id != story.workspace_id or member.left_at for member in new):
        raise HelpersRefused(_("Only members of the workspace can work on a story."))
    if len(wanted) > MOST_HELPERS:
        raise HelpersRefused(_("At most %(most)d people: split the story.") % {"most": MOST_HELPERS})
    if set(wanted) == old:
        return
    story.helpers.exclude(member__in=wanted).delete()
    StoryHelper.objects.bulk_create(
        StoryHelper(workspace=story.workspace, story=story, member=member) for member in new
    )
    follow(story, new)
    record("story.helpers_set", story, by=by, now=now, names=[str(member) for member in wanted.values()])
    tell_assigned(story, new, by, now)
    tell_story(story)
