"""Rows of the strategy app."""

from typing import Any

from tests.factories.strategy import GoalFactory, KpiFactory, PrincipleFactory
from tests.factories.workspaces import MemberFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can

SEE, EDIT = Can.SEE_STRATEGY, Can.EDIT_STRATEGY


def _goal(workspace: Workspace) -> dict[str, Any]:
    return {"pk": GoalFactory.create(workspace=workspace).pk}


def _kpi(workspace: Workspace) -> dict[str, Any]:
    return {"pk": KpiFactory.create(workspace=workspace).pk}


def _principle(workspace: Workspace) -> dict[str, Any]:
    return {"pk": PrincipleFactory.create(workspace=workspace).pk}


def _somebody(workspace: Workspace) -> int:
    pk: int = MemberFactory.create(workspace=workspace).pk
    return pk


def _goal_form(workspace: Workspace, _kwargs: dict[str, Any]) -> dict[str, Any]:
    return {
        "kpi": KpiFactory.create(workspace=workspace).pk,
        "name": "Customers come back sooner",
        "baseline": "28.1",
        "target": "34",
        "start_date": "2026-04-01",
        "due_date": "2026-06-30",
        "kind": "commercial",
        "champion": _somebody(workspace),
    }


def _kpi_form(workspace: Workspace, _kwargs: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "Refunds",
        "source": "entered",
        "unit": "money",
        "window_days": 30,
        "direction": "down",
        "champion": _somebody(workspace),
    }


def _principle_form(workspace: Workspace, _kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"rule": "Never twice on one day", "reason": "It reads like shouting.", "owner": _somebody(workspace)}


ROWS = [
    Row("strategy:goal_list", see=SEE),
    Row("strategy:goal_new", see=EDIT, act=EDIT, data=_goal_form),
    Row("strategy:goal_detail", see=SEE, kwargs=_goal),
    Row("strategy:goal_edit", see=EDIT, act=EDIT, kwargs=_goal, data=_goal_form),
    Row("strategy:goal_close", act=EDIT, kwargs=_goal, data=lambda _w, _k: {"conclusion": "A reminder works."}),
    Row("strategy:kpi_list", see=SEE),
    Row("strategy:kpi_new", see=EDIT, act=EDIT, data=_kpi_form),
    Row("strategy:kpi_detail", see=SEE, kwargs=_kpi),
    Row("strategy:kpi_edit", see=EDIT, act=EDIT, kwargs=_kpi, data=_kpi_form),
    Row("strategy:kpi_archive", act=EDIT, kwargs=_kpi),
    Row("strategy:kpi_reading", act=EDIT, kwargs=_kpi, data=lambda _w, _k: {"day": "2026-05-18", "value": "31.6"}),
    Row("strategy:kpi_measure", act=EDIT),
    Row("strategy:principle_list", see=SEE),
    Row("strategy:principle_new", see=EDIT, act=EDIT, data=_principle_form),
    Row("strategy:principle_edit", see=EDIT, act=EDIT, kwargs=_principle, data=_principle_form),
    Row("strategy:principle_archive", act=EDIT, kwargs=_principle),
]


def _goal_body(workspace: Workspace, method: str) -> dict[str, Any]:
    if method == "put":
        return {"name": "Customers come back in May"}
    return {
        "name": "Customers come back sooner",
        "kpi": KpiFactory.create(workspace=workspace).pk,
        "baseline": "0.281",
        "target": "0.34",
        "start_date": "2026-04-01",
        "due_date": "2026-06-30",
    }


API_ROWS = [
    ApiRow("api:kpi-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: {"name": "Refunds", "unit": "money"}),
    ApiRow("api:kpi-detail", {"get": SEE, "put": EDIT}, kwargs=_kpi, data=lambda _w, _m: {"name": "Refunds, net"}),
    ApiRow("api:kpi-archive", {"post": EDIT}, kwargs=_kpi),
    ApiRow(
        "api:kpi-readings",
        {"get": SEE, "post": EDIT},
        kwargs=_kpi,
        data=lambda _w, _m: {"day": "2026-05-18", "value": "0.316"},
    ),
    ApiRow("api:kpi-measure", {"post": EDIT}),
    ApiRow("api:goal-list", {"get": SEE, "post": EDIT}, data=_goal_body),
    ApiRow("api:goal-detail", {"get": SEE, "put": EDIT}, kwargs=_goal, data=_goal_body),
    ApiRow("api:goal-close", {"post": EDIT}, kwargs=_goal, data=lambda _w, _m: {"conclusion": "A reminder works."}),
    ApiRow(
        "api:principle-list",
        {"get": SEE, "post": EDIT},
        data=lambda _w, _m: {"rule": "Never twice on one day", "reason": "It reads like shouting."},
    ),
    ApiRow("api:principle-detail", {"put": EDIT}, kwargs=_principle, data=lambda _w, _m: {"rule": "Never on Sundays"}),
    ApiRow("api:principle-archive", {"post": EDIT}, kwargs=_principle),
]
