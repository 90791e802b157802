"""Many rows in one statement, where the ORM has no form for it."""

import io
from collections.abc import Sequence
from typing import Any

from django.db import connection
from psycopg2.extras import Json, execute_values

__all__ = ["Json", "copied", "copy_rows", "insert_rows"]

AT_ONCE = 1 << 20  # bytes handed over without a pause: each pause asks other threads for leave to go on
SPECIAL = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def insert_rows(
    table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, conflict: str, returning: str
) -> list[tuple[Any, ...]]:
    """`INSERT INTO table (columns) VALUES rows conflict RETURNING returning`, in one statement.

    The texts are ours, never a person's. Wrap JSON values in `Json`. Rows that the conflict clause passes over are not
    returned.
    """
    if not rows:
        return []
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES %s {conflict} RETURNING {returning}"  # noqa: S608
    with connection.cursor() as cursor:
        found: list[tuple[Any, ...]] = execute_values(cursor.cursor, statement, rows, page_size=len(rows), fetch=True)
    return found


def copied(text: str) -> str:
    """A text as COPY reads it (PostgreSQL, COPY, “Text Format”)."""
    return text if text.isprintable() and "\\" not in text else text.translate(SPECIAL)


def copy_rows(table: str, columns: Sequence[str], lines: str) -> None:
    r"""COPY into a table: one line a row, tabs between columns, every text through `copied`, `\\N` for NULL."""
    with connection.cursor() as cursor:
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        cursor.cursor.copy_expert(statement, io.StringIO(lines), size=AT_ONCE)
