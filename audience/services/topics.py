"""Verbs on topics: open, change, order, put away."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from audience.models import Topic
from audience.services.lists import NameTaken
from workspaces.audit import record
from workspaces.models import Member, Workspace


@dataclass(frozen=True, slots=True)
class TopicWords:
    """What readers see of a topic; `names` and `descriptions` hold other languages' words by language."""

    name: str
    description: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    is_public: bool = True


@transaction.atomic
def create_topic(*, workspace: Workspace, words: TopicWords, by: Member, now: datetime) -> Topic:
    """Open a topic, after the others, or bring back the one of this name that was put away. Raises `NameTaken`."""
    last = Topic.objects.for_workspace(workspace).aggregate(last=Max("position"))["last"]
    topic, created = Topic.objects.select_for_update().get_or_create(
        workspace=workspace, name=words.name.strip(), defaults={"position": (last or 0) + 1}
    )
    if not created and topic.archived_at is None:
        raise _taken(words.name)
    _write(topic, words)
    record("topic.created", topic, by=by, now=now)
    return topic


@transaction.atomic
def change_topic(*, topic: Topic, words: TopicWords, by: Member, now: datetime) -> None:
    """Change what readers see. What they said stays theirs, in the words of then. Raises `NameTaken`."""
    before = {"name": topic.name, "description": topic.description, "names": topic.names}
    if Topic.objects.for_workspace(topic.workspace).filter(name=words.name.strip()).exclude(pk=topic.pk).exists():
        raise _taken(words.name)
    topic.name = words.name.strip()
    _write(topic, words)
    record("topic.changed", topic, by=by, now=now, before=before)


def _write(topic: Topic, words: TopicWords) -> None:
    topic.description, topic.is_public, topic.archived_at = words.description.strip(), words.is_public, None
    topic.names = {language: name.strip() for language, name in words.names.items() if name.strip()}
    topic.descriptions = {language: said.strip() for language, said in words.descriptions.items() if said.strip()}
    topic.save()


def _taken(name: str) -> NameTaken:
    return NameTaken(_("There is a topic “%(name)s” already.") % {"name": name.strip()}, fields={"name": [_("Taken.")]})


@transaction.atomic
def move_topic(*, topic: Topic, up: bool, by: Member, now: datetime) -> None:
    """Change places with the topic before or after it; at the end nothing happens."""
    rows = list(current_topics(topic.workspace).select_for_update())
    keys = [row.pk for row in rows]
    if topic.pk not in keys:
        return
    here = keys.index(topic.pk)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(rows):
        return
    rows[here], rows[there] = rows[there], rows[here]
    for position, row in enumerate(rows, start=1):
        row.position = position
    Topic.objects.bulk_update(rows, ["position"])
    record("topic.moved", topic, by=by, now=now, position=there + 1)


@transaction.atomic
def archive_topic(*, topic: Topic, by: Member, now: datetime) -> None:
    """Offer a topic no more; what was said about it stays and still counts. Repeating is harmless."""
    if Topic.objects.filter(pk=topic.pk, archived_at=None).update(archived_at=now):
        record("topic.archived", topic, by=by, now=now)


def current_topics(workspace: Workspace) -> QuerySet[Topic]:
    """The topics in use, in their order."""
    return Topic.objects.for_workspace(workspace).filter(archived_at=None).order_by("position", "pk")
