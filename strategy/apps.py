from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StrategyConfig(AppConfig):
    """Why."""

    name = "strategy"

    def ready(self) -> None:
        """Register the menu and the home page's goals."""
        from strategy.audit_words import AUDIT_WORDS
        from strategy.home import goals_panel
        from workspaces.audit import describe_actions
        from workspaces.home import Panel, register_panel
        from workspaces.navigation import Entry, register_entry
        from workspaces.permissions import Can

        describe_actions(AUDIT_WORDS)
        see, also = Can.SEE_STRATEGY, ("kpi", "principle")
        register_entry(Entry("strategy", "plan", 10, _("Strategy"), "compass", "strategy:goal_list", see, also=also))
        register_panel(Panel("goals", "main", 10, see, "strategy/_home_goals.html", goals_panel))
