from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeliveryConfig(AppConfig):
    """Did it arrive."""

    name = "delivery"

    def ready(self) -> None:
        """Register what this app adds to segments, timelines, preflight, settings, the home page and mails."""
        from audience.segments.fields import register_fields
        from audience.timeline import register_timeline
        from campaigns.preflight import register_checks
        from delivery.audit_words import AUDIT_WORDS
        from delivery.checks import signing_checks, speed_checks, transport_checks
        from delivery.contact_timeline import mail_moments
        from delivery.home import doubt_banner, mail_server_banner
        from delivery.letters import halted, held, restored, stopped, stuck, warned
        from delivery.moves import KINDS, send_moves
        from delivery.segment_fields import mail_fields
        from sprints.moves import register_moves
        from workspaces.audit import describe_actions
        from workspaces.home import Panel, register_panel
        from workspaces.navigation import Tab, register_tab
        from workspaces.permissions import Can
        from workspaces.systemmail import register_letter

        describe_actions(AUDIT_WORDS)
        register_moves(KINDS, send_moves)
        register_fields(mail_fields)
        register_timeline(mail_moments)
        register_checks("delivery", _("Delivery"), transport_checks)
        register_checks("delivery", _("Delivery"), signing_checks)
        register_checks("delivery", _("Delivery"), speed_checks)
        manage = Can.MANAGE_WORKSPACE
        for order, label, page in (
            (30, _("Mail servers"), "transports"), (31, _("Signing keys"), "signing"),
            (32, _("Sending speed"), "speed"), (33, _("Safety limits"), "safety"),
        ):  # fmt: skip
            register_tab(Tab(order, label, f"delivery:settings_{page}", manage))
        register_panel(Panel("restore_doubt", "banner", 0, manage, "delivery/_doubt.html", doubt_banner))
        register_panel(Panel("servers_wait", "banner", 5, manage, "delivery/_servers_wait.html", mail_server_banner))
        for kind, build in (
            ("held", held), ("halted", halted), ("stopped", stopped), ("warned", warned), ("stuck", stuck),
            ("restored", restored),
        ):  # fmt: skip
            register_letter(f"delivery.{kind}", build)
