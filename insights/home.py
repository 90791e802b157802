"""What the home page shows of results: four figures of the last thirty days, and the latest campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from audience.figures import Numbers
from delivery.models import Delivery, DeliveryState, Hit, HitKind, Run, RunState
from insights import facts
from insights.kept import known_results, recent_of
from insights.recent import DAYS, HALF, STEPS, Rates, Recent
from insights.report import Forecast, forecast_of
from strategy.figures import change
from strategy.models import Unit
from workspaces.models import Member, Workspace
from workspaces.templatetags.ui import money, percent

RESULTS_SHOWN = 5
THEN, NOW = slice(HALF), slice(HALF, STEPS)


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure, how it moved against the stretch before, whether that is good, and its line.

    `tone` is empty where the change may well be chance.
    """

    label: str
    value: str
    moved: str
    is_up: bool
    tone: str
    line: Sequence[float]


def stat_strip(member: Member, now: datetime) -> dict[str, Any] | None:
    """Four figures; None while nothing was sent in sixty days. Eight queries, or one where a worker counted."""
    recent, counted_at = recent_of(member.workspace, now)
    if not any(recent.sent):
        return None
    tiles = [
        _revenue(recent),
        _readers(recent),
        _rate(_("Click rate"), recent.rates(HitKind.CLICK), digits=1, is_more_better=True),
        _rate(_("Unsubscribe rate"), recent.rates(HitKind.UNSUBSCRIBE), digits=2, is_more_better=False),
    ]
    return {"tiles": tiles, "days": DAYS, "counted_at": counted_at}


def _revenue(recent: Recent) -> Tile:
    steps = recent.revenue
    then, now = sum(steps[THEN], Decimal(0)), sum(steps[NOW], Decimal(0))
    shown = money(now, recent.workspace.currency)
    return _count_tile(_("Revenue from mail"), shown, (then, now), Unit.MONEY, [float(step) for step in steps])


def _readers(recent: Recent) -> Tile:
    now, then = recent.readers_in_all
    line = [float(step) for step in recent.readers]
    return _count_tile(_("Engaged readers"), number_format(now), (Decimal(then), Decimal(now)), Unit.COUNT, line)


def _count_tile(label: str, value: str, ends: tuple[Decimal, Decimal], unit: Unit, line: Sequence[float]) -> Tile:
    then, now = ends
    moved = change(now - then, then, unit) if then and now != then else ""
    return Tile(label, value, moved, now > then, ("up" if now > then else "down") if moved else "", line)


def _rate(label: str, rates: Rates, *, digits: int, is_more_better: bool) -> Tile:
    moved = rates.change
    value = percent(rates.share(NOW), digits)
    if moved is None or not moved.value:
        return Tile(label, value, "", False, "", rates.line)
    is_chance = moved.low <= 0 <= moved.high
    is_good = (moved.value > 0) == is_more_better
    tone = "" if is_chance else "up" if is_good else "down"
    words = change(Decimal(str(moved.value)), Decimal(1), Unit.RATE)
    return Tile(label, value, words, moved.value > 0, tone, rates.line)


@dataclass(frozen=True, slots=True)
class Result:
    """One campaign: what was sent, who clicked, what it brought beside what was promised."""

    run: Run
    sent: int
    clicked: int
    revenue: Decimal
    forecast: Forecast | None

    @property
    def click_rate(self) -> float | None:
        return self.clicked / self.sent if self.sent else None


def latest_results(member: Member, now: datetime) -> dict[str, Any] | None:
    """The campaigns that went out last; None while there are none. Five queries, whatever the number."""
    results = results_of(_latest_runs(member.workspace), now)
    if not results:
        return None
    end = max((result.forecast.scale_end for result in results if result.forecast), default=0.0)
    return {"results": results, "end": end}


def _latest_runs(workspace: Workspace) -> list[Run]:
    runs = Run.objects.for_workspace(workspace).filter(state__in=(RunState.DONE, RunState.CANCELLED))
    return list(
        runs.select_related("workspace", "campaign__story__brief").order_by("-started_at", "-pk")[:RESULTS_SHOWN]
    )


def results_of(runs: Sequence[Run], now: datetime) -> list[Result]:
    """The runs' results, in their order. The runs need their campaign with story and brief at hand.

    Four queries, or one where a worker counted all these runs.
    """
    known = (known_results(runs, runs[0].workspace, now) if runs else None) or _counted(runs)
    return [
        Result(run, sent, clicked, paid, forecast_of(run, paid, now))
        for run in runs
        for sent, clicked, paid in [known[run.pk]]
    ]


def result_figures(workspace: Workspace, now: datetime) -> Numbers:
    """The results of the latest runs, to be kept."""
    counted = _counted(_latest_runs(workspace))
    return {str(key): (sent, clicked, str(paid)) for key, (sent, clicked, paid) in counted.items()}


def _counted(runs: Sequence[Run]) -> dict[int, tuple[int, int, Decimal]]:
    """What was sent, clicked and paid, by run. Three queries."""
    sent = _by_run(Delivery.objects.filter(run__in=runs, state=DeliveryState.SENT), Count("pk"))
    clicks = Hit.objects.human().filter(run__in=runs, kind=HitKind.CLICK, delivery__state=DeliveryState.SENT)
    clicked = _by_run(clicks, Count("delivery", distinct=True))
    revenue = facts.revenue_by_run(runs)
    return {run.pk: (sent.get(run.pk, 0), clicked.get(run.pk, 0), revenue.get(run.pk, Decimal(0))) for run in runs}


def _by_run(rows: Any, count: Count) -> dict[int, int]:
    return dict(rows.values_list("run").annotate(count).order_by())
