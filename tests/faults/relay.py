"""Mail servers that refuse, put off, hang up and take their time.

The worker's clock is moved by hand from one thing that is due to the next, so that days of retries take seconds. It
stands still while messages go out, so that what is measured is the schedule and not this machine.
"""

import os
import random
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from django.test import override_settings
from django.utils import timezone

from delivery import sending
from delivery.ledger import RETRY_AFTER, SPREAD
from delivery.models import DeliveryState, Reason, Run
from emailops.lib.mailurl import MailSettings
from emailops.lib.queue import silence
from tests.certificates import new_authority
from tests.faults.books import Books, compare
from tests.faults.finding import Finding, Scale
from tests.faults.scene import HTML, PATIENCE, Crew, new_run, wait_for_end
from tests.smtp_sink import DROP, DROP_KEPT, Phase, Sink, running_sink

LINES = 12_000
LONG_HTML = HTML.replace("</body>", "<p>Ред от дълго писмо, каквито има много.</p>" * LINES + "</body>")
"""Some five megabytes on the wire: more than a socket takes at once, so that a server can hang up before the dot."""

REFUSED, REFUSED_TEXT, NEVER = "550 5.1.1 Nobody here", "554 5.7.1 Not this", "450 4.2.0 Full for ever"
GREYLISTED, LATER = "451 4.7.1 Greylisted", "450 4.2.0 Busy"
BEFORE_THE_MESSAGE = (Phase.BANNER, Phase.EHLO, Phase.TLS, Phase.AUTH)
IN_THE_MESSAGE = (Phase.MAIL, Phase.RCPT, Phase.DATA)


@dataclass
class Script(Sink):
    """Says what it was told for each try of each recipient, and writes down when it was asked."""

    tries: dict[str, list[str]] = field(default_factory=dict)
    clock: Callable[[], datetime] | None = None
    asked: defaultdict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def answer(self, phase: Phase, recipient: str = "") -> str:
        if phase == Phase.RCPT and self.clock:
            self.asked[recipient].append(self.clock())
        script, number = self.tries.get(recipient, []), len(self.asked[recipient]) - 1
        if phase in {Phase.RCPT, Phase.DOT} and number < len(script):
            said = script[number]
            if (said == REFUSED_TEXT) == (phase == Phase.DOT):
                return said
        return super().answer(phase, recipient)


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def _leaving_by(mail: MailSettings) -> Iterator[None]:
    with silence(), override_settings(MAIL=mail, MAIL_SANDBOX=False):
        yield


def _work_off(run: Run, clock: HandClock) -> None:
    """Send, and move the clock on to what is due next, until the run has ended."""
    give_up_at = time.monotonic() + PATIENCE
    while time.monotonic() < give_up_at:
        sending.work(run.pk, clock)
        sending.ring(clock())
        run.refresh_from_db()
        if run.has_ended:
            return
        clock.now = _next_due(run, clock())
    raise TimeoutError(f"the run did not end within {PATIENCE} seconds")


def _next_due(run: Run, now: datetime) -> datetime:
    """When the relay may be tried again, or the last of those was put off who were put off as often as the first."""
    if run.retry_at and run.retry_at > now:
        return run.retry_at
    waiting = run.deliveries.filter(next_attempt_at__isnull=False)
    first = waiting.order_by("next_attempt_at", "pk").first()
    if first is None or first.next_attempt_at is None or first.next_attempt_at <= now:
        return now
    wait = RETRY_AFTER[max(first.attempt, 1) - 1]
    wave = waiting.filter(attempt=first.attempt, next_attempt_at__lte=first.next_attempt_at + wait * SPREAD)
    found = wave.order_by("-next_attempt_at").values_list("next_attempt_at", flat=True).first()
    return found or first.next_attempt_at


def refused_and_put_off(scale: Scale, seed: int) -> Finding:
    """R6: a server that refuses some, puts off others for a while or for ever, and greylists."""
    people, dice = scale.pick(1_000, 20_000), random.Random(seed)
    run, clock = new_run(people), HandClock()
    addresses = list(run.deliveries.order_by("pk").values_list("address", flat=True))
    sink = Script(clock=clock, tries={address: _fate(dice) for address in addresses})
    with running_sink(sink), _leaving_by(sink.mail_settings):
        _work_off(run, clock)
    finding = Finding(f"{people:,} messages")
    _judge_states(finding, run, sink)
    _judge_times(finding, sink)
    compare(run, accepted(sink)).onto(finding)
    return finding


def _fate(dice: random.Random) -> list[str]:
    """What one recipient's server says to each try; after that it takes the message."""
    lot = dice.random()
    if lot < 0.05:
        return [dice.choice([REFUSED, REFUSED_TEXT])] * 99
    if lot < 0.14:
        return [LATER] * dice.randint(1, len(RETRY_AFTER))
    if lot < 0.15:
        return [NEVER] * 99
    return [GREYLISTED] if lot < 0.35 else []


def _judge_states(finding: Finding, run: Run, sink: Script) -> None:
    wanted = {
        REFUSED: (DeliveryState.FAILED, Reason.REFUSED),
        REFUSED_TEXT: (DeliveryState.FAILED, Reason.CONTENT_REFUSED),
        NEVER: (DeliveryState.FAILED, Reason.GAVE_UP),
    }
    wrong, too_many = 0, 0
    for row in run.deliveries.iterator():
        script = sink.tries[row.address]
        first = script[0] if script else ""
        wrong += (row.state, row.reason) != wanted.get(first, (DeliveryState.SENT, ""))
        is_final = first in {REFUSED, REFUSED_TEXT}
        tries = 1 if is_final else len(RETRY_AFTER) + 1 if first == NEVER else len(script) + 1
        too_many += len(sink.asked[row.address]) > tries
    finding.at_most("ended otherwise than the server said", wrong)
    finding.at_most("tried again after a refusal, or too often", too_many)


def _judge_times(finding: Finding, sink: Script) -> None:
    early, longest, retries = 0, 0.0, 0
    for moments in sink.asked.values():
        for wait, before, after in zip(RETRY_AFTER, moments, moments[1:], strict=False):
            early += after - before < wait
            longest = max(longest, (after - before) / wait - 1)
            retries += 1
    finding.at_most("tried again too early", early)
    finding.at_most("tried again later than planned by", round(longest * 100, 2), 10, " %")
    finding.facts = {"retries": retries}


def accepted(sink: Sink) -> Counter[str]:
    return Counter(str(message.parsed["Message-ID"]) for message in sink.taken)


@dataclass
class Dropping(Sink):
    """Hangs up at one moment, so often, with a certain chance each time."""

    at: Phase = Phase.BANNER
    left: int = 0
    chance: float = 1.0
    drops: int = 0
    dice: random.Random = field(default_factory=random.Random)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, phase: Phase, recipient: str = "") -> str:
        with self._turn:
            if phase == self.at and self.left and self.dice.random() < self.chance:
                self.left -= 1
                self.drops += 1
                return self.dice.choice([DROP, DROP_KEPT]) if phase == Phase.DOT else DROP
        return super().answer(phase, recipient)


def hung_up_on(scale: Scale, seed: int) -> Finding:
    """R7: the server hangs up at every moment of the conversation."""
    times, bodies = scale.pick((10, 5), (1_000, 100))
    before, after = [], Books()
    drops = Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for phase in (*BEFORE_THE_MESSAGE, *IN_THE_MESSAGE, Phase.BODY, Phase.DOT):
            sink = _dropping(phase, bodies if phase == Phase.BODY else times, random.Random(seed), Path(folder))
            books = _hang_up(sink)
            drops[phase] += sink.drops
            if phase == Phase.DOT:
                after = books
            else:
                before.append(books)
    finding = Finding(f"{times:,} times at each of 8 moments, {bodies:,} times in the middle of a long body")
    finding.at_most("before the dot: sent twice", sum(books.duplicates for books in before))
    finding.at_most("before the dot: not known", sum(books.unknown for books in before))
    finding.at_most("before the dot: not sent", sum(books.rows - len(+_copies(books)) for books in before))
    finding.at_most("after the dot: sent twice", after.duplicates)
    finding.at_most("after the dot: not called unknown", abs(drops[Phase.DOT] - after.unknown))
    finding.at_most("lost without trace", sum(books.lost for books in (*before, after)))
    finding.facts = {f"at {phase}": count for phase, count in drops.items()}
    return finding


def _dropping(phase: Phase, times: int, dice: random.Random, folder: Path) -> Dropping:
    """In the middle of messages only now and then: a server that hangs up each time is in trouble, not in doubt."""
    is_rare = phase in {*IN_THE_MESSAGE, Phase.DOT}
    sink = Dropping(at=phase, left=times, chance=0.15 if is_rare else 1.0, dice=dice)
    sink.extensions = [*sink.extensions, "AUTH PLAIN"]
    if phase == Phase.TLS:
        authority = new_authority(folder)
        os.environ["SSL_CERT_FILE"] = str(authority.file)
        sink.certificate = authority.server("localhost")
    return sink


def _hang_up(sink: Dropping) -> Books:
    people = {Phase.BODY: sink.left, Phase.DOT: sink.left * 8}.get(sink.at, sink.left * 8)
    if sink.at in BEFORE_THE_MESSAGE:
        people = 20
    run = new_run(people, LONG_HTML if sink.at == Phase.BODY else HTML)
    with running_sink(sink), _leaving_by(_settings(sink)):
        _work_off(run, HandClock())
        return compare(run, accepted(sink))


def _settings(sink: Dropping) -> MailSettings:
    if sink.at == Phase.TLS:
        return replace(sink.mail_settings, host="localhost", starttls=True)
    return replace(sink.mail_settings, user="relay", password="secret") if sink.at == Phase.AUTH else sink.mail_settings


def _copies(books: Books) -> Counter[int]:
    return books.accepted or Counter()


def slow_to_answer(scale: Scale, seed: int) -> Finding:
    """R8: the answer to the final dot comes, but late, while others look for dead workers all the time."""
    people, delay = 40, scale.pick(6.0, 60.0, 540.0)
    run, dice = new_run(people), random.Random(seed)
    addresses = list(run.deliveries.order_by("pk").values_list("address", flat=True))
    slow = set(dice.sample(addresses, 10))

    def take_time(phase: Phase, recipient: str) -> None:
        if phase == Phase.DOT and recipient in slow:
            time.sleep(delay)

    with running_sink(Sink(before=take_time)) as sink, Crew(run, sink.mail_settings):
        wait_for_end(run, delay * len(slow) + 60)
        books = compare(run, accepted(sink))
    finding = Finding(f"{people} messages, {len(slow)} answers after {delay:g} seconds, 2 workers")
    books.onto(finding)
    finding.at_most("not sent", books.rows - len(+_copies(books)))
    return finding
