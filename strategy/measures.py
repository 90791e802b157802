"""What KPIs can be measured from. Apps that hold facts register measures; a KPI names one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.functional import Promise

from emailops.lib.statistics import Estimate
from strategy.models import Unit
from workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, from the first moment to just before the last."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure from facts. `take` returns None when there is nothing to measure, such as a rate of no mails."""

    key: str
    label: "str | Promise"
    help: "str | Promise"
    unit: Unit
    take: Callable[[Workspace, Span], Estimate | None]


_measures: dict[str, Measure] = {}


def register_measure(measure: Measure) -> None:
    _measures[measure.key] = measure


def measures() -> dict[str, Measure]:
    return dict(_measures)


def span_ending(day: date, days: int, workspace: Workspace) -> Span:
    """The `days` days up to and with `day`, as the workspace's clock counts them."""
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=workspace.zone)
    start = datetime.combine(day + timedelta(days=1 - days), time.min, tzinfo=workspace.zone)
    return Span(start, end)
