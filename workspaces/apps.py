from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkspacesConfig(AppConfig):
    """Who are we."""

    name = "workspaces"

    def ready(self) -> None:
        """Register the menu's first entry and the mails of this app."""
        from workspaces.audit import describe_actions
        from workspaces.audit_words import AUDIT_WORDS
        from workspaces.letters import invitation
        from workspaces.navigation import Entry, Tab, register_entry, register_tab
        from workspaces.notices.mailing import LETTER, letter
        from workspaces.permissions import Can
        from workspaces.systemmail import register_letter

        describe_actions(AUDIT_WORDS)
        register_entry(Entry("home", "", 0, _("Home"), "house", "workspaces:home", Can.SEE_WORKSPACE))
        manage = Can.MANAGE_WORKSPACE
        register_tab(Tab(0, _("General"), "workspaces:settings_general", manage))
        register_tab(Tab(5, _("Brand"), "workspaces:settings_brand", manage))
        register_tab(Tab(10, _("Members"), "workspaces:settings_members", manage))
        register_tab(Tab(80, _("API keys"), "workspaces:settings_keys", manage))
        register_tab(Tab(90, _("Audit log"), "workspaces:settings_audit", Can.SEE_AUDIT))
        register_letter("workspaces.invitation", invitation)
        register_letter(LETTER, letter)
