from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    """What do we say."""

    name = "campaigns"

    def ready(self) -> None:
        """Register this app's preflight checks, the menu, its part of the settings and of the home page."""
        from campaigns import checks
        from campaigns.audit_words import AUDIT_WORDS
        from campaigns.first_steps import first_steps_panel
        from campaigns.home import upcoming_panel
        from campaigns.launches import ask_about_mail, hold_mail, mail_of
        from campaigns.linked import campaigns_of
        from campaigns.moves import KINDS, campaign_moves
        from campaigns.preflight import register_checks
        from campaigns.privacy import leave_senders_alone
        from campaigns.survey_parts import survey_checks
        from sprints.launches import MailKeeper, register_mails
        from sprints.linked import register_linked
        from sprints.moves import register_moves
        from workspaces.audit import describe_actions
        from workspaces.home import Panel, register_panel
        from workspaces.navigation import Entry, Tab, register_entry, register_tab
        from workspaces.permissions import Can

        describe_actions(AUDIT_WORDS)
        leave_senders_alone()
        register_moves(KINDS, campaign_moves)
        for key, label, found in (
            ("approval", _("Approval"), checks.approval_checks),
            ("audience", _("Audience and consent"), checks.audience_checks),
            ("content", _("Content"), checks.content_checks),
            ("surveys", _("Surveys"), survey_checks),
            ("schedule", _("Schedule"), checks.schedule_checks),
        ):
            register_checks(key, label, found)
        see = Can.SEE_CAMPAIGNS
        register_entry(Entry("campaigns", "send", 20, _("Campaigns"), "mail", "campaigns:campaign_list", see))
        register_tab(Tab(20, _("Senders"), "campaigns:settings_senders", Can.MANAGE_WORKSPACE))
        register_panel(
            Panel("first_steps", "main", 0, Can.EDIT_STORIES, "campaigns/_first_steps.html", first_steps_panel)
        )
        register_linked("campaigns", campaigns_of)
        register_mails(MailKeeper(mail_of, hold_mail, ask_about_mail))
        register_panel(Panel("upcoming_sends", "side", 20, see, "campaigns/_upcoming.html", upcoming_panel))
