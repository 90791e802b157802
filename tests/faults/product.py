"""The real thing: Celery workers, beat and web as processes, and the servers under them, to be killed and started."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg2
import redis

from emailops.embedded import var_folder
from emailops.lib.mailurl import MailSettings
from emailops.processes import ROOT, kill, specs, start, stop
from tests.faults.scene import wait_until
from tests.stack import free_port

URLS = ("DATABASE_URL", "REDIS_URL")


@dataclass
class Product:
    """Processes by the names of `emailops.processes`; they send to one mail server. Everything ends with the block."""

    mail: MailSettings
    names: Sequence[str] = ("send", "work", "beat")
    port: int = field(default_factory=free_port)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        redis.Redis.from_url(os.environ["REDIS_URL"]).flushall()  # bells of whoever was here before
        self._folder = tempfile.TemporaryDirectory()
        for name in self.names:
            self.start(name)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for process in self.running.values():
            if process.poll() is None:
                kill(process)
        self._folder.cleanup()

    def start(self, name: str, *, alias: str = "") -> None:
        """Start one; under an `alias` a second of its kind."""
        spec = next(spec for spec in specs(port=self.port, sandbox_port=0) if spec.name == name)
        environment = {
            "EMAIL_URL": f"smtp://{self.mail.host}:{self.mail.port}",
            "MAIL_SANDBOX": "0",
            "DEBUG": "1",
            "PORT": str(self.port),
            "LOG_LEVEL": "WARNING",
        }
        log = Path(self._folder.name) / f"{alias or name}.log"
        self.running[alias or name] = start(spec, environment=environment, log=log)

    def kill(self, name: str) -> None:
        kill(self.running.pop(name))

    def ask_to_end(self, name: str) -> float:
        """SIGTERM; how many seconds it took to end."""
        process = self.running.pop(name)
        began = time.monotonic()
        stop(process)
        return time.monotonic() - began


def kill_postgres() -> None:
    """What `pg_ctl stop -m immediate` does: every session ends at once, and nothing is put in order."""
    note = var_folder() / "postgres" / "postmaster.pid"
    process = int(note.read_text().split("\n", 1)[0])
    os.kill(process, signal.SIGQUIT)
    wait_until(lambda: not _lives(process), 30)


def kill_redis() -> None:
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    process = int(client.info("server")["process_id"])
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: not _lives(process), 30)


def _lives(process: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(process, os.WNOHANG)
    state = Path(f"/proc/{process}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def revive() -> None:
    """Start whichever of the two servers is not there, and come back when both answer."""
    bare = {name: value for name, value in os.environ.items() if name not in URLS}
    subprocess.run([sys.executable, "-m", "emailops.embedded", "--", "true"], cwd=ROOT, env=bare, check=True)
    wait_until(_postgres_answers, 60)


def _postgres_answers() -> bool:
    try:
        psycopg2.connect(os.environ["DATABASE_URL"]).close()
    except psycopg2.OperationalError:
        return False
    return True
