"""What pages upstream show of sends."""

from django import template

from campaigns.models import Campaign
from delivery.models import Run
from delivery.panel import RunPanel
from workspaces.models import Member
from workspaces.permissions import Can

register = template.Library()


@register.inclusion_tag("delivery/_run.html", takes_context=True)
def run_panel(context: template.Context, campaign: Campaign) -> dict[str, object]:
    """How far the send of a campaign is; nothing before it starts."""
    member: Member = context["member"]
    run = Run.objects.with_parts().filter(campaign=campaign).first()
    shown: dict[str, object] = {"member": member, "workspace": member.workspace, "campaign": campaign}
    shown["csrf_token"] = context.get("csrf_token")
    if run is not None:
        shown["panel"] = RunPanel(run, context["request"].now)
    return shown


@register.inclusion_tag("delivery/_test_button.html", takes_context=True)
def campaign_test_button(context: template.Context, campaign: Campaign) -> dict[str, object]:
    """The way to a test mail, for those who write campaigns; nothing while there is no mail."""
    member: Member = context["member"]
    can_test = campaign.content_id is not None and campaign.is_ahead and member.may(Can.EDIT_CAMPAIGNS)
    return {"campaign": campaign if can_test else None, "workspace": member.workspace}
