"""Measures over facts of the audience app, so that measuring can be tested where it lives."""

from datetime import date
from decimal import Decimal

import pytest
from django.db.models import QuerySet

from audience.models import Consent, Contact
from emailops.lib.statistics import Estimate, wilson_interval
from strategy import measures
from strategy.measures import Measure, Span, register_measure
from strategy.models import Kpi, KpiReading, Unit
from tests.factories.strategy import ReadingFactory
from workspaces.models import Workspace


def _joined_in(workspace: Workspace, span: Span) -> "QuerySet[Contact]":
    return Contact.objects.for_workspace(workspace).filter(created_at__gte=span.start, created_at__lt=span.end)


def _joined(workspace: Workspace, span: Span) -> Estimate:
    people = float(_joined_in(workspace, span).count())
    return Estimate(people, people, people, int(people))


def _agreed(workspace: Workspace, span: Span) -> Estimate | None:
    people = _joined_in(workspace, span)
    return wilson_interval(people.filter(consent=Consent.GIVEN).count(), people.count()) if people else None


@pytest.fixture(autouse=True)
def own_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    """`test.joined` counts contacts by the day they came; `test.agreed` is the share of them that consented."""
    monkeypatch.setattr(measures, "_measures", dict(measures._measures))
    register_measure(Measure("test.joined", "People who joined", "New contacts", Unit.COUNT, _joined))
    register_measure(Measure("test.agreed", "People who agreed", "Of new contacts", Unit.RATE, _agreed))


def read(kpi: Kpi, day: date, value: str) -> KpiReading:
    """A reading of a day."""
    reading: KpiReading = ReadingFactory.create(kpi=kpi, day=day, value=Decimal(value))
    return reading
