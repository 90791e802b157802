"""Does this database know everything that was sent? The guard before every look at what is due.

The installation's identity and clock stand in the database and in a file outside it, and the file is written after the
database has committed: so it is never ahead. A file that is, a database of another installation, one that suddenly
lives on a machine that never worked with it, or a clock that goes backwards mean that messages may have been sent of
which this database knows nothing. Then nothing is sent until a person has confirmed.
"""

import json
import logging
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from delivery.halts import halt_run
from delivery.late import hold_as_missed
from delivery.models import BOUNDS, Doubt, Halt, Installation, RestoreHold, Run
from delivery.notices import tell_leads
from delivery.outages import ask_after_outage
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace

logger = logging.getLogger(__name__)
BEAT = timedelta(seconds=10)  # between two entries of the clock
ALIVE = timedelta(minutes=10)  # since its last entry: somebody works with this database, so another machine may join
SLACK = timedelta(minutes=5)  # that a clock may be set back by without a question
SHORTEST_OUTAGE = timedelta(minutes=BOUNDS["late_after_minutes"][0])


class ConfirmRefused(DomainError):
    """There is nothing to confirm."""

    code = "confirm_refused"


@dataclass(frozen=True, slots=True)
class Note:
    """What the file outside says."""

    deployment: UUID
    clock: datetime


def database_clock() -> datetime:
    """The clock that counts: machines may disagree, their database has one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def stand_ready(now: datetime) -> None:
    """Enter the clock, after a look whether the database can be trusted and how long nothing ran.

    Where it cannot, every workspace is held: its runs pause, its due campaigns ask. Where nothing ran for long, runs
    whose day is over pause with a question. `now` is `database_clock()`. Cheap: mostly one read a call.
    """
    row = Installation.objects.filter(pk=1).first()
    note = read_note()
    if row and note and note.deployment == row.deployment and note.clock <= row.clock <= now < row.clock + BEAT:
        return
    with transaction.atomic():
        row = _locked(now)
        doubt = doubt_about(row, note, now)
        idle_from = row.clock
        if doubt:
            _hold_everything(doubt, row, note, now)
        elif now - idle_from > SHORTEST_OUTAGE:
            row.was_idle_from, row.was_idle_until = idle_from, now
            ask_after_outage(idle_from, now)
        row.clock = now if doubt else max(row.clock, now)
        row.save()
    write_note(Note(row.deployment, row.clock))


def _locked(now: datetime) -> Installation:
    """The row, for this transaction alone. The first time there is none: a new database adopts the machine."""
    Installation.objects.get_or_create(pk=1, defaults={"born_at": now, "clock": now})
    return Installation.objects.select_for_update().get(pk=1)


def doubt_about(row: Installation, note: Note | None, now: datetime) -> Doubt | None:
    """What is wrong with the database, as far as it and the file outside tell."""
    if now < row.clock - SLACK:
        return Doubt.BACKWARDS
    if note is None:
        return Doubt.MOVED if now - row.clock > ALIVE else None
    if note.deployment != row.deployment:
        # A database that has just begun takes the place of the one before; the file is about to say so.
        return Doubt.STRANGER if now - row.born_at > ALIVE else None
    return Doubt.OLDER if note.clock > row.clock else None


def _hold_everything(doubt: Doubt, row: Installation, note: Note | None, now: datetime) -> None:
    seen_at = max(note.clock, row.clock) if note else row.clock
    for workspace in Workspace.objects.order_by("pk"):
        hold, is_new = RestoreHold.objects.get_or_create(
            workspace=workspace,
            confirmed_at=None,
            defaults={"doubt": doubt, "known_until": row.clock, "seen_at": seen_at, "since": now},
        )
        if is_new:
            record("safety.held", workspace, by=None, now=now, doubt=doubt)
            tell_leads("delivery.restored", workspace, hold.pk, now)
        _stop_all(workspace, now)


def _stop_all(workspace: Workspace, now: datetime) -> None:
    """First what is due: a campaign that is just being started is waited for, and then is a run."""
    _ask_about_due(workspace, now)
    for run in Run.objects.for_workspace(workspace).active().select_for_update(of=("self",)).order_by("pk"):
        halt_run(run, Halt.RESTORED, {}, now)


def _ask_about_due(workspace: Workspace, now: datetime) -> None:
    due = Campaign.objects.for_workspace(workspace).due(now).select_for_update(of=("self",))
    for campaign in due.with_parts().order_by("pk"):
        hold_as_missed(campaign, now)


@transaction.atomic
def confirm_restore(*, workspace: Workspace, by: Member | None, now: datetime) -> None:
    """This database is the right one, and no other installation sends from a copy of it: sends may start again.

    Runs stay paused, and campaigns whose time has come meanwhile ask: each may have gone out already. Raises
    `ConfirmRefused` if nothing is held.
    """
    held = RestoreHold.objects.for_workspace(workspace).open()
    if not held.update(confirmed_at=now, confirmed_by=by):
        raise ConfirmRefused(_("Nothing is held back, so there is nothing to confirm."))
    _ask_about_due(workspace, now)
    record("safety.confirmed", workspace, by=by, now=now)


def note_path() -> Path:
    return Path(settings.VAR_DIR) / "installation" / "clock.json"


def read_note() -> Note | None:
    """The file outside; None where there is none, or none that can be read."""
    try:
        told = json.loads(note_path().read_text())
        return Note(UUID(str(told["deployment"])), datetime.fromisoformat(told["clock"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        logger.warning("%s cannot be read", note_path())
        return None


def write_note(note: Note) -> None:
    """Replace the file at once and as a whole; a disk that is full leaves the old one."""
    path = note_path()
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps({"deployment": str(note.deployment), "clock": note.clock.isoformat()}))
        partial.replace(path)
    except OSError:
        logger.exception("%s cannot be written", path)
