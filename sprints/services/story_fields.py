"""Saving single fields of a story that others may be changing at the same time.

Each field comes with the value it had when it was shown. Two people who change different fields both succeed; whoever
would overwrite what somebody else wrote meanwhile is asked first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emailops.lib.errors import DomainError
from sprints.models import Story
from sprints.ordering import one_at_a_time
from sprints.services.stories import Parts, rewrite_story, save_story
from workspaces.models import AuditEntry, Member


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that somebody changed meanwhile: as text, what stands there now and what was to be saved."""

    name: str
    label: str
    theirs: str
    yours: str
    by: Member | None
    at: datetime | None


class FieldChanged(DomainError):
    """Somebody changed the same field meanwhile. Nothing was saved."""

    code = "field_changed"

    def __init__(self, conflicts: list[Conflict]) -> None:
        words = ngettext(
            "Somebody changed the same field meanwhile. Nothing was saved: choose which one stays.",
            "Somebody changed the same fields meanwhile. Nothing was saved: choose which ones stay.",
            len(conflicts),
        )
        fields = {
            conflict.name: [_("Now it is: %(value)s") % {"value": conflict.theirs or _("nothing")}]
            for conflict in conflicts
        }
        super().__init__(words, fields=fields)
        self.conflicts = conflicts


def text_of(value: Any) -> str:
    """A field's value as a page shows and sends it: rows by their id, nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, models.Model):
        return str(value.pk)
    return "\n".join(line.rstrip() for line in str(value).strip().splitlines())


def shown_value(value: Any) -> str:
    """A field's value in words."""
    return "" if value is None else str(value)


@transaction.atomic
def save_fields(
    *, story: Story, values: Mapping[str, Any], seen: Mapping[str, str], by: Member, now: datetime, reason: str = ""
) -> None:
    """Save the fields that were changed on a page; `seen` is the text (`text_of`) each had when it was shown.

    A field without `seen` is saved as it comes. Raises `FieldChanged` when somebody changed one of them meanwhile to
    something else, and what `rewrite_story` raises.
    """
    seen = {name: text_of(text) for name, text in seen.items()}
    one_at_a_time(story.workspace_id)
    current = Story.objects.select_related("goal", "assignee__user").get(pk=story.pk)
    wanted = {name: value for name, value in values.items() if name not in seen or text_of(value) != seen[name]}
    conflicts = [
        _conflict(current, name, value) for name, value in wanted.items() if _is_stale(current, name, value, seen)
    ]
    if conflicts:
        raise FieldChanged(conflicts)
    if wanted:
        rewrite_story(story=story, by=by, now=now, reason=reason, **wanted)


@transaction.atomic
def save_story_as_seen(
    *,
    story: Story,
    fields: Mapping[str, Any],
    seen: Mapping[str, str],
    parts: Parts,
    by: Member,
    now: datetime,
    reason: str = "",
) -> Story:
    """The same with the parts of the story, all or nothing."""
    save_fields(story=story, values=fields, seen=seen, by=by, now=now, reason=reason)
    return save_story(workspace=story.workspace, story=story, fields={}, parts=parts, by=by, now=now)


def _is_stale(current: Story, name: str, value: Any, seen: Mapping[str, str]) -> bool:
    stands = text_of(getattr(current, name))
    return name in seen and stands != seen[name] and stands != text_of(value)


def _conflict(current: Story, name: str, value: Any) -> Conflict:
    last = (
        AuditEntry.objects.for_workspace(current.workspace)
        .filter(target_type="story", target_id=current.pk, action="story.rewritten", detail__after__has_key=name)
        .select_related("member__user")
        .order_by("-at", "-pk")
        .first()
    )
    field = Story._meta.get_field(name)
    words = dict(field.flatchoices) if isinstance(field, models.Field) and field.choices else {}
    theirs = getattr(current, name)
    return Conflict(
        name=name,
        label=str(getattr(field, "verbose_name", name)),
        theirs=shown_value(words.get(theirs, theirs)),
        yours=shown_value(words.get(value, value)),
        by=last.member if last else None,
        at=last.at if last else None,
    )
