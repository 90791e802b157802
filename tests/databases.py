"""Databases that tests make on the server of the environment.

To bring an empty one up to date takes half a minute of work, so one is, and the others are copies of it.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import psycopg2.extensions

ROOT = Path(__file__).resolve().parent.parent
MADE_OF = ("*/migrations/*.py", "*/models.py", "*/models/*.py", "emailops/lib/*.py", "requirements/dev.lock")
PREFIX = "migrated_"
TURNS = 7_316_001  # the number of the lock that is held while the pattern is made


def fresh_database(name: str, *, pattern: str = "template0") -> str:
    """A copy of the pattern, this process's own of the name; its URL. An older one is dropped."""
    own = own_name(name)
    with _server() as connection, connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{own}" ENCODING \'UTF8\' TEMPLATE "{pattern}"')
    return _url(own)


def migrated_database() -> str:
    """The name of a database with every table and no row of ours, to be copied and never to be connected to.

    Whoever comes first makes it and the others wait. It is kept for the next run as long as nothing changes that
    migrations are made of.
    """
    name = f"{PREFIX}{_digest()}"
    with _server() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [TURNS])
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        found = {row[0] for row in cursor.fetchall()}
        if name not in found:
            for old in found:
                cursor.execute(f'DROP DATABASE "{old}" WITH (FORCE)')
            unfinished = f"{PREFIX}unfinished"
            cursor.execute(f"CREATE DATABASE \"{unfinished}\" ENCODING 'UTF8' TEMPLATE template0")
            _migrate(_url(unfinished))
            cursor.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')  # complete or not at all
    return name


def own_name(name: str) -> str:
    """The name of something on the server that all processes of a run share."""
    process = os.environ.get("PYTEST_XDIST_WORKER")
    return f"{name}_{process}" if process else name


def _migrate(url: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        check=True,
    )


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(path for pattern in MADE_OF for path in ROOT.glob(pattern)):
        digest.update(f"{path.relative_to(ROOT)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _server() -> Iterator[psycopg2.extensions.connection]:
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as connection:
        connection.autocommit = True
        yield connection


def _url(name: str) -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, parts.fragment))
