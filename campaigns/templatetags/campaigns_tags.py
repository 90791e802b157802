"""What pages upstream show of campaigns."""

from django import template

from campaigns.models import Campaign
from sprints.models import Story, StoryStatus
from workspaces.models import Member
from workspaces.permissions import Can

register = template.Library()


@register.inclusion_tag("campaigns/_story_campaigns.html", takes_context=True)
def story_campaigns(context: template.Context, story: Story) -> dict[str, object]:
    """The campaigns made for a story, newest first, and the way to make one."""
    member: Member = context["member"]
    campaigns = Campaign.objects.filter(story=story).select_related("segment").order_by("-created_at", "-pk")
    is_ahead = story.dropped_at is None and story.status != StoryStatus.DONE
    has_brief = getattr(story, "brief", None) is not None
    return {
        "campaigns": campaigns if member.may(Can.SEE_CAMPAIGNS) else [],
        "story": story,
        "can_create": has_brief and is_ahead and member.may(Can.EDIT_CAMPAIGNS),
        "workspace": member.workspace,
    }
