"""Many rows in one statement."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audience.models import Event
from emailops.lib.bulk import Json, insert_rows
from tests.factories.audience import ContactFactory
from workspaces.models import Workspace

COLUMNS = ("workspace_id", "contact_id", "name", "occurred_at", "value", "properties", "external_id")


def _insert(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return insert_rows("audience_event", COLUMNS, rows, conflict="ON CONFLICT DO NOTHING", returning="id, external_id")


def test_rows_are_written_in_one_statement_whatever_their_number(workspace: Workspace, now: datetime) -> None:
    contact = ContactFactory.create(workspace=workspace)
    rows = [(workspace.pk, contact.pk, "visited", now, None, Json({"n": n}), f"e{n}") for n in range(2500)]

    with CaptureQueriesContext(connection) as queries:
        found = _insert(rows)

    assert len(queries) <= 1, "psycopg2 sends it past Django, in one round"
    assert len(found) == len({pk for pk, _external_id in found}) == 2500
    assert Event.objects.for_workspace(workspace).get(external_id="e7").properties == {"n": 7}


def test_rows_that_conflict_are_not_returned(workspace: Workspace, now: datetime) -> None:
    contact = ContactFactory.create(workspace=workspace)
    row = (workspace.pk, contact.pk, "visited", now, 5, Json({}), "e1")
    _insert([row])

    found = _insert([row, (*row[:6], "e2")])

    assert [external_id for _pk, external_id in found] == ["e2"]


def test_nothing_to_write_asks_the_database_nothing() -> None:
    assert _insert([]) == []


@pytest.mark.parametrize("text", ["'; DROP TABLE audience_event; --", "100%s", "%(x)s", "\\", "Мария"])
def test_values_are_never_read_as_sql(workspace: Workspace, now: datetime, text: str) -> None:
    contact = ContactFactory.create(workspace=workspace)

    _insert([(workspace.pk, contact.pk, "visited", now, None, Json({"said": text}), text)])

    event = Event.objects.for_workspace(workspace).get()
    assert (event.external_id, event.properties) == (text, {"said": text})
