from django.apps import AppConfig


class InsightsConfig(AppConfig):
    """What did it bring."""

    name = "insights"

    def ready(self) -> None:
        """Register what KPIs and hypotheses can be measured from, and this app's part of the home page."""
        from audience.erasing.sales import register_credits
        from audience.figures import register_figures
        from insights.audit_words import AUDIT_WORDS
        from insights.facts import credits_of
        from insights.home import latest_results, result_figures, stat_strip
        from insights.kept import recent_figures
        from insights.measures import MEASURES, METRICS
        from sprints.metrics import register_metric
        from strategy.measures import register_measure
        from workspaces.audit import describe_actions
        from workspaces.home import Panel, register_panel
        from workspaces.permissions import Can

        describe_actions(AUDIT_WORDS)
        register_credits(credits_of)
        for measure in MEASURES:
            register_measure(measure)
        for metric in METRICS:
            register_metric(metric)
        register_figures("recent", recent_figures)
        register_figures("results", result_figures)
        see = Can.SEE_CAMPAIGNS
        register_panel(Panel("figures", "banner", 20, see, "insights/_stats.html", stat_strip))
        register_panel(Panel("latest_results", "main", 20, see, "insights/_latest.html", latest_results))
