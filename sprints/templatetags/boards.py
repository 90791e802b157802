"""Parts of boards in templates: `{% load boards %}`."""

from datetime import datetime, timedelta
from functools import cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sprints.models import Blocker, Story
from sprints.templatetags.stories import story_kind

register = template.Library()
MINUTE = 60


@register.filter
def age(blocker: Blocker, now: datetime) -> str:
    """How long something is, or was, in the way: in its largest unit, as in “3 days”."""
    return passed_in_words(blocker.age(now), now)


@register.filter
def since(moment: datetime, now: datetime) -> str:
    """How long ago something began, in the same words."""
    return passed_in_words(now - moment, now)


def passed_in_words(passed: timedelta, now: datetime) -> str:
    return timesince(now - passed, now, depth=1) if passed.total_seconds() >= MINUTE else _("just now")


@register.simple_tag
def kind_mark(story: Story) -> SafeString:
    """What `story_kind` shows, made once for each kind and language: a board has hundreds of them."""
    return _kind_mark(story.kind, get_language())


@cache
def _kind_mark(kind: str, _language: str | None) -> SafeString:
    return render_to_string("sprints/_kind.html", story_kind(Story(kind=kind)))
