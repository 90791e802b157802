"""Room for the statements that ask for people among millions."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

ROOM = "64MB"
"""Of memory for each sort or hash: a million keys fit, where PostgreSQL's own 4 MB send a tenth of them to the disk."""


@contextmanager
def room_for_many() -> Iterator[None]:
    """Statements within may take `ROOM`, and are not compiled to machine code, which takes longer than they do."""
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('work_mem', %s, true), set_config('jit', 'off', true)", [ROOM])
        yield
