from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeliveryConfig(AppConfig):
    """Did it arrive."""

    name = "delivery"

    def ready(self) -> None:
        """Register what this app adds to segments, timelines, preflight, settings, the home page and mails."""
        from campaigns.preflight import register_checks
        from delivery.audit_words import AUDIT_WORDS
        from delivery.checks import signing_checks, speed_checks, transport_checks
        from delivery.home import doubt_banner, mail_server_banner
        from delivery.letters import halted, held, restored, stopped, stuck, warned
        from delivery.moves import KINDS, send_moves
        from delivery.upstream import tell_upstream
        from sprints.moves import register_moves
        from workspaces.audit import describe_actions
        from workspaces.home import Panel, register_panel
        from workspaces.navigation import Tab, register_tab
        from workspaces.permissions import Can
        from workspaces.systemmail import register_letter

        describe_actions(AUDIT_WORDS)
        register_moves(KINDS, send_moves)
        tell_upstream()
        for checks in (transport_checks, signing_checks, speed_checks):
            register_checks("delivery", _("Delivery"), checks)
        manage = Can.MANAGE_WORKSPACE
        for tab in (
            Tab(30, _("Mail servers"), "delivery:settings_transports", manage),
            Tab(31, _("Signing keys"), "delivery:settings_signing", manage),
            Tab(32, _("Sending speed"), "delivery:settings_speed", manage),
            Tab(33, _("Safety limits"), "delivery:settings_safety", manage),
        ):
            register_tab(tab)
        for panel in (
            Panel("restore_doubt", "banner", 0, manage, "delivery/_doubt.html", doubt_banner),
            Panel("servers_wait", "banner", 5, manage, "delivery/_servers_wait.html", mail_server_banner),
        ):
            register_panel(panel)
        for kind, build in (
            ("held", held), ("halted", halted), ("stopped", stopped), ("warned", warned), ("stuck", stuck),
            ("restored", restored),
        ):  # fmt: skip
            register_letter(f"delivery.{kind}", build)
