from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    """What do we say."""

    name = "campaigns"

    def ready(self) -> None:
        """Register this app's preflight checks and the menu."""
        from campaigns import checks
        from campaigns.preflight import register_checks
        from workspaces.permissions import Can

        register_checks("approval", _("Approval"), checks.approval_checks)
        register_checks("audience", _("Audience"), checks.audience_checks)
        register_checks("content", _("Content"), checks.content_checks)
        register_checks("schedule", _("Schedule"), checks.schedule_checks)
        see = Can.SEE_CAMPAIGNS
        # register_entry(Entry("campaigns", "send", 20, _("Campaigns"), "mail", "campaigns:campaign_list", see))
