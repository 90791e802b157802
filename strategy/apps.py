from django.apps import AppConfig


class StrategyConfig(AppConfig):
    """Why."""

    name = "strategy"

    def ready(self) -> None:
        """Register the menu and the home page's goals."""

        # register_entry(Entry("strategy", "plan", 10, _("Strategy"), "compass", "strategy:goal_list", Can.SEE_STRATEGY))
