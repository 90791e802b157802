"""What pages upstream show of results."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from urllib.parse import unquote, urlsplit

from django import template

from campaigns.models import Campaign
from campaigns.steps import Step
from delivery.models import Run
from insights.charts import sprint_kpi
from insights.home import Result, results_of
from sprints.metrics import metric_label, metric_unit
from sprints.models import Sprint, SprintState, Story, StoryOutcome
from strategy.figures import figure
from strategy.models import Goal
from workspaces.models import Member
from workspaces.permissions import Can

register = template.Library()
KEPT = "insights_results"


@register.filter
def floatof(amount: Decimal | float) -> float:
    """An amount as charts need it."""
    return float(amount)


@register.filter
def linkname(url: str) -> str:
    """What tells one link from another of the same site: its path and query."""
    parts = urlsplit(url)
    path = unquote(parts.path.rstrip("/")) or "/"
    return f"{path}?{unquote(parts.query)}" if parts.query else path


@register.filter
def linkhost(url: str) -> str:
    return urlsplit(url).netloc


@register.inclusion_tag("insights/_row_result.html", takes_context=True)
def campaign_row_result(context: template.Context, campaign: Campaign) -> dict[str, object]:
    """Sent and clicked, in the list of campaigns; nothing for one that was not sent.

    The first row counts for all `campaigns` of the page, so that the list costs the same however long it is.
    """
    if campaign.launched_at is None:
        return {}
    kept = context.render_context
    if KEPT not in kept:
        kept[KEPT] = _results_by_campaign([campaign, *(context.get("campaigns") or ())], context["request"].now)
    return {"result": kept[KEPT].get(campaign.pk)}


def _results_by_campaign(campaigns: Iterable[Campaign], now: datetime) -> dict[int, Result]:
    runs = Run.objects.filter(campaign__in=[campaign.pk for campaign in campaigns])
    results = results_of(list(runs.select_related("workspace", "campaign__story__brief")), now)
    return {result.run.campaign_id: result for result in results}


@register.inclusion_tag("insights/_report_link.html", takes_context=True)
def campaign_report_link(context: template.Context, campaign: Campaign) -> dict[str, object]:
    """The way to the report, once something was sent."""
    return {"campaign": campaign if campaign.launched_at else None, "workspace": context["member"].workspace}


@register.inclusion_tag("insights/_report_step.html", takes_context=True)
def campaign_report_step(context: template.Context, campaign: Campaign, step: Step) -> dict[str, object]:
    """The last stop on a campaign's way: a link once something was sent, words before."""
    shown = {"step": step, "current": context.get("current"), "workspace": context["member"].workspace}
    return {**shown, "campaign": campaign if campaign.launched_at else None}


@register.inclusion_tag("insights/_story_outcome.html", takes_context=True)
def story_outcome(context: template.Context, story: Story) -> dict[str, object]:
    """What came of a story, as it was measured last; nothing before."""
    outcome = StoryOutcome.objects.filter(story=story).first()
    if outcome is None:
        return {}
    workspace = context["member"].workspace
    ends = (outcome.value, outcome.low, outcome.high)
    unit = metric_unit(outcome.metric)
    came, low, high = (figure(end, unit, workspace.currency) for end in ends)
    interval = (low, high) if outcome.low is not None and outcome.high is not None else None
    shown = {"outcome": outcome, "metric": metric_label(outcome.metric), "came": came, "interval": interval}
    return {**shown, "workspace": workspace}


@register.inclusion_tag("insights/_sprint_results.html", takes_context=True)
def sprint_results(context: template.Context, sprint: Sprint) -> dict[str, object]:
    """The goal's KPI around a sprint that has begun, and the button that measures everything now."""
    member: Member = context["member"]
    if sprint.state == SprintState.PLANNING:
        return {}
    if sprint.goal_id:
        sprint.goal = Goal.objects.select_related("kpi__workspace").get(pk=sprint.goal_id)
    today = context["request"].now.astimezone(member.workspace.zone).date()
    return {
        "sprint": sprint,
        "line": sprint_kpi(sprint, today),
        "can_measure": member.may(Can.EDIT_STORIES),
        "workspace": member.workspace,
        "csrf_token": context.get("csrf_token"),
    }
