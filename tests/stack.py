"""The whole product as real processes against a database of its own, for tests that go in through the front door."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from socket import socket
from typing import Any

import psycopg2

from emailops.embedded import var_folder
from emailops.processes import Spec, kill, specs, start, stop, wait_for_port
from tests.databases import fresh_database, migrated_database

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 120.0  # seconds; six processes begin at once, beside those of other tests


@dataclass
class Stack:
    """A running product. `environment` is what its processes see; `rows` asks its database."""

    base_url: str
    environment: dict[str, str]
    log: Path
    specs: dict[str, Spec]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        self.running[name] = start(self.specs[name], environment=self.environment, log=self.log / f"{name}.log")

    def stop(self) -> None:
        for process in reversed(self.running.values()):
            stop(process)

    def kill(self, name: str) -> None:
        """End a process and its children as a power cut would."""
        kill(self.running.pop(name))

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.environment["DATABASE_URL"])
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, values)
                return cursor.fetchall()
        finally:
            connection.close()

    def write(self, statement: str, *values: Any) -> None:
        """Change rows, for what would take many pages and is not what a test is about."""
        connection = psycopg2.connect(self.environment["DATABASE_URL"])
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
        finally:
            connection.close()

    def wait_for(self, query: str, *values: Any, seconds: float = PATIENCE) -> list[tuple[Any, ...]]:
        """The rows of a query, as soon as it has any; a failure with the logs when it has none in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := self.rows(query, *values):
                return found
            time.sleep(0.02)
        raise AssertionError(f"not within {seconds} seconds: {query} {values}\n{self.logs()}")

    def logs(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in sorted(self.log.glob("*.log")))


@contextmanager
def running_stack(
    name: str,
    folder: Path,
    *,
    redis_number: int,
    prepare: Callable[[dict[str, str]], None] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Stack]:
    """Start everything on free ports with an empty, migrated database called `name`; stop it at the end.

    `settings` are environment variables that take the place of ours.
    """
    port, sandbox_port = free_port(), free_port()
    environment = {
        "DATABASE_URL": fresh_database(name, pattern=migrated_database()),
        "REDIS_URL": f"{os.environ['REDIS_URL'].partition('?')[0]}?db={redis_number}",
        "EMAILOPS_VAR": str(folder),
        "PORT": str(port),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "SANDBOX_SMTP_PORT": str(sandbox_port),
        "MAIL_SANDBOX": "1",
        "DEBUG": "0",
        **(settings or {}),
    }
    (folder / "static").symlink_to(_collected())
    if prepare:
        prepare(environment)
    named = {spec.name: spec for spec in specs(port=port, sandbox_port=sandbox_port)}
    stack = Stack(environment["BASE_URL"], environment, folder / "log", named)
    try:
        for each in named:
            stack.start(each)
        for each, its_port in (("web", port), ("sandbox", sandbox_port)):
            assert wait_for_port(its_port, stack.running[each], seconds=PATIENCE), stack.logs()
        yield stack
    finally:
        stack.stop()


@cache
def _collected() -> Path:
    """The static files as production has them: ten seconds of work, done once for all stacks of this process."""
    folder = var_folder() / "collected"
    environment = {"EMAILOPS_VAR": str(folder), "DEBUG": "0"}
    manage("collectstatic", "--noinput", "--clear", "--verbosity", "0", environment=environment)
    return folder / "static"


def manage(*command: str, environment: dict[str, str]) -> str:
    """Run a command of manage.py against a stack's database; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number
