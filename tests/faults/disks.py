"""Disks that run full: PostgreSQL's, and the one on which workers keep their notes.

Memory disks of a few hundred megabytes, mounted for the purpose, which takes root's rights. PostgreSQL's is tried in a
process with servers of its own on such a disk, which prints what came of it.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection

from benchmarks.ground import prepare
from benchmarks.sink import running_sink
from delivery.models import Run, RunState
from emailops.embedded import var_folder
from emailops.processes import ROOT
from tests.faults.books import compare
from tests.faults.finding import Finding, Scale
from tests.faults.product import URLS, revive
from tests.faults.scene import CONNECTIONS, Crew, Progress, moments, new_run, wait_for_end, wait_until

INSIDE = "from tests.faults import awake, disks; disks.inside()"
GROW_TABLE = "CREATE TABLE IF NOT EXISTS ballast (x text); INSERT INTO ballast SELECT repeat('x', 8000) FROM generate_series(1, 100)"  # noqa: E501
"""A table that cannot grow is an error for whoever writes to it."""
GROW_LOG = "SELECT pg_logical_emit_message(false, 'ballast', repeat('x', 1000000))"
"""A log that cannot grow ends PostgreSQL itself."""
FULL_FOR = 3.0  # seconds
SOON = 60.0  # seconds after which the page must say why nothing goes out
WORKERS = 2
JOURNALS = 20  # megabytes for the notes: two workers' notes fit, of eight each
SERVERS = 420  # megabytes for a PostgreSQL with its log


def full(scale: Scale, seed: int) -> Finding:
    """R10: the disk of PostgreSQL, then that of the notes, is full for a while, again and again."""
    if os.geteuid():
        return Finding(str(scale), note="Not tried: mounting a small disk takes root's rights.")
    inner = _on_a_small_disk(scale, seed)
    finding = Finding(inner["scale"], facts=inner["facts"])
    for claim, measured, bound in inner["checks"]:
        finding.at_most(f"PostgreSQL's disk full: {claim}", measured, bound)
    _notes_full(finding, scale)
    return finding


@contextmanager
def _small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)], check=True)  # noqa: S607
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607


@contextmanager
def _no_room_left(folder: Path) -> Iterator[None]:
    """Fill the disk of a folder to its last byte."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2
    try:
        yield
    finally:
        ballast.unlink()


def _on_a_small_disk(scale: Scale, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, _small_disk(Path(folder), SERVERS):
        bare = {name: value for name, value in os.environ.items() if name not in URLS}
        command = [sys.executable, "-m", "emailops.embedded", "--", sys.executable, "-c", INSIDE, scale, str(seed)]
        done = subprocess.run(
            command, cwd=ROOT, env={**bare, "EMAILOPS_VAR": folder}, check=True, stdout=subprocess.PIPE, text=True
        )
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def servers_full(scale: Scale, seed: int) -> dict[str, Any]:
    people, times = scale.pick((10_000, 2), (60_000, 10))
    run, dice = new_run(people), random.Random(seed)
    deaths = 0
    with running_sink(latency_ms=5, is_logging=True) as sink, Crew(run, sink.mail_settings, size=WORKERS) as crew:
        progress = Progress(sink)
        for number, moment in enumerate(moments(times, people, dice)):
            progress.wait_for(moment)
            with _no_room_left(var_folder()):
                _write_until_refused(GROW_LOG if number % 2 else GROW_TABLE)
                time.sleep(FULL_FOR)
            deaths += _revived()
            crew.mend()
        wait_for_end(run)
        books = compare(run, sink.accepted())
    finding = Finding(f"{people:,} messages, full {times} times for {FULL_FOR:g} s, {WORKERS} workers")
    books.onto(finding, unknown=times * WORKERS * CONNECTIONS)
    checks = [(check.claim, check.measured, check.bound) for check in finding.checks]
    return {"scale": finding.scale, "checks": checks, "facts": {"full": times, "PostgreSQL died of it": deaths}}


def _write_until_refused(query: str) -> None:
    """Until PostgreSQL feels that its disk is full."""
    try:
        with connection.cursor() as cursor:
            for _time in range(1000):
                cursor.execute(query)
    except DatabaseError:
        connection.close()


def _revived() -> int:
    """Start PostgreSQL again where the full disk has ended it, as its supervisor does. Returns 1 if so."""
    try:
        Run.objects.count()
    except DatabaseError:
        connection.close()
        revive()
        return 1
    return 0


def _notes_full(finding: Finding, scale: Scale) -> None:
    people = scale.pick(4_000, 20_000)
    run = new_run(people)
    folder = var_folder() / "journal"
    with (
        _small_disk(folder, JOURNALS),
        running_sink(latency_ms=5, is_logging=True) as sink,
    ):
        with _no_room_left(folder), Crew(run, sink.mail_settings, size=WORKERS) as crew:
            said = wait_until(lambda: bool(Run.objects.get(pk=run.pk).trouble), SOON * 2)
            sent_without_notes = Progress(sink).count
            crew.mend()
        with Crew(run, sink.mail_settings, size=WORKERS):
            wait_for_end(run)
            books = compare(run, sink.accepted())
    finding.at_most("notes' disk full: sent without notes", sent_without_notes)
    finding.at_most("notes' disk full: said on the page after", round(said, 1), SOON, " s")
    finding.at_most("notes' disk full: sent twice, lost or not known", books.duplicates + books.lost + books.unknown)
    assert Run.objects.get(pk=run.pk).state == RunState.DONE


def inside() -> None:
    prepare()
    print(json.dumps(servers_full(Scale(sys.argv[1]), int(sys.argv[2]))))
