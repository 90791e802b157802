"""Indexes on attributes that segments ask about, made and dropped in a real database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from audience.models import AttributeDefinition, AttributeKind, Contact, Segment
from audience.segments import crowds, expecting, indexes
from audience.segments.compile import contacts_in
from audience.segments.definition import read_definition
from audience.segments.fields import fields_of
from audience.segments.speed import slow_reasons
from tests.factories.audience import AttributeFactory, ContactFactory, SegmentFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)
RULES: dict[AttributeKind, dict[str, Any]] = {
    AttributeKind.TEXT: {"field": "attribute.wish", "op": "is", "value": "Soap"},
    AttributeKind.NUMBER: {"field": "attribute.wish", "op": "more_than", "value": 5},
    AttributeKind.MONEY: {"field": "attribute.wish", "op": "between", "value": [5, 7]},
    AttributeKind.DATE: {"field": "attribute.wish", "op": "before", "value": "2026-01-01"},
}


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "MANY", 2)
    monkeypatch.setattr(expecting, "COMMON", 2.0)  # what PostgreSQL expects of two contacts is worth nothing


@pytest.fixture(autouse=True)
def left_as_found() -> Iterator[None]:
    """A table keeps its indexes when its rows are gone."""
    yield
    AttributeDefinition.objects.update(asked_at=None)
    Segment.objects.update(archived_at=datetime(2100, 1, 1, tzinfo=UTC))
    for workspace in Workspace.objects.all():
        indexes._tend_workspace(workspace, datetime(2100, 1, 1, tzinfo=UTC))


def _asked_about(workspace: Workspace, kind: AttributeKind = AttributeKind.TEXT, key: str = "wish") -> str:
    definition = AttributeFactory.create(workspace=workspace, key=key, kind=kind)
    SegmentFactory.create(
        workspace=workspace,
        definition={"version": 2, "match": "all", "rules": [{**RULES[kind], "field": f"attribute.{key}"}]},
    )
    ContactFactory.create_batch(2, workspace=workspace, attributes={key: "Soap"})
    return indexes.name_of(definition)


def _there() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'contact_attribute\\_%%'", [])
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize("kind", list(RULES))
def test_what_a_segment_asks_gets_an_index_that_postgresql_uses(
    workspace: Workspace, now: datetime, kind: AttributeKind
) -> None:
    name = _asked_about(workspace, kind)

    indexes.tend(now)

    rule = read_definition({"version": 2, "match": "all", "rules": [RULES[kind]]})
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        # Only this index is left to choose from.
        cursor.execute("BEGIN; DROP INDEX contact_attributes; DROP INDEX contact_newest; DROP INDEX contact_reachable")
        for crowd in crowds.wanted(workspace, now):
            cursor.execute(f"DROP INDEX {crowd}")
        people = contacts_in(workspace, rule, now).order_by()
        statement, values = people.query.sql_with_params()
        cursor.execute(f"EXPLAIN {statement}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("ROLLBACK; RESET enable_seqscan")
    assert name in plan


def test_tending_twice_changes_nothing(workspace: Workspace, now: datetime) -> None:
    name = _asked_about(workspace)

    indexes.tend(now)
    indexes.tend(now)

    assert _there() == {name}


def test_an_index_nobody_asked_for_in_thirty_days_is_dropped(workspace: Workspace, now: datetime) -> None:
    name = _asked_about(workspace)
    indexes.tend(now)
    Segment.objects.for_workspace(workspace).update(archived_at=now)

    indexes.tend(now + timedelta(days=29))
    kept = _there()
    indexes.tend(now + timedelta(days=31))

    assert (kept, _there()) == ({name}, set())


def _known_of() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT stxname FROM pg_statistic_ext WHERE stxname LIKE 'contact_attribute\\_%%'", [])
        return {name for (name,) in cursor.fetchall()}


def test_statistics_on_the_values_come_and_go_with_the_index(workspace: Workspace, now: datetime) -> None:
    name = _asked_about(workspace)

    indexes.tend(now)
    kept = _known_of()
    Segment.objects.for_workspace(workspace).update(archived_at=now)
    indexes.tend(now + timedelta(days=31))

    assert (kept, _known_of()) == ({name}, set())


def test_few_contacts_need_no_index(workspace: Workspace, now: datetime) -> None:
    _asked_about(workspace)
    Contact.objects.all().order_by("pk")[0].delete()

    indexes.tend(now)

    assert _there() == set()


def test_a_workspace_has_no_more_than_its_share(
    workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "MOST", 1)
    first = _asked_about(workspace, key="first")
    _asked_about(workspace, key="second")

    indexes.tend(now)

    assert _there() == {first}


def test_an_index_a_dead_worker_left_half_made_is_made_anew(workspace: Workspace, now: datetime) -> None:
    name = _asked_about(workspace)
    indexes.tend(now)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [name])
    half = indexes.ready(workspace)

    indexes.tend(now)

    definition = AttributeDefinition.objects.get()
    assert (half, indexes.ready(workspace)) == (set(), {definition.pk})


def test_a_slow_segment_says_that_its_index_is_on_its_way(
    workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    _asked_about(workspace)
    AttributeDefinition.objects.update(asked_at=now)
    monkeypatch.setattr("audience.segments.speed.DEAR", 0)
    rule = read_definition({"version": 2, "match": "all", "rules": [RULES[AttributeKind.TEXT]]})

    before = slow_reasons(workspace, rule, now, fields_of(workspace))
    indexes.tend(now)
    after = slow_reasons(workspace, rule, now, fields_of(workspace))

    assert before[1:] == [
        "An index on “City” is on its way and will make this faster.",
        "An index of the people whom it means is on its way and will make this faster.",
    ]
    assert after[1:] == []
