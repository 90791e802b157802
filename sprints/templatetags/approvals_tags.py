"""Where goals and principles stand with the owner, for the pages of the strategy: `{% load approvals_tags %}`."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.urls import reverse

from sprints.strategy_standing import ItemStanding, goal_standing, principle_standings
from strategy.models import Goal, Principle
from workspaces.permissions import Can

register = template.Library()
Context = template.Context


@register.inclusion_tag("sprints/_strategy_standing.html", takes_context=True)
def goal_approval(context: Context, goal: Goal) -> dict[str, Any]:
    """A goal's standing, and, while it is open, the way to ask."""
    found = goal_standing(Goal.objects.with_kpi().get(pk=goal.pk))
    name = "" if goal.closed_at else "sprints:goal_approval_request"
    return _standing(context, found, name, goal)


@register.simple_tag
def standings_of_principles(principles: Iterable[Principle]) -> dict[int, ItemStanding]:
    """Where many principles stand, in as many queries as for one. Hand it to `principle_approval`."""
    return principle_standings([principle for principle in principles if principle.archived_at is None])


@register.inclusion_tag("sprints/_strategy_standing.html", takes_context=True)
def principle_approval(context: Context, principle: Principle, found: dict[int, ItemStanding]) -> dict[str, Any]:
    """A principle's standing, and the way to ask."""
    return _standing(context, found[principle.pk], "sprints:principle_approval_request", principle)


def _standing(context: Context, found: ItemStanding, name: str, about: Goal | Principle) -> dict[str, Any]:
    member, workspace = context["member"], context["workspace"]
    asks = bool(name) and member.may(Can.PLAN_SPRINTS) and found.standing not in {"waiting", "approved"}
    href = reverse(name, kwargs={"workspace": workspace.slug, "pk": about.pk}) if asks else ""
    return {"found": found, "ask_href": href, "about": about, "member": member, "workspace": workspace}
