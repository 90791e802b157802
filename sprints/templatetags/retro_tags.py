"""Parts of retrospectives in templates: `{% load retro_tags %}`."""

from collections.abc import Sequence

from django import template
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from sprints.models import ActionState, Sprint
from sprints.retro_room import Worth
from workspaces.charts import Chart, Series

register = template.Library()

FATES = {
    ActionState.DONE: ("ok", "check"),
    ActionState.OPEN: ("warn", "hourglass"),
    ActionState.DROPPED: ("", "circle-slash"),
}


@register.simple_tag(takes_context=True)
def retro_post(context: template.Context, name: str, pk: int, back: str = "") -> SafeString:
    """Open a form of a few buttons that changes the room and gets it back; `</form>` ends it. `back`: this page."""
    address = reverse(f"sprints:{name}", kwargs={"workspace": context["workspace"].slug, "pk": pk})
    token = get_token(context["request"])
    return format_html(
        '<form class="room__form" method="post" action="{}" hx-boost="true">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="next" value="{}">',
        address,
        token,
        back,
    )


@register.filter
def fate_tone(answer: str) -> str:
    """The colour of what became of an action."""
    return FATES[ActionState(answer)][0]


@register.filter
def fate_icon(answer: str) -> str:
    return FATES[ActionState(answer)][1]


@register.filter
def worth_chart(trend: Sequence[tuple[Sprint, Worth]]) -> Chart:
    """The mean answers to “worth our time?” of the last retrospectives, the oldest first."""
    values = [round(worth.mean, 1) for _sprint, worth in trend]
    labels = [f"S{sprint.number}" for sprint, _worth in trend]
    series = [Series(_("Worth our time"), "accent", values)]
    return Chart(
        label=_("Worth our time, of five, in the last retrospectives"), labels=labels, series=series, height="s"
    )
