"""The word from whoever pauses a run reaches a worker's event loop."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime

import pytest
from django.db import connection, connections

from delivery import services
from delivery.models import Run
from delivery.shouts import Ear, shout
from tests.factories.delivery import RunFactory, run_to
from workspaces.models import Member, Workspace

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bells")]


def _hears(run: Run, do: Callable[[], None], seconds: float) -> bool:
    """Whether an ear for the run hears something while another thread does this."""

    async def listen() -> bool:
        heard = asyncio.Event()
        with closing(Ear(run.pk, heard.set)):
            worker = threading.Thread(target=_with_its_own_connection, args=(do,))
            worker.start()
            try:
                await asyncio.wait_for(heard.wait(), seconds)
            except TimeoutError:
                return False
            finally:
                await asyncio.to_thread(worker.join)
            return True

    return asyncio.run(listen())


def _with_its_own_connection(do: Callable[[], None]) -> None:
    try:
        do()
    finally:
        connections.close_all()


@pytest.mark.parametrize("verb", [services.pause, services.cancel])
def test_who_pauses_or_cancels_is_heard(
    workspace: Workspace, lead: Member, now: datetime, verb: Callable[..., None]
) -> None:
    run, _rows = run_to(workspace, 1)

    assert _hears(run, lambda: verb(run=run, by=lead, now=now), 10)


def test_a_word_about_another_run_is_not_for_us(workspace: Workspace) -> None:
    ours, theirs = RunFactory.create(workspace=workspace), RunFactory.create(workspace=workspace)

    assert not _hears(ours, lambda: shout(theirs), 0.5)


def test_an_ear_whose_connection_broke_says_nothing_more_and_stops_nobody(workspace: Workspace) -> None:
    run = RunFactory.create(workspace=workspace)

    def cut_all_listeners() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%%'"
            )

    assert not _hears(run, cut_all_listeners, 0.5)
