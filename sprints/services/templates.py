"""Verbs on what helps to write and find stories: templates and saved filters, and where a story comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audience.models import Contact
from emailops.lib.errors import DomainError
from sprints.models import OriginKind, SavedFilter, Story, StoryOrigin, StoryTemplate
from workspaces.audit import record
from workspaces.models import Member, Workspace

TEMPLATE_FIELDS = ("name", "title", "kind", "as_a", "i_want", "so_that", "problem", "points", "criteria")
FROM_STORY = ("title", "kind", "as_a", "i_want", "so_that", "problem", "points")
MOST_FILTERS = 50  # of one person


class TemplateRefused(DomainError):
    """The template or the filter cannot be kept as asked."""

    code = "template_refused"


@transaction.atomic
def save_template(
    *, workspace: Workspace, template: StoryTemplate | None, fields: Mapping[str, Any], by: Member, now: datetime
) -> StoryTemplate:
    """Keep a template (None: a new one). `criteria` are texts. Raises `TemplateRefused` for a name that is taken."""
    unknown = set(fields) - set(TEMPLATE_FIELDS)
    if unknown:
        raise TypeError(f"A template has no {', '.join(sorted(unknown))}")
    kept = template or StoryTemplate(workspace=workspace, created_by=by, created_at=now)
    for name, value in fields.items():
        setattr(kept, name, value.strip() if isinstance(value, str) else value)
    _require_free_name(kept)
    kept.save()
    record("story_template.saved", kept, by=by, now=now)
    return kept


def _require_free_name(template: StoryTemplate) -> None:
    if not template.name:
        raise TemplateRefused(_("Give the template a name."), fields={"name": [_("Empty.")]})
    others = StoryTemplate.objects.for_workspace(template.workspace).exclude(pk=template.pk)
    if others.filter(name=template.name).exists():
        raise TemplateRefused(
            _("There is a template “%(name)s” already.") % {"name": template.name}, fields={"name": [_("Taken.")]}
        )


def template_of(*, story: Story, name: str, by: Member, now: datetime) -> StoryTemplate:
    """Keep what a story says as a template. Raises `TemplateRefused` for a name that is taken."""
    fields = {field: getattr(story, field) for field in FROM_STORY}
    criteria = list(story.criteria.order_by("position").values_list("text", flat=True))
    return save_template(
        workspace=story.workspace, template=None, fields={**fields, "name": name, "criteria": criteria}, by=by, now=now
    )


@transaction.atomic
def remove_template(*, template: StoryTemplate, by: Member, now: datetime) -> None:
    """Do without a template; stories that were started from it stay as they are."""
    record("story_template.removed", template, by=by, now=now)
    template.delete()


@transaction.atomic
def save_filter(*, name: str, query: str, is_shared: bool, by: Member, now: datetime) -> SavedFilter:
    """Keep a search under a name; the same name again replaces one's own. Raises `TemplateRefused`."""
    name = name.strip()
    if not name:
        raise TemplateRefused(_("Give the search a name."), fields={"name": [_("Empty.")]})
    mine = SavedFilter.objects.for_workspace(by.workspace).filter(member=by)
    if mine.exclude(name=name).count() >= MOST_FILTERS:
        raise TemplateRefused(_("You have %(most)d saved searches. Remove one first.") % {"most": MOST_FILTERS})
    kept, _created = SavedFilter.objects.update_or_create(
        workspace=by.workspace, member=by, name=name, defaults={"query": query, "is_shared": is_shared}
    )
    record("story_filter.saved", kept, by=by, now=now, shared=is_shared)
    return kept


@transaction.atomic
def remove_filter(*, found: SavedFilter, by: Member, now: datetime) -> None:
    """Do without a saved search. Raises `TemplateRefused` for that of somebody else."""
    if found.member_id != by.pk:
        raise TemplateRefused(_("Only %(name)s can remove this search.") % {"name": found.member})
    record("story_filter.removed", found, by=by, now=now)
    found.delete()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a story comes from, as it is said. `system` and `external_id` are those of another tool."""

    kind: OriginKind
    words: str = ""
    contact: Contact | None = None
    earlier: Story | None = None
    system: str = ""
    external_id: str = ""


@transaction.atomic
def set_origin(*, story: Story, origin: Origin, by: Member, now: datetime) -> StoryOrigin:
    """Say where a story comes from. Raises `TemplateRefused` for a story that would come from itself."""
    if origin.earlier is not None and origin.earlier.pk == story.pk:
        raise TemplateRefused(_("A story cannot come from itself."), fields={"earlier": [_("The same story.")]})
    if origin.kind == OriginKind.HYPOTHESIS and origin.earlier is None:
        raise TemplateRefused(_("Say which story it follows from."), fields={"earlier": [_("Missing.")]})
    told = {name: getattr(origin, name) for name in origin.__dataclass_fields__}
    if not origin.external_id:  # where it was imported from stays known, or a second import would double it
        told = {name: value for name, value in told.items() if name not in {"system", "external_id"}}
    try:
        with transaction.atomic():
            kept, _created = StoryOrigin.objects.update_or_create(
                story=story, defaults={"workspace": story.workspace, **told}
            )
    except IntegrityError as clash:
        raise TemplateRefused(_("Another story was imported from there already.")) from clash
    record("story.origin_set", story, by=by, now=now, kind=origin.kind)
    return kept
