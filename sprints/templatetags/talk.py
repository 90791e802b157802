"""Parts of a story's page around its own fields: `{% load talk %}`. They need the page's `member` and `request`."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from sprints.forms.talk import CommentForm, FileForm, HelpersForm, LabelsForm, LinkForm, NameForm, SegmentsForm
from sprints.linked import linked_things
from sprints.models import Audience, Checklist, ChecklistItem, Story
from sprints.queries import workers_on
from sprints.relations import related_to
from sprints.services.comments import people_to_mention
from sprints.telling import watchers
from sprints.timeline import timeline_of
from workspaces.models import Member
from workspaces.notices.wishes import is_muted
from workspaces.permissions import Can

register = template.Library()
Context = template.Context


def _around(context: Context, story: Story) -> dict[str, Any]:
    member: Member = context["member"]
    is_open = story.sprint is None or not story.sprint.is_over
    may_edit = member.may(Can.EDIT_STORIES)
    around = {name: context[name] for name in ("member", "workspace", "request")}
    return {**around, "story": story, "may_edit": may_edit, "may_change": may_edit and is_open}


@register.inclusion_tag("sprints/_talk.html", takes_context=True)
def story_timeline(context: Context, story: Story) -> dict[str, Any]:
    """What was said and done, newest first, and the place to say something."""
    around, asked = _around(context, story), context["request"].GET
    only_comments = asked.get("show") == "comments"
    timeline = timeline_of(story, around["member"], only_comments=only_comments, is_all=asked.get("all") == "1")
    form = CommentForm(by=around["member"]) if around["may_edit"] else None
    names = names_to_mention(context) if around["may_edit"] else []
    return {**around, "timeline": timeline, "only_comments": only_comments, "form": form, "names": names}


@register.simple_tag(takes_context=True)
def names_to_mention(context: Context) -> list[dict[str, Any]]:
    """Whom one can mention, for `<ui-mention>`; without `team` those who read only what everybody reads."""
    found = people_to_mention(context["workspace"], Audience.EVERYBODY)
    return [
        {"name": name, "about": member.title or member.get_role_display(), "team": member.may(Can.SEE_TEAM)}
        for name, member in sorted(found.items())
        if member.pk != context["member"].pk
    ]


@register.inclusion_tag("sprints/_people.html", takes_context=True)
def story_people(context: Context, story: Story) -> dict[str, Any]:
    """Who works on a story, who follows it, and whether one hears of it."""
    around, following = _around(context, story), watchers(story)
    workers = workers_on(story)
    form = HelpersForm(
        workspace=around["workspace"],
        initial={"helpers": [member.pk for member in workers if member != story.assignee]},
    )
    return {
        **around,
        "workers": workers,
        "watchers": following,
        "is_watching": around["member"] in following,
        "is_muted": is_muted(around["member"], "story", story.pk),
        "form": form,
    }


@register.inclusion_tag("sprints/_labels_card.html", takes_context=True)
def story_labels(context: Context, story: Story) -> dict[str, Any]:
    """The labels of a story, and the way to choose others."""
    around = _around(context, story)
    mine = list(story.labels.order_by("name", "pk"))
    form = LabelsForm(workspace=around["workspace"], initial={"labels": [label.pk for label in mine]})
    return {**around, "labels": mine, "form": form}


@register.simple_tag
def label_marks(story: Story) -> SafeString:
    """The labels on a card or a line: the word, and a dot in the colour. No query for a story with `with_marks`."""
    found = sorted(story.labels.all(), key=lambda label: label.name.lower())
    return format_html_join(
        "", '<span class="badge label label--{}">{}</span>', ((label.tone, label.name) for label in found)
    )


@register.filter
def workers(story: Story) -> list[Member]:
    return workers_on(story)


@register.inclusion_tag("sprints/_checklists.html", takes_context=True)
def story_checklists(context: Context, story: Story) -> dict[str, Any]:
    """The checklists of a story, each with its steps and how far it is."""
    found = story.checklists.prefetch_related("items__assignee__user").order_by("pk")
    return {**_around(context, story), "lists": [_listed(checklist) for checklist in found], "form": NameForm()}


def _listed(checklist: Checklist) -> dict[str, Any]:
    items = sorted(checklist.items.all(), key=lambda item: (item.rank, item.pk))
    return {
        "checklist": checklist,
        "steps": list(_with_neighbours(items)),
        "done": sum(item.is_done for item in items),
        "rate": sum(item.is_done for item in items) / len(items) if items else 0.0,
    }


def _with_neighbours(items: list[ChecklistItem]) -> Iterable[dict[str, Any]]:
    """Each step with the ids before which it stands after one step up or down; an empty one is the end."""
    keys, last = [str(item.pk) for item in items], len(items) - 1
    for n, item in enumerate(items):
        down = None if n == last else keys[n + 2] if n + 2 <= last else ""
        yield {"item": item, "up": keys[n - 1] if n else None, "down": down}


@register.inclusion_tag("sprints/_files.html", takes_context=True)
def story_files(context: Context, story: Story) -> dict[str, Any]:
    """The files of a story, newest first."""
    found = story.attachments.select_related("uploaded_by__user").order_by("-uploaded_at", "-pk")
    return {
        **_around(context, story),
        "files": found,
        "form": FileForm(),
        "most": filesizeformat(settings.ATTACHMENT_MEGABYTES * 1024 * 1024),
    }


@register.inclusion_tag("sprints/_links.html", takes_context=True)
def story_links(context: Context, story: Story) -> dict[str, Any]:
    """The stories, segments and other things that a story has to do with."""
    around = _around(context, story)
    segments = [link.segment for link in story.segment_links.select_related("segment").order_by("segment__name", "pk")]
    initial = {"segments": [segment.pk for segment in segments]}
    return {
        **around,
        "related": related_to(story),
        "segments": segments if around["member"].may(Can.SEE_AUDIENCE) else [],
        "things": linked_things(story, around["member"]),
        "form": LinkForm(of=story) if around["may_edit"] else None,
        "segments_form": SegmentsForm(workspace=around["workspace"], initial=initial) if around["may_edit"] else None,
    }
