from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeliveryConfig(AppConfig):
    """Did it arrive."""

    name = "delivery"

    def ready(self) -> None:
        """Register what this app adds to segments, timelines, preflight, mails and the settings."""
        from audience.segments.fields import register_fields
        from audience.timeline import register_timeline
        from campaigns.preflight import register_checks
        from delivery.audit_words import AUDIT_WORDS
        from delivery.checks import signing_checks, transport_checks
        from delivery.contact_timeline import mail_moments
        from delivery.letters import held
        from delivery.segment_fields import mail_fields
        from workspaces.audit import describe_actions
        from workspaces.navigation import Tab, register_tab
        from workspaces.permissions import Can
        from workspaces.systemmail import register_letter

        describe_actions(AUDIT_WORDS)
        register_fields(mail_fields)
        register_timeline(mail_moments)
        register_checks("delivery", _("Delivery"), transport_checks)
        register_checks("delivery", _("Delivery"), signing_checks)
        register_tab(Tab(25, _("Mail servers"), "delivery:settings_transports", Can.MANAGE_WORKSPACE))
        register_letter("delivery.held", held)
        register_tab(Tab(25, _("Signing keys"), "delivery:settings_signing", Can.MANAGE_WORKSPACE))
        register_tab(Tab(30, _("Sending speed"), "delivery:settings_speed", Can.MANAGE_WORKSPACE))
