"""A very long send: what grows, and should not."""

import re
from pathlib import Path

from django.db import connection

from benchmarks.sink import running_sink
from delivery.models import Run
from tests.faults.books import compare
from tests.faults.finding import Finding, Scale
from tests.faults.scene import Crew, Progress, new_run, wait_until

LOOK = 0.5  # seconds between two looks
SETTLED = 0.5  # of the messages, after which the allocator has all it needs and a leak would go on
MOST_GROWTH = 16.0  # megabytes from then to the end
MOST_SWELL = 1.5  # of the ledger's table: half of each page is left free for the second version of its rows


def long_send(scale: Scale, _seed: int) -> Finding:
    """R18: one worker for all of it; its memory, the sessions with PostgreSQL and the ledger's pages are watched."""
    people = scale.pick(50_000, 1_000_000)
    run = new_run(people)
    before = _pages()
    memory: list[tuple[int, float]] = []
    sessions = 0
    with running_sink(is_logging=True) as sink, Crew(run, sink.mail_settings, size=1) as crew:
        progress, worker = Progress(sink), crew.workers[0]

        def look() -> bool:
            nonlocal sessions
            memory.append((progress.count, _resident(worker.pid or 0)))
            sessions = max(sessions, _sessions())
            return Run.objects.get(pk=run.pk).has_ended

        wait_until(look, 3600, LOOK)
        books = compare(run, sink.accepted())
    finding = Finding(f"{people:,} messages, 1 worker")
    books.onto(finding)
    settled = [size for count, size in memory if count >= people * SETTLED and size]
    finding.at_most("memory grown in the second half", max(settled) - settled[0], MOST_GROWTH, " MB")
    finding.at_most("sessions with PostgreSQL", sessions, 4)  # the worker's two, the poller's, and who is watching
    finding.at_most("the ledger's table swollen to", round(_pages() / before, 2), MOST_SWELL, " times")
    finding.facts = {"memory in MB": round(max(settled)), "dead rows": _dead()}
    return finding


def _resident(process: int) -> float:
    """Megabytes of its own, without mapped files; 0 once it has ended."""
    status = Path(f"/proc/{process}/status")
    try:
        found = re.search(r"RssAnon:\s+(\d+) kB", status.read_text())
    except FileNotFoundError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def _one(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])


def _sessions() -> int:
    return _one(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type LIKE 'client%%'"
    )


def _pages() -> int:
    return _one("SELECT pg_relation_size('delivery_delivery')")


def _dead() -> int:
    return _one("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'delivery_delivery'")
