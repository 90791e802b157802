"""What a hypothesis can be about. Downstream apps that hold the facts register metrics; a story names one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from emailops.lib.statistics import Estimate
from sprints.models import Story
from strategy.models import Direction, Unit


@dataclass(frozen=True, slots=True)
class StoryMetric:
    """A figure about the sends made for one story. `take` returns None while nothing was sent."""

    key: str
    label: "str | Promise"
    unit: Unit
    direction: Direction
    take: Callable[[Story, datetime], Estimate | None]


_metrics: dict[str, StoryMetric] = {}


def register_metric(metric: StoryMetric) -> None:
    _metrics[metric.key] = metric


def metrics() -> dict[str, StoryMetric]:
    return dict(_metrics)


def metric_label(key: str) -> str:
    """What a metric is called; its key where nothing that is installed measures it."""
    metric = _metrics.get(key)
    return str(metric.label) if metric else key


def metric_unit(key: str) -> str:
    """The unit of a metric's figures; empty where nothing that is installed measures it."""
    metric = _metrics.get(key)
    return metric.unit if metric else ""
