"""What the backlog tells a person: ideas sent, answers given, and the stories they led to."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audience.disclosing import Record, Section, register_section
from audience.models import Contact
from sprints.models import Idea, StoryOrigin


def _ideas(contact: Contact) -> Iterator[Record]:
    sent = Idea.objects.for_workspace(contact.workspace).filter(
        Q(contact=contact) | Q(sender_email__iexact=contact.address)
    )
    fields = ("received_at", "title", "text", "sender_name", "sender_email", "source", "state", "reason")
    yield from sent.order_by("received_at", "pk").values(*fields)


def _stories(contact: Contact) -> Iterator[Record]:
    origins = StoryOrigin.objects.filter(contact=contact).select_related("story").order_by("pk")
    for origin in origins:
        yield {"story": origin.story.title, "what_was_said": origin.words}


def register_disclosing() -> None:
    register_section(Section("ideas", _("Ideas the person sent"), _ideas))
    register_section(Section("stories", _("Stories that came from the person"), _stories))
