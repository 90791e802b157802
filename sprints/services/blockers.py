"""Verbs on blockers: say what is in the way, and clear it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from sprints.blocking import clear_the_way, put_in_the_way
from sprints.models import Blocker, Story
from sprints.services.stories import StoryRefused, locked_story
from workspaces.models import Member

LONGEST_REASON = 200


@transaction.atomic
def block_story(*, story: Story, reason: str, owner: Member | None, by: Member, now: datetime) -> Blocker:
    """Say what keeps a story from going on and who clears it; of an open blocker these are changed.

    Without an owner it is whoever has it, works on the story, or says so. Raises `StoryRefused` without a reason, for
    an owner who has left, for a story that was dropped, and for one of a closed sprint.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        said = _("Say in one sentence of at most %(most)d letters what is in the way.") % {"most": LONGEST_REASON}
        raise StoryRefused(said, fields={"reason": [said]})
    if owner is not None and owner.left_at is not None:
        raise StoryRefused(_("%(owner)s has left the workspace.") % {"owner": owner}, fields={"owner": [_("Left.")]})
    found = locked_story(story)
    if found.dropped_at is not None:
        raise StoryRefused(_("This story was dropped. Put it back into the backlog first."))
    return put_in_the_way(found, reason, owner, by, now)


@transaction.atomic
def resolve_blocker(*, blocker: Blocker, by: Member, now: datetime) -> None:
    """Say that this is no longer in the way. Repeating changes nothing, also when something else is by now.

    Raises `StoryRefused` for a story of a closed sprint.
    """
    story = locked_story(blocker.story)
    if Blocker.objects.open().filter(pk=blocker.pk).exists():
        clear_the_way(story, by, now)
