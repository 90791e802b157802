from django.apps import AppConfig


class InsightsConfig(AppConfig):
    """What did it bring."""

    name = "insights"

    def ready(self) -> None:
        """Register what KPIs and hypotheses can be measured from."""
        from insights.measures import MEASURES, METRICS
        from sprints.metrics import register_metric
        from strategy.measures import register_measure

        for measure in MEASURES:
            register_measure(measure)
        for metric in METRICS:
            register_metric(metric)
