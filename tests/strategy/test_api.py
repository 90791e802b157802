"""The strategy by the API: rates are fractions, people are e-mail addresses."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from strategy.models import Goal, Kpi, KpiReading, Principle, ReadingSource, Unit
from tests.factories.audience import ContactFactory
from tests.factories.strategy import GoalFactory, KpiFactory, PrincipleFactory
from tests.strategy.conftest import read
from workspaces.models import AuditEntry, Member

GOAL = {
    "name": "Customers come back sooner",
    "baseline": "0.281",
    "target": "0.34",
    "start_date": "2026-04-01",
    "due_date": "2026-06-30",
}


@pytest.fixture
def client(lead: Member, api: Callable[..., APIClient]) -> APIClient:
    return api(lead)


@pytest.fixture
def kpi(lead: Member) -> Kpi:
    made: Kpi = KpiFactory.create(workspace=lead.workspace)
    return made


def _url(name: str, **kwargs: Any) -> str:
    return reverse(f"api:{name}", kwargs=kwargs)


def test_a_kpi_is_added_for_whoever_holds_the_key(client: APIClient, lead: Member) -> None:
    answer = client.post(_url("kpi-list"), {"name": "Refunds", "unit": "money", "direction": "down"}, format="json")

    assert answer.status_code == 201
    assert answer.json() | {"id": 0, "created_at": ""} == {
        "id": 0, "name": "Refunds", "description": "", "unit": "money", "direction": "down", "source": "",
        "window_days": 30, "champion": lead.user.email, "created_at": "", "archived_at": None,
    }  # fmt: skip
    entry = AuditEntry.objects.get(action="kpi.defined")
    assert entry.via.startswith("test (")


def test_a_champion_is_named_by_address_in_any_case(client: APIClient, marketer: Member, outsider: Member) -> None:
    named, stranger = (
        client.post(
            _url("kpi-list"), {"name": "Refunds", "unit": "money", "champion": person.user.email.upper()}, format="json"
        )
        for person in (marketer, outsider)
    )

    assert (named.status_code, named.json()["champion"]) == (201, marketer.user.email)
    assert (stranger.status_code, list(stranger.json()["fields"])) == (400, ["champion"])


def test_a_measured_kpi_needs_no_unit(client: APIClient) -> None:
    answer = client.post(_url("kpi-list"), {"name": "Joined", "source": "test.joined"}, format="json")

    assert (answer.status_code, answer.json()["unit"]) == (201, "count")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"name": "Refunds"}, 409, "unit"),
        ({"name": "Refunds", "source": "nobody.knows"}, 409, "source"),
        ({"name": "Refunds", "unit": "money", "window_days": 0}, 409, "window_days"),
        ({"name": "", "unit": "money"}, 400, "name"),
        ({"name": "Refunds", "unit": "bushels"}, 400, "unit"),
    ],
)
def test_a_kpi_is_refused_with_the_field(client: APIClient, body: dict[str, Any], status: int, field: str) -> None:
    answer = client.post(_url("kpi-list"), body, format="json")

    assert (answer.status_code, list(answer.json()["fields"])) == (status, [field])
    assert not Kpi.objects.exists()


def test_a_kpi_keeps_what_it_counts(client: APIClient, kpi: Kpi) -> None:
    renamed = client.put(_url("kpi-detail", pk=kpi.pk), {"name": "Second orders"}, format="json")
    refused = client.put(_url("kpi-detail", pk=kpi.pk), {"unit": "money"}, format="json")

    assert (renamed.status_code, renamed.json()["name"]) == (200, "Second orders")
    assert (refused.status_code, refused.json()["code"]) == (409, "kpi_refused")


def test_a_kpi_is_put_away(client: APIClient, kpi: Kpi) -> None:
    assert client.post(_url("kpi-archive", pk=kpi.pk)).json()["archived_at"] is not None


def test_a_reading_is_sent_again_and_replaced(client: APIClient, kpi: Kpi) -> None:
    for value in ("0.03", "0.034"):
        answer = client.post(_url("kpi-readings", pk=kpi.pk), {"day": "2026-05-18", "value": value}, format="json")
        assert answer.status_code == 200

    reading = KpiReading.objects.get()
    assert (reading.value, reading.source) == (Decimal("0.034"), ReadingSource.API)
    assert answer.json() | {"recorded_at": ""} == {
        "day": "2026-05-18", "value": "0.034", "low": None, "high": None, "sample_size": None, "source": "api",
        "recorded_at": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"day": "2999-01-01", "value": "1"}, 409, "day"),
        ({"day": "18 May", "value": "1"}, 400, "day"),
        ({"day": "2026-05-18", "value": "NaN"}, 400, "value"),
        ({"day": "2026-05-18", "value": "0.1234567"}, 400, "value"),
        ({"day": "2026-05-18"}, 400, "value"),
    ],
)
def test_a_reading_is_refused_with_the_field(
    client: APIClient, kpi: Kpi, body: dict[str, Any], status: int, field: str
) -> None:
    answer = client.post(_url("kpi-readings", pk=kpi.pk), body, format="json")

    assert (answer.status_code, list(answer.json()["fields"])) == (status, [field])
    assert not KpiReading.objects.exists()


def test_what_is_measured_takes_no_reading(client: APIClient, lead: Member) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace, source="test.agreed")

    answer = client.post(_url("kpi-readings", pk=kpi.pk), {"day": "2026-05-18", "value": "0.1"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "kpi_refused")


def test_readings_come_by_day_the_last_first_in_pages(client: APIClient, kpi: Kpi) -> None:
    for day in (3, 1, 2):
        read(kpi, date(2026, 5, day), f"0.{day}")

    first = client.get(_url("kpi-readings", pk=kpi.pk), {"page_size": 2}).json()
    second = client.get(first["next"]).json()

    assert [row["day"] for row in (*first["results"], *second["results"])] == ["2026-05-03", "2026-05-02", "2026-05-01"]


def test_measuring_answers_how_many_readings_it_took(client: APIClient, lead: Member) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace, source="test.joined", unit=Unit.COUNT)
    ContactFactory.create(workspace=lead.workspace)

    answers = [client.post(_url("kpi-measure")).json() for _ in range(2)]

    assert answers == [{"readings": 2}] * 2
    assert kpi.readings.count() == 2


def test_a_goal_comes_with_where_it_stands(client: APIClient, lead: Member, kpi: Kpi) -> None:
    goal = GoalFactory.create(workspace=lead.workspace, kpi=kpi, champion=lead)
    read(kpi, goal.start_date + timedelta(days=28), "0.30")

    found = client.get(_url("goal-detail", pk=goal.pk)).json()

    progress = found.pop("progress")
    assert (found["baseline"], found["target"], found["kpi"], found["champion"]) == (
        "0.28",
        "0.34",
        kpi.pk,
        lead.user.email,
    )
    assert (progress["state"], progress["value"]) == ("on_track", "0.3")
    assert progress["rate"] == pytest.approx(1 / 3)
    assert progress["pace"] == pytest.approx(1 / 3, abs=0.02)
    assert progress["why"].endswith("of the time.")


def test_goals_are_listed_all_open_or_closed_in_a_fixed_number_of_queries(
    client: APIClient, lead: Member, django_assert_max_num_queries: Any
) -> None:
    goals = [GoalFactory.create(workspace=lead.workspace) for _ in range(4)]
    over = GoalFactory.create(workspace=lead.workspace, closed=True)
    client.get(_url("goal-list"))

    with django_assert_max_num_queries(4):
        everything = client.get(_url("goal-list")).json()["results"]
    still_open, closed = (
        client.get(_url("goal-list"), {"closed": asked}).json()["results"] for asked in ("false", "true")
    )

    assert [row["id"] for row in everything] == [over.pk, *(goal.pk for goal in reversed(goals))]
    assert {row["id"] for row in still_open} == {goal.pk for goal in goals}
    assert [row["id"] for row in closed] == [over.pk]


def test_a_goal_is_set_changed_and_closed(client: APIClient, lead: Member, kpi: Kpi) -> None:
    parent = GoalFactory.create(workspace=lead.workspace)

    made = client.post(_url("goal-list"), {**GOAL, "kpi": kpi.pk, "parent": parent.pk}, format="json")
    address = {"pk": made.json()["id"]}
    changed = client.put(_url("goal-detail", **address), {"target": "0.36", "parent": None}, format="json")
    closed = client.post(_url("goal-close", **address), {"conclusion": "A reminder works."}, format="json")

    assert (made.status_code, changed.status_code, closed.status_code) == (201, 200, 200)
    assert (made.json()["parent"], made.json()["progress"]["state"]) == (parent.pk, "missed")
    assert (changed.json()["target"], changed.json()["parent"], changed.json()["name"]) == ("0.36", None, GOAL["name"])
    assert closed.json()["conclusion"] == "A reminder works."
    assert closed.json()["closed_at"] is not None


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"target": "0.2"}, 409, "target"),
        ({"due_date": "2026-04-01"}, 409, "due_date"),
        ({"target": "much"}, 400, "target"),
        ({"kpi": 999999}, 400, "kpi"),
        ({"name": ""}, 400, "name"),
    ],
)
def test_a_goal_is_refused_with_the_field(
    client: APIClient, kpi: Kpi, changes: dict[str, Any], status: int, field: str
) -> None:
    answer = client.post(_url("goal-list"), {**GOAL, "kpi": kpi.pk, **changes}, format="json")

    assert (answer.status_code, list(answer.json()["fields"])) == (status, [field])
    assert not Goal.objects.exists()


def test_a_goal_takes_neither_kpi_nor_parent_from_elsewhere(client: APIClient, kpi: Kpi, outsider: Member) -> None:
    theirs = GoalFactory.create(workspace=outsider.workspace)

    answer = client.post(_url("goal-list"), {**GOAL, "kpi": theirs.kpi.pk, "parent": theirs.pk}, format="json")

    assert (answer.status_code, set(answer.json()["fields"])) == (400, {"kpi", "parent"})


def test_a_goal_keeps_its_kpi_and_says_so(client: APIClient, lead: Member) -> None:
    goal, other = GoalFactory.create(workspace=lead.workspace), KpiFactory.create(workspace=lead.workspace)

    answer = client.put(_url("goal-detail", pk=goal.pk), {"kpi": other.pk}, format="json")

    assert (answer.status_code, list(answer.json()["fields"])) == (409, ["kpi"])


def test_a_goal_is_not_closed_in_silence(client: APIClient, lead: Member) -> None:
    goal = GoalFactory.create(workspace=lead.workspace)

    answer = client.post(_url("goal-close", pk=goal.pk), {"conclusion": " "}, format="json")

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["conclusion"])


def test_a_principle_is_written_down_reworded_and_followed_no_more(
    client: APIClient, lead: Member, owner: Member
) -> None:
    body = {"rule": "Never on Sundays", "reason": "People rest.", "owner": owner.user.email}

    made = client.post(_url("principle-list"), body, format="json")
    address = {"pk": made.json()["id"]}
    changed = client.put(_url("principle-detail", **address), {"example": "Easter"}, format="json")
    archived = client.post(_url("principle-archive", **address))

    assert (made.status_code, made.json()["owner"]) == (201, owner.user.email)
    assert (changed.json()["rule"], changed.json()["example"]) == ("Never on Sundays", "Easter")
    assert archived.json()["archived_at"] is not None
    refused = client.put(_url("principle-detail", **address), {"example": "Lent"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "principle_refused")


def test_principles_are_listed_in_a_fixed_number_of_queries(
    client: APIClient, lead: Member, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        PrincipleFactory.create(workspace=lead.workspace)
    client.get(_url("principle-list"))

    with django_assert_max_num_queries(3):
        rows = client.get(_url("principle-list")).json()["results"]

    assert [row["id"] for row in rows] == list(Principle.objects.order_by("-pk").values_list("pk", flat=True))
