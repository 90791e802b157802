"""What all verbs on the parts of a story share."""

from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.models import SprintState, Story
from sprints.ordering import one_at_a_time
from workspaces.live import announce

TOPIC = "story"
"""The live topic of a story's page, with the id of the story."""


class StoryClosed(DomainError):
    """The sprint of the story is over: its steps and people stay as they were."""

    code = "story_closed"


def open_story(story: Story) -> Story:
    """The story as it stands now, until the transaction ends. Raises `StoryClosed` once its sprint is closed."""
    one_at_a_time(story.workspace_id)
    found = Story.objects.select_related("sprint", "workspace", "assignee__user").get(pk=story.pk)
    if found.sprint and found.sprint.state == SprintState.CLOSED:
        raise StoryClosed(_("This sprint is closed: its stories stay as they were."))
    return found


def tell_pages(story: Story) -> None:
    """Have the open pages of a story show what changed."""
    announce(story.workspace, TOPIC, story.pk)
