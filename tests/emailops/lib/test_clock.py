"""The installation's time is PostgreSQL's."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from emailops.lib.clock import ServerClock

pytestmark = pytest.mark.django_db


def _database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def test_it_is_postgresqls_and_knows_its_zone() -> None:
    before, read, after = _database_time(), ServerClock()(), _database_time()

    assert before <= read <= after
    assert read.utcoffset() == timedelta(0)


def test_it_goes_on_between_two_readings_of_the_database() -> None:
    clock = ServerClock()

    first = clock()
    time.sleep(0.01)

    assert timedelta(milliseconds=10) <= clock() - first < timedelta(seconds=10)


def test_setting_this_machines_clock_moves_it_not(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ServerClock()
    monkeypatch.setattr(time, "time", lambda: datetime(2001, 1, 1, tzinfo=UTC).timestamp())

    assert abs(clock() - _database_time()) < timedelta(seconds=5)
