"""Bells: rung after the commit, never before, and never a reason for an error page."""

import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery, current_app
from django.conf import settings
from django.db import transaction

from emailops.celery import app
from emailops.lib.queue import enqueue, silence
from tests.conftest import Bell


@pytest.fixture
def broker_away() -> Iterator[None]:
    """For the length of a test bells go to a broker that does not answer."""
    away = Celery("away", broker="redis://127.0.0.1:1/0")
    away.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    away.set_current()
    yield
    app.set_current()


@pytest.mark.django_db(transaction=True)
def test_a_bell_is_rung_after_the_commit(bells: list[Bell]) -> None:
    with transaction.atomic():
        enqueue("audience.run_import", import_id=7)
        before_commit = list(bells)

    assert before_commit == []
    assert bells == [("audience.run_import", {"import_id": 7})]


@transaction.atomic
def _ring_and_fail(import_id: int) -> None:
    enqueue("audience.run_import", import_id=import_id)
    raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
def test_a_rollback_rings_nothing(bells: list[Bell]) -> None:
    with pytest.raises(ZeroDivisionError):
        _ring_and_fail(7)

    assert bells == []


@pytest.mark.django_db(transaction=True)
def test_an_inner_rollback_takes_only_its_own_bells(bells: list[Bell]) -> None:
    with transaction.atomic():
        enqueue("audience.run_import", import_id=1)
        with pytest.raises(ZeroDivisionError):
            _ring_and_fail(2)

    assert bells == [("audience.run_import", {"import_id": 1})]


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_a_bell_is_rung_at_once(bells: list[Bell]) -> None:
    enqueue("workspaces.send_system_mail")

    assert bells == [("workspaces.send_system_mail", {})]


@pytest.mark.django_db(transaction=True)
def test_who_tells_a_past_rings_nobody(bells: list[Bell]) -> None:
    with silence(), transaction.atomic():
        enqueue("audience.run_import", import_id=1)
    enqueue("audience.run_import", import_id=2)

    assert bells == [("audience.run_import", {"import_id": 2})]


@pytest.mark.django_db(transaction=True)
def test_silence_ends_with_its_block_also_after_an_error(bells: list[Bell]) -> None:
    with pytest.raises(ZeroDivisionError), silence():
        raise ZeroDivisionError
    enqueue("workspaces.send_system_mail")

    assert bells == [("workspaces.send_system_mail", {})]


@pytest.mark.django_db(transaction=True)
def test_a_bell_may_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **options: sent.append((name, options["expires"])))

    enqueue("delivery.ring", expires_in=timedelta(seconds=30))
    enqueue("delivery.ring")

    assert sent == [("delivery.ring", 30.0), ("delivery.ring", None)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("broker_away")
def test_a_broker_that_is_away_neither_breaks_nor_delays_the_request(caplog: pytest.LogCaptureFixture) -> None:
    started = time.perf_counter()
    with caplog.at_level(logging.WARNING), transaction.atomic():
        enqueue("audience.run_import", import_id=7)

    assert time.perf_counter() - started < 1.0
    assert "audience.run_import will be found by the poller" in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("broker_away")
def test_the_other_bells_of_the_request_are_tried_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), transaction.atomic():
        enqueue("audience.run_import", import_id=1)
        enqueue("workspaces.send_system_mail")

    assert "audience.run_import" in caplog.text
    assert "workspaces.send_system_mail" in caplog.text


def test_a_bell_reaches_a_broker_that_is_there() -> None:
    """A real queue on the Redis of this run, of its own name so that no worker takes from it."""
    real = Celery("real", broker=settings.CELERY_BROKER_URL)
    real.conf.task_default_queue = "test-bells"

    real.send_task("audience.run_import", kwargs={"import_id": 7}, retry=False)

    with real.connection_for_read() as connection:
        queue = connection.SimpleQueue("test-bells")
        message = queue.get(timeout=5)
        message.ack()
        queue.clear()
        queue.close()
    assert message.headers["task"] == "audience.run_import"
    assert message.payload[1] == {"import_id": 7}
