"""Parts of stories in templates: `{% load stories %}`."""

from typing import Any

from django import template
from django.utils.translation import gettext as _

from sprints.metrics import metric_label, metric_unit
from sprints.models import Hypothesis, Story, StoryKind
from strategy.figures import figure
from strategy.models import Unit

register = template.Library()

KIND_ICONS = {
    StoryKind.CAMPAIGN: "mail",
    StoryKind.EXPERIMENT: "flask-conical",
    StoryKind.CONTENT: "pen-line",
    StoryKind.RESEARCH: "search",
    StoryKind.BUILD: "blocks",
}


@register.inclusion_tag("sprints/_kind.html")
def story_kind(story: Story) -> dict[str, Any]:
    """What kind of work a story is, as a mark in its colour."""
    return {"kind": story.kind, "label": kind_name(story.kind), "icon_name": KIND_ICONS[StoryKind(story.kind)]}


@register.filter
def kind_name(kind: str) -> str:
    """A kind of work in words; what `get_kind_display` says, for hundreds of lines."""
    return str(StoryKind(kind).label)


@register.inclusion_tag("sprints/_hypothesis.html")
def hypothesis_words(hypothesis: Hypothesis) -> dict[str, Any]:
    """A hypothesis as a sentence that one can read out."""
    unit, currency = metric_unit(hypothesis.metric), hypothesis.workspace.currency
    return {
        "hypothesis": hypothesis,
        "metric": metric_label(hypothesis.metric),
        "baseline": figure(hypothesis.baseline, unit, currency),
        "expected": figure(hypothesis.expected, unit, currency),
        "minimum_effect": effect(hypothesis.minimum_effect, unit, currency),
    }


@register.filter
def of(found: dict[int, Any], pk: int) -> Any:
    """What is known of one row, out of what is known of many."""
    return found.get(pk, ())


@register.filter
def clause(text: str) -> str:
    """A text as a part of a longer sentence: people end what they write with a full stop."""
    return text.strip().rstrip(".;,")


@register.filter
def signed(number: int) -> str:
    """A change with its sign."""
    return f"+{number}" if number > 0 else f"−{abs(number)}" if number < 0 else "0"


def effect(size: float, unit: str, currency: str) -> str:
    """A size of change: rates in percentage points."""
    shown = figure(size, unit, currency)
    return _("%(size)s points") % {"size": shown.rstrip("%")} if unit == Unit.RATE else shown
