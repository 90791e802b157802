"""How stories and ideas follow when two contacts become one."""

from audience.models import Contact
from sprints.models import Idea, StoryOrigin


def move_voices(kept: Contact, merged: Contact) -> None:
    """Stories and ideas that came from the second contact come from the first one."""
    StoryOrigin.objects.filter(contact=merged).update(contact=kept)
    Idea.objects.filter(contact=merged).update(contact=kept)
