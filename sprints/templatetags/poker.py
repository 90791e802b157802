"""Parts of planning poker in templates: `{% load poker %}`."""

from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sprints.decks import PASS, UNSURE
from sprints.models import ItemState
from sprints.poker_table import Dimension
from sprints.tally import Tally
from workspaces.templatetags.ui import icon

register = template.Library()

SLOT, PLOT, HEIGHT = 44, 72, 108  # of the drawing: the width of a card, the highest bar, and all with its words
STATE_ICONS = {
    ItemState.WAITING: "clock",
    ItemState.VOTING: "spade",
    ItemState.REVEALED: "eye",
    ItemState.AGREED: "check",
    ItemState.SKIPPED: "skip-forward",
}


@register.filter
def card(label: str) -> SafeString:
    """What a card shows, with the word that a screen reader says of a picture."""
    if label == PASS:
        return icon("coffee", "", _("Pass"))
    if label == UNSURE:
        return format_html('<span aria-hidden="true">?</span><span class="sr">{}</span>', _("I do not know"))
    return format_html("{}", label)


@register.filter
def state_icon(state: ItemState) -> str:
    return STATE_ICONS[state]


@register.filter
def all_cards(dimension: Dimension) -> list[str]:
    """The labels of a deck with the cards that belong to each."""
    return [*(label for label, _points in dimension.cards), UNSURE, PASS]


@register.filter
def points_words(points: float | None) -> str:
    """Points as people say them: halves are not rounded."""
    return "–" if points is None else number_format(points, 1 if points % 1 else 0)


@register.filter
def days_words(days: float | None) -> str:
    """Days with one decimal."""
    if days is None:
        return "–"
    shown = round(days, 1)
    return ngettext("%(days)s day", "%(days)s days", 1 if shown == 1 else 2) % {"days": number_format(shown, 1)}


@register.simple_tag
def histogram(dimension: Dimension) -> SafeString:
    """How the votes lie over the cards, from low to high; the commonest card is in the stronger colour."""
    counted = dimension.tally
    if counted is None or not counted.voters:
        return SafeString("")
    width = SLOT * len(counted.counts)
    return format_html(
        '<svg class="histogram" width="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<line class="grid grid--base" x1="0" x2="{}" y1="88" y2="88"/>{}</svg>',
        width,
        width,
        HEIGHT,
        _("%(what)s: %(counts)s") % {"what": dimension.label, "counts": _in_words(counted)},
        width,
        format_html_join("", "{}", ((_column(counted, place),) for place in range(len(counted.counts)))),
    )


def _in_words(counted: Tally) -> str:
    said = (
        ngettext("%(count)d vote for %(card)s", "%(count)d votes for %(card)s", count) % {"count": count, "card": label}
        for label, count in counted.counts
        if count
    )
    return ", ".join(said)


def _column(counted: Tally, place: int) -> SafeString:
    label, count = counted.counts[place]
    x, height = place * SLOT, round(count / counted.most * (PLOT - 6))
    parts: list[SafeString] = [
        format_html('<text class="histogram__card" x="{}" y="104" text-anchor="middle">{}</text>', x + SLOT // 2, label)
    ]
    if count:
        tone = "accent" if count == counted.most else "soft"
        parts.append(
            format_html(
                '<rect class="bar-rect bar-rect--{}" x="{}" y="{}" width="28" height="{}" rx="4"/>'
                '<text class="histogram__count" x="{}" y="{}" text-anchor="middle">{}</text>',
                tone,
                x + 8,
                88 - height,
                height,
                x + SLOT // 2,
                83 - height,
                count,
            )
        )
    return format_html_join("", "{}", ((part,) for part in parts))


@register.simple_tag
def countdown(seconds: float) -> SafeString:
    """A bar that runs out with the time; drawn by the browser without script. The moment itself is the server's."""
    return format_html(
        '<svg class="countdown" aria-hidden="true"><rect class="countdown__track" width="100%" height="100%" rx="3"/>'
        '<rect class="countdown__left" width="100%" height="100%" rx="3">'
        '<animate attributeName="width" from="{}%" to="0%" dur="{}s" fill="freeze"/></rect></svg>',
        round(min(seconds, 5.0) * 20),
        f"{max(seconds, 0.1):.1f}",
    )


@register.filter
def milliseconds(seconds: float) -> int:
    """For htmx: a little later than the moment, so that it has come when the server is asked."""
    return int(seconds * 1000) + 150


@register.simple_tag
def names(people: Any) -> str:
    """Names as a sentence has them: “Ann, Ben and Cleo”."""
    *others, last = people or ("",)
    if not others:
        return str(last)
    return _("%(others)s and %(last)s") % {"others": ", ".join(others), "last": last}
