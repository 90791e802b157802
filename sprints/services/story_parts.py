"""What all verbs on the parts of a story share."""

from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.models import Story
from sprints.ordering import one_at_a_time


class StoryClosed(DomainError):
    """The sprint of the story is over: its steps and people stay as they were."""

    code = "story_closed"


def open_story(story: Story) -> Story:
    """The story as it stands now, until the transaction ends. Raises `StoryClosed` once its sprint is closed."""
    one_at_a_time(story.workspace_id)
    found = Story.objects.select_related("sprint", "workspace", "assignee__user").get(pk=story.pk)
    if found.sprint and found.sprint.is_over:
        raise StoryClosed(_("This sprint is closed: its stories stay as they were."))
    return found
