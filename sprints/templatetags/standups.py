"""Parts of the stand-up in templates: `{% load standups %}`."""

from datetime import timedelta

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()
HOUR, DAY = 3600, 86400  # seconds


@register.filter
def in_words(lasted: timedelta) -> str:
    """How long something took, in the largest unit that is full: days, hours or minutes."""
    seconds = int(lasted.total_seconds())
    if seconds >= DAY:
        return ngettext("%(count)d day", "%(count)d days", seconds // DAY) % {"count": seconds // DAY}
    if seconds >= HOUR:
        return ngettext("%(count)d hour", "%(count)d hours", seconds // HOUR) % {"count": seconds // HOUR}
    minutes = seconds // 60
    if minutes < 1:
        return _("less than a minute")
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


@register.filter
def clock(seconds: int) -> str:
    """Seconds as on a clock: 1:05, and below zero +0:12, which is over the time."""
    minutes, rest = divmod(abs(seconds), 60)
    return f"{'+' if seconds < 0 else ''}{minutes}:{rest:02}"
