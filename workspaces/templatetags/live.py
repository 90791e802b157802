"""Subscribes a page to what changes."""

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workspaces.live import topic_of

register = template.Library()


@register.simple_tag(takes_context=True)
def live(context: template.Context, kind: str, pk: int) -> SafeString:
    """Has the body of the page get `live:<kind>-<pk>` whenever that changes; nothing without script."""
    address = reverse("workspaces:live", args=[context["workspace"].slug])
    return format_html('<ui-live data-from="{}" data-topic="{}"></ui-live>', address, topic_of(kind, pk))
