"""The time of the installation: PostgreSQL's, whatever the clock of the machine says on which a worker runs."""

import time
from datetime import datetime, timedelta

from django.db import connection


class ServerClock:
    """Reads PostgreSQL's clock once; after that it adds what this machine's forward-only clock measured since.

    What is due is decided by it, so that a machine whose clock is wrong, or is set while it works, sends nothing early.
    """

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            self._read_at: datetime = cursor.fetchone()[0]
        self._read_since = time.monotonic()

    def __call__(self) -> datetime:
        return self._read_at + timedelta(seconds=time.monotonic() - self._read_since)


def server_now() -> datetime:
    """PostgreSQL's clock, asked once."""
    return ServerClock()()
