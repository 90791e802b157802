"""What stories and ideas hold of a reader, and what an erasure does with it."""

from dataclasses import replace
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audience.erasing import Fate, Part, Person, leave_unsearched, register_part, register_writings
from audience.erasing.traces import Clues
from sprints.models import Idea, StoryOrigin

STAYS = _("What was asked for stays the team’s work; who asked goes.")
WRITINGS = {
    "Story": ("title", "as_a", "i_want", "so_that", "problem"),
    "AcceptanceCriterion": ("text",),
    "Hypothesis": ("because", "change", "audience"),
    "SendBrief": ("offer",),
    "StoryOrigin": ("words",),
    "StoryComment": ("text",),
    "CommentVersion": ("text",),
    "ChecklistItem": ("text",),
    "Idea": ("title", "text", "sender_name", "reason"),
    "Attachment": ("name",),
    "ApprovalMessage": ("text",),
    "ApprovalCondition": ("text",),
    "StoryDecision": ("comment",),
    "ItemDecision": ("comment",),
    "Blocker": ("reason",),
    "RetroNote": ("text",),
    "RetroAction": ("text",),
    "StandUpEntry": ("yesterday", "today", "in_the_way"),
    "StoryImport": ("rows", "refused", "left"),
    "BulkChange": ("before", "after"),
    "StoryTemplate": ("title", "problem", "criteria"),
}
"""Where people write freely, so that names are looked for too."""


def _ideas(person: Person) -> "QuerySet[Idea]":
    sent = Q(contact=person.contact_id or 0)
    for address in person.addresses:
        sent |= Q(sender_email__iexact=address)
    return Idea.objects.for_workspace(person.workspace).filter(sent)


def _forget_senders(person: Person, now: datetime) -> int:
    """An idea keeps what it asks for; its words lose the sender also where the name has one word only."""
    clues = Clues.of(person)
    ideas = list(_ideas(person).order_by("pk"))
    for idea in ideas:
        name = idea.sender_name
        own = replace(clues, names=(*clues.names, *([name] if name else ())))
        idea.title, idea.text = (own.redacted(words, with_names=True) for words in (idea.title, idea.text))
        idea.sender_name = idea.sender_email = ""
        idea.contact = None
    Idea.objects.bulk_update(ideas, ["title", "text", "sender_name", "sender_email", "contact"])
    return len(ideas)


def _origins(person: Person) -> "QuerySet[StoryOrigin]":
    return StoryOrigin.objects.for_workspace(person.workspace).filter(contact=person.contact_id or 0)


def _forget_origins(person: Person, now: datetime) -> int:
    return _origins(person).update(contact=None)


def register_erasing() -> None:
    """Say what becomes of readers' ideas, of the stories they led to, and of what was said about them."""
    for key, label, count, erase in (
        ("ideas", _("Ideas the person sent"), lambda person: _ideas(person).count(), _forget_senders),
        ("stories", _("Stories that came from the person"), lambda person: _origins(person).count(), _forget_origins),
    ):
        register_part(Part(key, label, Fate.ANONYMISED, STAYS, count, erase))
    for model, fields in WRITINGS.items():
        register_writings(f"sprints.{model}", fields)
    for model in ("ApprovalLogEntry", "ApprovalRequest", "Commitment"):
        leave_unsearched(f"sprints.{model}", _("Mail servers, senders and what was approved stay as they are."))
