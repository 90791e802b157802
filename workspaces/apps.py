from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkspacesConfig(AppConfig):
    """Who are we."""

    name = "workspaces"

    def ready(self) -> None:
        """Register the menu's first entry and the mails of this app."""
        from workspaces.letters import invitation
        from workspaces.navigation import Entry, register_entry
        from workspaces.permissions import Can
        from workspaces.systemmail import register_letter

        register_entry(Entry("home", "", 0, _("Home"), "house", "workspaces:home", Can.SEE_WORKSPACE))
        register_letter("workspaces.invitation", invitation)
