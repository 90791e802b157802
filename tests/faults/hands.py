"""Processes that send, ring and die. Each is forked off a server that has Django loaded, so that a hundred are cheap.

They call what the tasks call, in a loop and without a broker; where the broker or Celery is the point, `crew.Celery`
starts the real thing.
"""

import multiprocessing
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from audience import intake
from audience.models import ContactImport
from delivery import ledger, tasks
from delivery.models import Delivery, DeliveryState, Run
from emailops.lib.mailurl import MailSettings
from emailops.lib.queue import silence

BREATH = 0.02  # seconds between two looks at a run that has nothing to do
Job = Callable[..., None]


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.awake", __name__])
    return context


CONTEXT = _context()


def begin(job: Job, *given: Any) -> ForkServerProcess:
    """Start a process that does this; it ends with the one that started it."""
    process = CONTEXT.Process(target=job, args=given, daemon=True)
    process.start()
    return process


def kill(process: ForkServerProcess) -> None:
    """SIGKILL: nothing is said, nothing is put away."""
    process.kill()
    process.join()


def send(run_id: int, mail: MailSettings) -> None:
    """A sending worker, until the run has ended."""
    settings.MAIL, settings.MAIL_SANDBOX = mail, False
    _again_and_again(lambda: _send_once(run_id), BREATH)


def _send_once(run_id: int) -> bool:
    tasks.send_run(run_id)
    return Run.objects.get(pk=run_id).has_ended


def ring(pause: float = 0.2) -> None:
    """The poller, as beat has it called, for ever."""
    settings.MAIL_SANDBOX = False
    _again_and_again(_ring_once, pause)


def _ring_once() -> bool:
    tasks.ring()
    return False


def plan(run_id: int) -> None:
    """Whoever makes the list, until it is made."""
    with silence():
        tasks.plan_run(run_id)


def reap_and_resend(run_id: int, events: Path) -> None:
    """What policy “resend” does: whoever is not known waits again. One line an event, the key of the row."""

    def once() -> bool:
        with transaction.atomic():
            ledger.reap(timezone.now())
            unknown = Delivery.objects.filter(run=run_id, state=DeliveryState.UNKNOWN)
            keys = list(unknown.values_list("pk", flat=True))
            ledger.send_again(unknown.filter(pk__in=keys), timezone.now())
        with events.open("a") as file:
            file.writelines(f"{key}\n" for key in keys)
        return False

    _again_and_again(once, 0.1)


def take_in(import_id: int, ahead: timedelta) -> None:
    """A worker that takes a CSV in, on a clock that is ahead, until the file has been read."""

    def once() -> bool:
        intake.run_import(import_id, lambda: timezone.now() + ahead)
        return not ContactImport.objects.unfinished().filter(pk=import_id).exists()

    _again_and_again(once, BREATH)


def _again_and_again(once: Callable[[], bool], pause: float) -> None:
    """Until it says that it is done. As a worker does, it outlives a database that is away."""
    with silence():
        while True:
            try:
                if once():
                    return
            except (DatabaseError, InterfaceError):
                with suppress(Exception):
                    connection.close()
                time.sleep(0.2)
            time.sleep(pause)
