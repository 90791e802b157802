"""Parts of boards in templates: `{% load boards %}`."""

from datetime import datetime

from django import template
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from sprints.models import Blocker

register = template.Library()
MINUTE = 60


@register.filter
def age(blocker: Blocker, now: datetime) -> str:
    """How long something is, or was, in the way: in its largest unit, as in “3 days”."""
    passed = blocker.age(now)
    return timesince(now - passed, now, depth=1) if passed.total_seconds() >= MINUTE else _("just now")
