"""Figures of KPIs in templates: `{% load figures %}`."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from strategy import figures
from strategy.models import Direction, Goal, Kpi
from strategy.queries import Move

register = template.Library()


@register.filter
def figure(value: Decimal | float | None, kpi: Kpi) -> str:
    """A figure in the unit of a KPI. Needs the KPI's workspace at hand."""
    return figures.figure(value, kpi.unit, kpi.workspace.currency)


@register.filter
def target(goal: Goal) -> str:
    """The target of a goal, which is a limit where less is better."""
    shown = figure(goal.target, goal.kpi)
    return f"≤ {shown}" if goal.kpi.direction == Direction.DOWN else shown


@register.filter
def moved(move: Move, kpi: Kpi) -> str:
    """How far a KPI moved, without the sign, which the arrow beside it shows."""
    return figures.change(move.difference, move.before, kpi.unit)


@register.simple_tag
def way(rate: float, pace: float, label: str) -> SafeString:
    """The way from baseline to target: what is done, and a ring where an even pace would be now."""
    done, even = (f"{min(1.0, max(0.0, share)) * 100:.1f}%" for share in (rate, pace))
    return format_html(
        '<svg class="scale__svg" role="img" aria-label="{0}"><line class="scale__track" x1="0" x2="100%" y1="50%"'
        ' y2="50%"/><line class="scale__done" x1="0" x2="{1}" y1="50%" y2="50%"/><circle class="scale__next" cx="{2}"'
        ' cy="50%" r="6"/><circle class="scale__now" cx="{1}" cy="50%" r="7"/></svg>',
        label,
        done,
        even,
    )
