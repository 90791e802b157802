"""A campaign with many people, a mail server that writes everything down, and workers that can be killed."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from typing import Self

from django.db import connection
from django.db.models import F

from benchmarks.sink import FastSink
from benchmarks.stage import planned_run
from campaigns.models import Campaign, CampaignState
from delivery.models import Run, RunState, SafetyLimits
from emailops.lib.mailurl import MailSettings
from tests.faults.hands import begin, kill, ring, send

HTML = (
    "<!doctype html><html><body><p>Hello {{ contact.first_name }}, this is for you.</p>"
    '<p><a href="https://shop.example/glow">Shop the glow set</a> <a href="https://shop.example/quiz">Quiz</a></p>'
    '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a> {{ postal_address }}</p></body></html>'
)
NO_BREAKER = {"refused_rate": 0.5, "content_rate": 0.5, "sender_fault_limit": 1_000, "unanswered_limit": 1_000}
"""What these faults bring about would stop the run by itself, which other tests look at."""
PATIENCE = 900.0  # seconds after which a run that does not end has failed
CONNECTIONS = 8  # of a worker, by default


def new_run(people: int, html: str = HTML) -> Run:
    """A run whose list is made: everybody waits."""
    made: Run = planned_run(people, html)
    SafetyLimits.objects.update_or_create(workspace=made.workspace, defaults=NO_BREAKER)
    return made


def put_away() -> None:
    """End what a fault leaves behind; the processes of the next would send it to that one's server."""
    connection.close()  # PostgreSQL may have been stopped under it
    unfinished = Run.objects.exclude(state__in=(RunState.DONE, RunState.CANCELLED))
    unfinished.update(state=RunState.CANCELLED, epoch=F("epoch") + 1)
    waiting = Campaign.objects.filter(state__in=(CampaignState.SCHEDULED, CampaignState.SENDING))
    waiting.update(state=CampaignState.CANCELLED)


@dataclass
class Crew:
    """Sending workers for one run, and the poller. Whoever is killed is followed by another."""

    run: Run
    mail: MailSettings
    size: int = 2
    workers: list[ForkServerProcess] = field(default_factory=list)
    poller: ForkServerProcess | None = None
    kills: int = 0

    def __enter__(self) -> Self:
        self.workers = [self._one() for _number in range(self.size)]
        self.poller = self.poller or begin(ring)
        return self

    def __exit__(self, *_about: object) -> None:
        for process in (*self.workers, self.poller):
            if process is not None:
                kill(process)

    def _one(self) -> ForkServerProcess:
        return begin(send, self.run.pk, self.mail)

    def mend(self) -> None:
        """Whoever supervises them starts those again that ended."""
        self.workers = [worker if worker.is_alive() else self._one() for worker in self.workers]
        if self.poller is not None and not self.poller.is_alive():
            self.poller = begin(ring)

    def kill_one(self, dice: random.Random) -> None:
        number = dice.randrange(self.size)
        kill(self.workers[number])
        self.kills += 1
        self.workers[number] = self._one()


def wait_until(holds: Callable[[], bool], seconds: float = PATIENCE, pause: float = 0.02) -> float:
    """Seconds until it did. Raises TimeoutError."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"not within {seconds} seconds")
        time.sleep(pause)
    return time.monotonic() - began


def wait_for_end(run: Run, seconds: float = PATIENCE) -> float:
    """Seconds until the run was done, by itself."""
    return wait_until(lambda: Run.objects.filter(pk=run.pk, state=RunState.DONE).exists(), seconds, 0.1)


class Progress:
    """How many messages a sink has accepted so far."""

    def __init__(self, sink: FastSink) -> None:
        self._path = sink.log
        self._read = self._lines = 0

    @property
    def count(self) -> int:
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._read)
                fresh = file.read()
            self._read += len(fresh)
            self._lines += fresh.count(b"\n")
        return self._lines

    def wait_for(self, count: int) -> None:
        wait_until(lambda: self.count >= count, pause=0.002)


def moments(count: int, people: int, dice: random.Random) -> Sequence[int]:
    """When to strike: at so many accepted messages, all over the run but its last tenth."""
    return sorted(dice.sample(range(people * 9 // 10), count))
