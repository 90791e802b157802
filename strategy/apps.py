from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StrategyConfig(AppConfig):
    """Why."""

    name = "strategy"

    def ready(self) -> None:
        """Register the menu and the home page's goals."""
        from workspaces.navigation import Entry, register_entry
        from workspaces.permissions import Can

        # register_entry(Entry("strategy", "plan", 10, _("Strategy"), "compass", "strategy:goal_list", Can.SEE_STRATEGY))
