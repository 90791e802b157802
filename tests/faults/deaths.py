"""Workers that are killed in the middle of what they do."""

import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from django.utils import timezone

from benchmarks.sink import running_sink
from delivery import sending, services
from delivery.models import Run
from tests.faults.books import Books, compare
from tests.faults.finding import Finding, Scale
from tests.faults.hands import begin, reap_and_resend
from tests.faults.product import Product
from tests.faults.scene import CONNECTIONS, Crew, Progress, moments, new_run, wait_for_end, wait_until
from workspaces.models import Member

LATENCY = 2.0  # milliseconds, so that there is always something between a final dot and its answer
SLOW = 100.0  # milliseconds; so that a deployment meets a send under way
LONGEST_DRAIN = 30.0  # seconds
LONGEST_HESITATION = 0.05  # seconds after the moment, so that it is not always the same one


def killed_while_held(scale: Scale, seed: int) -> Finding:
    """R1: SIGKILL at random moments; what nobody knows stays unknown."""
    people, kills = scale.pick(4_000, 100_000), scale.pick(10, 100)
    run = new_run(people)
    with running_sink(latency_ms=LATENCY, is_logging=True) as sink, Crew(run, sink.mail_settings) as crew:
        _strike(crew, Progress(sink), people, kills, random.Random(seed))
        wait_for_end(run)
        books = compare(run, sink.accepted())
    finding = Finding(f"{people:,} messages, {kills} kills, 2 workers")
    books.onto(finding, unknown=kills * CONNECTIONS)
    finding.facts = {"kills": kills, "unknown": books.unknown, "of them delivered": books.unknown_delivered}
    return finding


def killed_and_sent_again(scale: Scale, seed: int) -> Finding:
    """R2: the same where what is not known is sent again: nobody is left out, and only those can get it twice."""
    people, kills = scale.pick(4_000, 100_000), scale.pick(10, 100)
    run = new_run(people)
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events"
        events.touch()
        with running_sink(latency_ms=LATENCY, is_logging=True) as sink:
            crew = Crew(run, sink.mail_settings, poller=begin(reap_and_resend, run.pk, events))
            with crew:
                _strike(crew, Progress(sink), people, kills, random.Random(seed))
                wait_for_end(run)
            books = compare(run, sink.accepted())
        resent = Counter(int(line) for line in events.read_text().splitlines())
    return _resent(f"{people:,} messages, {kills} kills, 2 workers", kills, books, resent)


def _resent(scale: str, kills: int, books: Books, resent: Counter[int]) -> Finding:
    accepted = books.accepted or Counter()
    finding = Finding(scale, facts={"kills": kills, "sent again": resent.total(), "most copies": books.most_copies})
    finding.at_most("never accepted", books.rows - len(+accepted))
    finding.at_most("lost without trace", books.lost)
    finding.at_most("not known at the end", books.unknown)
    finding.at_most("sent twice", books.duplicates, resent.total())
    finding.at_most("copies without a death that hit", sum(accepted[key] > 1 + resent[key] for key in accepted))
    finding.at_most("sent again", resent.total(), kills * CONNECTIONS)
    return finding


def _strike(crew: Crew, progress: Progress, people: int, kills: int, dice: random.Random) -> None:
    for moment in moments(kills, people, dice):
        progress.wait_for(moment)
        time.sleep(dice.uniform(0, LONGEST_HESITATION))
        crew.kill_one(dice)


def asked_to_end(scale: Scale, seed: int) -> Finding:
    """R11: a deployment, again and again: SIGTERM to a Celery worker that sends, while another is there."""
    times, dice = scale.pick(2, 20), random.Random(seed)
    people = times * 3_000
    run = new_run(people)
    member = Member.objects.get(workspace=run.workspace)
    drained = []
    with (
        running_sink(latency_ms=SLOW, is_logging=True) as sink,
        Product(sink.mail_settings, names=["work", "beat"]) as product,
    ):
        progress = Progress(sink)
        product.start("send", alias="send 0")
        for number in range(times):
            progress.wait_for(progress.count + 50)
            time.sleep(dice.uniform(0, 3))
            product.start("send", alias=f"send {number + 1}")
            drained.append(product.ask_to_end(f"send {number}"))
        if not Run.objects.get(pk=run.pk).has_ended:
            services.cancel(run=run, by=member, now=timezone.now())  # the rest would only take time
        drained.append(product.ask_to_end(f"send {times}"))
        wait_until(lambda: not run.lanes.exists(), 60, 0.2)
        sending.ring(timezone.now())
        books = compare(run, sink.accepted())
    finding = Finding(f"{times} deployments, {len(+(books.accepted or Counter())):,} messages")
    books.onto(finding)
    finding.at_most("longest to end", max(drained), LONGEST_DRAIN, " s")
    return finding
