"""The mails of this app."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.models import Campaign, CampaignState
from workspaces.models import SystemMail
from workspaces.systemmail import Letter


def held(mail: SystemMail, _now: datetime) -> Letter | None:
    """A campaign was not sent, and why, to the one who made it."""
    campaign = Campaign.objects.with_parts().get(pk=mail.object_id)
    if campaign.state != CampaignState.HELD:
        return None
    language = campaign.created_by.user.language
    link = settings.BASE_URL + reverse(
        "campaigns:campaign_detail", kwargs={"workspace": campaign.workspace.slug, "pk": campaign.pk}
    )
    with translation.override(language):
        subject = _("“%(name)s” was held back") % {"name": campaign}
    return Letter(subject, "emails/held", {"campaign": campaign, "link": link}, language)
