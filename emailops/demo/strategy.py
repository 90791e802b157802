"""Why: KPIs, goals and principles, and the readings of the time."""

import tomllib
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from emailops.demo.stage import FIRST_SPRINT, RUNNING_SPRINT, Stage, at
from strategy import services
from strategy.models import ReadingSource

TALES = Path(__file__).parent / "tales"
WEEK = timedelta(weeks=1)
FIRST_READINGS = 11  # weeks before the running sprint
BEFORE_MAILS = ("orders.repeat_rate", "audience.consents")  # can be measured before the first mail goes out


def tell_strategy(stage: Stage) -> None:
    """Write the goals and what they are measured by into the diary."""
    tale = tomllib.loads((TALES / "strategy.toml").read_text())
    start = stage.calendar.start_of(RUNNING_SPRINT)
    stage.diary.on(at(start - timedelta(days=82), "10:00"), lambda now: _define_kpis(stage, tale["kpis"], now))
    for goal in tale["goals"]:
        stage.diary.on(at(start + timedelta(days=goal["set_on"]), "11:00"), _setting(stage, goal, start))
        if "closed_on" in goal:
            stage.diary.on(at(start + timedelta(days=goal["closed_on"]), "16:00"), _closing(stage, goal))
    stage.diary.on(at(start - timedelta(days=81), "15:00"), lambda now: _state_principles(stage, tale, now))
    _tell_entered(stage, tale["kpis"], start)
    tell_readings(stage)


def _define_kpis(stage: Stage, kpis: list[dict[str, Any]], now: datetime) -> None:
    for kpi in kpis:
        fields = {name: kpi[name] for name in ("description", "direction", "source", "window_days") if name in kpi}
        champion = stage.cast[kpi["champion"]]
        stage.kpis[kpi["key"]] = services.define_kpi(
            workspace=stage.workspace,
            name=kpi["name"],
            unit=kpi["unit"],
            champion=champion,
            by=stage.lead,
            now=now,
            **fields,
        )


def _setting(stage: Stage, goal: dict[str, Any], start: date) -> Any:
    def set_it(now: datetime) -> None:
        stage.goals[goal["key"]] = services.set_goal(
            workspace=stage.workspace,
            name=goal["name"],
            kpi=stage.kpis[goal["kpi"]],
            champion=stage.cast[goal["champion"]],
            by=stage.lead,
            now=now,
            why=goal["why"],
            kind=goal["kind"],
            parent=stage.goals[goal["parent"]] if "parent" in goal else None,
            baseline=Decimal(str(goal["baseline"])),
            target=Decimal(str(goal["target"])),
            start_date=start + timedelta(days=goal["start"]),
            due_date=start + timedelta(days=goal["due"]),
        )

    return set_it


def _closing(stage: Stage, goal: dict[str, Any]) -> Any:
    def close(now: datetime) -> None:
        services.close_goal(
            goal=stage.goals[goal["key"]], conclusion=goal["conclusion"], by=stage.cast[goal["champion"]], now=now
        )

    return close


def _state_principles(stage: Stage, tale: dict[str, Any], now: datetime) -> None:
    for principle in tale["principles"]:
        services.state_principle(
            workspace=stage.workspace,
            rule=principle["rule"],
            reason=principle["reason"],
            example=principle["example"],
            owner=stage.cast[principle["owner"]],
            review_date=stage.calendar.today + timedelta(days=principle["review_in"]),
            by=stage.lead,
            now=now,
        )


def _tell_entered(stage: Stage, kpis: list[dict[str, Any]], start: date) -> None:
    """The figures that somebody types in on Mondays, the last one on the first day of the running sprint."""
    for kpi in kpis:
        for weeks_ago, value in enumerate(reversed(kpi.get("entered", []))):
            monday = start - timedelta(weeks=weeks_ago)
            stage.diary.on(at(monday, "09:45"), _entering(stage, kpi, monday, value))


def _entering(stage: Stage, kpi: dict[str, Any], day: date, value: float) -> Any:
    def enter(now: datetime) -> None:
        services.enter_reading(
            kpi=stage.kpis[kpi["key"]],
            day=day,
            value=Decimal(str(value)),
            source=ReadingSource.ENTERED,
            by=stage.cast[kpi["by"]],
            now=now,
        )

    return enter


def tell_readings(stage: Stage) -> None:
    """What beat measures every day, a week at a time; from the day on which there is something to measure."""
    start = stage.calendar.start_of(RUNNING_SPRINT)
    monday = start + WEEK * -FIRST_READINGS
    while monday <= stage.calendar.today:
        stage.diary.on(at(monday, "04:00"), partial(_measure_week, stage))
        monday += WEEK
    stage.diary.on(stage.calendar.now, partial(_measure_week, stage))


def _measure_week(stage: Stage, now: datetime) -> None:
    sending_since = at(stage.calendar.start_of(FIRST_SPRINT), "00:00")
    for kpi in stage.kpis.values():
        if kpi.source in BEFORE_MAILS or (kpi.source and now > sending_since):
            services.measure_history(kpi=kpi, now=now, days=WEEK.days)
