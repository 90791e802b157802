"""Start the whole product on this machine, with a sample company when the database is empty."""

import os
import shutil
import signal
import subprocess
import time
from argparse import ArgumentParser
from contextlib import suppress
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from emailops.demo import PASSWORD, PEOPLE, seed_if_empty
from emailops.processes import specs, start, stop, wait_for_port, why_not_port

NEEDED_BYTES = 300_000_000  # free on the disk of var/, so that PostgreSQL does not stop in the middle
LOOK_EVERY = 0.5  # seconds between looks at whether everything still runs


class Command(BaseCommand):
    help = "Start web, workers, beat and mail sandbox; seed a sample company when there is none. Ctrl-C stops it all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reload", action="store_true", help="restart on changes of the code")

    def handle(self, *args: Any, reload: bool, **options: Any) -> None:
        """Run until Ctrl-C, SIGTERM, or until one of the processes ends by itself."""
        port = int(os.environ.get("PORT", "8000"))
        self._require_room(port)
        self._prepare()
        stopped = _Stopped()  # before this, Ctrl-C breaks off at once: nothing runs yet
        running: dict[str, subprocess.Popen[bytes]] = {}
        try:
            self._start(running, port, reload=reload)
            # Ctrl-C waits for this too: a web server that is told to end while it starts does not hear it.
            if not wait_for_port(port, running["web"]):
                raise CommandError(f"The web server did not start. Its log: {settings.VAR_DIR}/log/web.log")
            if not stopped:
                self._welcome(port)
            self._watch(running, stopped)
        finally:
            with suppress(OSError):  # the terminal may be gone, and what runs must be stopped all the same
                self.stdout.write("Stopping …")
            for process in reversed(running.values()):
                stop(process)

    def _require_room(self, port: int) -> None:
        for number, name in ((port, "PORT"), (settings.SANDBOX_SMTP_PORT, "SANDBOX_SMTP_PORT")):
            if why := why_not_port(number):
                raise CommandError(f"Port {number} {why}. Choose another: make demo {name}={_another(number)}")
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(settings.VAR_DIR).free
        if free < NEEDED_BYTES:
            raise CommandError(
                f"Only {free // 1_000_000} MB are free where {settings.VAR_DIR} is; 300 MB are needed. "
                "Free some and start again, or set EMAILOPS_VAR to a folder on another disk."
            )

    def _prepare(self) -> None:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {error}Check DATABASE_URL.") from error
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        seed_if_empty(self.stdout.write)
        connection.close()

    def _start(self, running: dict[str, subprocess.Popen[bytes]], port: int, *, reload: bool) -> None:
        """Start everything into `running`, which holds what did start even when something did not."""
        log = settings.VAR_DIR / "log"
        for spec in specs(port=port, sandbox_port=settings.SANDBOX_SMTP_PORT, reload=reload):
            running[spec.name] = start(spec, environment={}, log=log / f"{spec.name}.log", reload=reload)

    def _welcome(self, port: int) -> None:
        address = f"http://127.0.0.1:{port}"
        people = "\n".join(f"    {person.email:<34} {person.name}, {person.title}" for person in PEOPLE)
        places = {"/": "the product", "/sandbox/": "every mail it sends", "/api/v1/": "the API reference"}
        addresses = "\n".join(f"    {address + path:<34} {what}" for path, what in places.items())
        self.stdout.write(
            f"\n  EmailOps is running.\n\n{addresses}\n\n  Sign in with the password {PASSWORD} as\n{people}\n\n"
            "  Ctrl-C stops everything; the data stay.\n"
        )

    def _watch(self, running: dict[str, subprocess.Popen[bytes]], stopped: "_Stopped") -> None:
        while not stopped:
            ended = next((name for name, process in running.items() if process.poll() is not None), None)
            if ended:
                raise CommandError(f"“{ended}” ended by itself. Its log: {settings.VAR_DIR}/log/{ended}.log")
            time.sleep(LOOK_EVERY)


def _another(port: int) -> int:
    """The next port that is free."""
    return next(number for number in range(max(port % 65_536, 1023) + 1, 65_536) if why_not_port(number) is None)


class _Stopped:
    """Becomes true when somebody asks us to stop, or closes the terminal."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True

    def __bool__(self) -> bool:
        return self.asked
