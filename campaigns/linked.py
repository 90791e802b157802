"""The campaigns of a story, for the list of everything that belongs to it."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from sprints.linked import LinkedThing
from sprints.models import Story
from workspaces.models import Member
from workspaces.permissions import Can


def campaigns_of(story: Story, member: Member) -> list[LinkedThing]:
    """Newest first. One query."""
    if not member.may(Can.SEE_CAMPAIGNS):
        return []
    found = Campaign.objects.for_workspace(story.workspace).filter(story=story).order_by("-created_at", "-pk")
    return [
        LinkedThing(
            _("Campaign"),
            campaign.name,
            campaign.get_state_display(),
            reverse("campaigns:campaign_detail", kwargs={"workspace": member.workspace.slug, "pk": campaign.pk}),
            "mail",
        )
        for campaign in found
    ]
