"""Erasures, and whoever writes people down, take turns: nobody writes down a person who is being erased this moment."""

from django.db import connection

from workspaces.models import Workspace

TURN = 0x1338  # class of advisory locks, by workspace: shared by those who write people down, an erasure's alone


def wait_for_erasures(workspace: Workspace) -> None:
    """See every erasure that has begun as done, and have others wait until the end of this transaction.

    To be called before any row is locked that an erasure deletes: it would wait for that row, and we for it.
    """
    _take("SELECT pg_advisory_xact_lock_shared(%s, %s)", workspace)


def keep_writers_out(workspace: Workspace) -> None:
    """Have whoever writes people down wait until the end of this transaction."""
    _take("SELECT pg_advisory_xact_lock(%s, %s)", workspace)


def _take(statement: str, workspace: Workspace) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [TURN, workspace.pk])
