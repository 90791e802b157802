"""Workers that are killed in the middle of what they do."""

import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.sink import running_sink
from tests.faults.books import Books, compare
from tests.faults.finding import Finding, Scale
from tests.faults.hands import begin, reap_and_resend
from tests.faults.scene import CONNECTIONS, Crew, Progress, moments, new_run, wait_for_end

LATENCY = 2.0  # milliseconds, so that there is always something between a final dot and its answer
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
