"""Who is told of what a send does by itself."""

from datetime import datetime

from django.db.models import Q

from campaigns.models import Campaign
from workspaces.models import Member, Workspace
from workspaces.permissions import Role
from workspaces.systemmail import post


def tell(kind: str, campaign: Campaign, now: datetime) -> None:
    """Write to whoever made the campaign, and to the leads. `kind` is a registered letter about a campaign."""
    maker = Q(pk=campaign.created_by_id)
    for email in _addresses(campaign.workspace, Q(role=Role.LEAD) | maker):
        post(kind, workspace=campaign.workspace, object_id=campaign.pk, to=email, now=now)


def tell_leads(kind: str, workspace: Workspace, object_id: int, now: datetime) -> None:
    """Write to the leads and the owners of a workspace."""
    for email in _addresses(workspace, Q(role__in=(Role.LEAD, Role.OWNER))):
        post(kind, workspace=workspace, object_id=object_id, to=email, now=now)


def _addresses(workspace: Workspace, who: Q) -> list[str]:
    members = Member.objects.for_workspace(workspace).active().filter(who)
    return list(members.order_by("user__email").values_list("user__email", flat=True))
