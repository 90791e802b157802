"""A word from whoever pauses or cancels a run to the workers that send it, faster than their next look at the ledger.

The look decides; this only saves the messages between two looks. Where notifications do not get through, as
behind a pooler of transactions, nothing is lost but that.
"""

import asyncio
import logging
from collections.abc import Callable

import psycopg2
from django.db import connection

from delivery.models import Run

logger = logging.getLogger(__name__)
CHANNEL = "delivery_runs"


def shout(run: Run) -> None:
    """Tell the workers, once the transaction is committed, that the run does not go on as before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(run.pk)])


class Ear:
    """Listens for a run within an event loop, on a connection of its own, and calls `heard` at the first word."""

    def __init__(self, run_id: int, heard: Callable[[], None]) -> None:
        self._run_id, self._heard = str(run_id), heard
        self._loop = asyncio.get_running_loop()
        params = {**connection.get_connection_params(), "cursor_factory": None}
        params.pop("context", None)
        self._connection = psycopg2.connect(**params)
        self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        self._loop.add_reader(self._connection.fileno(), self._listen)

    def _listen(self) -> None:
        try:
            self._connection.poll()
        except psycopg2.Error:
            logger.warning("The word about paused runs cannot be heard any more")
            self._loop.remove_reader(self._connection.fileno())
            return
        words = {notice.payload for notice in self._connection.notifies}
        self._connection.notifies.clear()
        if self._run_id in words:
            self._heard()

    def close(self) -> None:
        if not self._connection.closed:
            self._loop.remove_reader(self._connection.fileno())
        self._connection.close()
