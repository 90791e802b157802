"""Worker processes that work a run off together, as Celery's would; and what they took of processor and memory."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

from benchmarks.ground import Spent, measured

SAMPLE = 0.1  # seconds between two looks at the memory


@dataclass
class Memory:
    """Resident megabytes of this process over time."""

    samples: list[float] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Megabytes at the end beyond those after a fifth of the time, when everything is warm."""
        return self.samples[-1] - self.samples[len(self.samples) // 5]


@contextmanager
def watched_memory() -> Iterator[Memory]:
    memory, over = Memory(), threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE):
            memory.samples.append(_resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield memory
    finally:
        over.set()
        watcher.join()
        memory.samples.append(_resident())


def _resident() -> float:
    with open("/proc/self/statm") as file:  # noqa: PTH123  ten times a second
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def work_off(planned: Any, mail: Any) -> None:
    """Work as a task of a worker does, again and again, until the run is done."""
    from django.conf import settings
    from django.utils import timezone

    from delivery import sending
    from delivery.models import RunState

    settings.MAIL, settings.MAIL_SANDBOX = mail, False
    while planned.state != RunState.DONE:
        sending.work(planned.pk, timezone.now)
        planned.refresh_from_db()


def worked_off_by(count: int, planned: Any, mail: Any) -> Spent:
    """So many processes at once; the time from their common start until the last is done, and their CPU together."""
    context = get_context("spawn")
    ready, start, spent = context.Semaphore(0), context.Event(), context.Queue()
    crew = [
        context.Process(target=_one_of_the_crew, args=(planned.pk, mail, ready, start, spent)) for _one in range(count)
    ]
    for process in crew:
        process.start()
    for _process in crew:
        ready.acquire()
    began = time.perf_counter()
    start.set()
    cpu = sum(spent.get() for _process in crew)
    for process in crew:
        process.join()
    return Spent(time.perf_counter() - began, cpu)


def _one_of_the_crew(run_pk: int, mail: Any, ready: Any, start: Any, spent: Any) -> None:
    import django

    django.setup()
    from delivery.letterpress import Letterpress
    from delivery.models import Run

    planned = Run.objects.get(pk=run_pk)
    Letterpress(planned)  # reads what a process reads once in its life
    ready.release()
    start.wait()
    with measured() as own:
        work_off(planned, mail)
    spent.put(own.cpu)
