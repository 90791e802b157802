"""Imports whose worker dies, stalls, meets another or is told to stop: no row is taken twice or lost."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import InternalError, connection
from django.utils import timezone

from audience.imports import cancel_import
from audience.intake import BUDGET, CHUNK, LEASE, run_import
from audience.models import Consent, ConsentEntry, Contact, ContactImport, ImportRefusal, ImportState
from audience.services import archive_attribute
from audience.tasks import ring_imports
from audience.tasks import run_import as run_import_task
from tests.conftest import Bell
from tests.factories.audience import AttributeFactory, ImportFactory
from tests.factories.imports import lose_file, people_csv, started
from tests.together import together
from workspaces.models import AuditEntry, Member

pytestmark = pytest.mark.django_db
Clock = Callable[[], datetime]
ROWS = CHUNK * 3
BROKEN_LINES = [501, CHUNK + 501, 2 * CHUNK + 501]


@pytest.fixture
def clock(now: datetime) -> Clock:
    """A clock that moves a millisecond whenever it is read."""
    ticks = count()
    return lambda: now + timedelta(milliseconds=next(ticks))


def _csv_with_a_bad_row_in_every_chunk() -> str:
    lines = people_csv(range(ROWS)).splitlines()
    for number in range(3):
        lines[number * CHUNK + 500] = f"nonsense {number},X,Y"
    return "\n".join([*lines, ""])


def _die_on(line: int | None) -> None:
    """Have PostgreSQL end the transaction that keeps the refusal of this line; None: no more."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER IF EXISTS die ON audience_importrefusal")
        if line is not None:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION die() RETURNS trigger AS $$ BEGIN RAISE 'killed'; END $$ LANGUAGE plpgsql"
            )
            cursor.execute(
                f"CREATE TRIGGER die BEFORE INSERT ON audience_importrefusal FOR EACH ROW WHEN (NEW.line = {line:d})"
                " EXECUTE FUNCTION die()"
            )


def _require_everything_taken_once(found: ContactImport) -> None:
    found.refresh_from_db()
    assert (found.state, found.created_count, found.updated_count, found.unchanged_count, found.refused_count) == (
        ImportState.DONE,
        ROWS - 3,
        0,
        0,
        3,
    )
    assert Contact.objects.count() == ConsentEntry.objects.count() == ROWS - 3
    assert list(found.refusals.order_by("line").values_list("line", flat=True)) == BROKEN_LINES


@pytest.mark.parametrize("line", BROKEN_LINES)
def test_a_worker_killed_in_the_middle_of_a_chunk_is_followed_by_another(
    lead: Member, now: datetime, clock: Clock, line: int
) -> None:
    found = started(_csv_with_a_bad_row_in_every_chunk(), by=lead, now=now, consent=Consent.GIVEN)
    _die_on(line)
    with pytest.raises(InternalError, match="killed"):
        run_import(found.pk, clock)
    found.refresh_from_db()
    after_death = (found.state, found.created_count, Contact.objects.count(), ImportRefusal.objects.count())

    _die_on(None)
    run_import(found.pk, lambda: clock() + LEASE)

    chunks = line // CHUNK
    assert after_death == (ImportState.RUNNING, chunks * (CHUNK - 1), chunks * (CHUNK - 1), chunks)
    _require_everything_taken_once(found)


def test_the_dead_workers_lease_is_waited_for(lead: Member, now: datetime, clock: Clock) -> None:
    found = started(_csv_with_a_bad_row_in_every_chunk(), by=lead, now=now)
    _die_on(BROKEN_LINES[1])
    with pytest.raises(InternalError):
        run_import(found.pk, clock)
    _die_on(None)

    run_import(found.pk, clock)

    found.refresh_from_db()
    assert found.state == ImportState.RUNNING
    assert Contact.objects.count() == CHUNK - 1


def test_an_import_cancelled_in_the_middle_keeps_what_was_taken(lead: Member, now: datetime, clock: Clock) -> None:
    found = started(people_csv(range(ROWS)), by=lead, now=now)
    calls = count(1)

    def cancelling() -> datetime:
        if next(calls) == 4:  # the claim, the budget, the first chunk; the second is about to be written
            cancel_import(found=found, by=lead, now=now)
        return clock()

    run_import(found.pk, cancelling)

    found.refresh_from_db()
    assert found.state == ImportState.CANCELLED
    assert found.created_count == Contact.objects.count() == CHUNK
    assert not AuditEntry.objects.filter(action="import.done").exists()


def test_a_cancelled_import_is_not_taken_up(lead: Member, now: datetime, clock: Clock) -> None:
    found = started(people_csv(range(3)), by=lead, now=now)
    cancel_import(found=found, by=lead, now=now)

    run_import(found.pk, clock)

    assert not Contact.objects.exists()


def test_a_worker_that_was_only_slow_finds_its_follower(lead: Member, now: datetime, clock: Clock) -> None:
    """The first holds its second chunk ready while a minute passes and another takes over and finishes."""
    found = started(_csv_with_a_bad_row_in_every_chunk(), by=lead, now=now, consent=Consent.GIVEN)
    calls = count(1)

    def stalling() -> datetime:
        if next(calls) == 4:
            run_import(found.pk, lambda: clock() + LEASE)
        return clock()

    run_import(found.pk, stalling)

    _require_everything_taken_once(found)
    assert AuditEntry.objects.filter(action="import.done").count() == 1


@pytest.mark.parametrize("state", [ImportState.MAPPING, ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED])
def test_only_an_unfinished_import_is_taken_up(lead: Member, clock: Clock, state: str) -> None:
    found = ImportFactory.create(workspace=lead.workspace, state=state)

    run_import(found.pk, clock)

    found.refresh_from_db()
    assert found.state == state
    assert not Contact.objects.exists()


def test_an_import_that_does_not_exist_is_nothing_to_do(clock: Clock) -> None:
    run_import(10**9, clock)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_take_every_row_once(lead: Member, now: datetime, clock: Clock, bells: list[Bell]) -> None:
    found = started(_csv_with_a_bad_row_in_every_chunk(), by=lead, now=now, consent=Consent.GIVEN)

    results = together(*[lambda: run_import(found.pk, clock)] * 3)

    assert results == [None, None, None]
    _require_everything_taken_once(found)


@pytest.mark.django_db(transaction=True)
def test_two_files_with_the_same_people_at_once_make_each_person_once(
    lead: Member, now: datetime, clock: Clock, bells: list[Bell]
) -> None:
    numbers = list(range(CHUNK))
    files = [started(people_csv(order), by=lead, now=now) for order in (numbers, numbers[::-1])]

    results = together(*(lambda f=found: run_import(f.pk, clock) for found in files))

    for found in files:
        found.refresh_from_db()
    assert results == [None, None]
    assert [found.state for found in files] == [ImportState.DONE] * 2
    assert Contact.objects.count() == sum(found.created_count for found in files) == CHUNK


def test_after_its_budget_a_worker_hands_over(
    lead: Member, now: datetime, bells: list[Bell], django_capture_on_commit_callbacks: Any
) -> None:
    found = started(_csv_with_a_bad_row_in_every_chunk(), by=lead, now=now, consent=Consent.GIVEN)
    ticks = count()

    def slow() -> datetime:
        return now + next(ticks) * (BUDGET / 2 + timedelta(seconds=1))

    rounds = 0
    while ContactImport.objects.unfinished().exists():
        with django_capture_on_commit_callbacks(execute=True):
            run_import(found.pk, slow)
        rounds += 1
        assert rounds < 9

    assert rounds > 1
    assert bells == [("audience.run_import", {"import_id": found.pk})] * (rounds - 1)
    _require_everything_taken_once(found)


def test_an_attribute_that_went_meanwhile_stops_the_import_with_a_sentence(
    lead: Member, now: datetime, clock: Clock
) -> None:
    city = AttributeFactory.create(workspace=lead.workspace, key="city")
    found = started("email,city\nann@example.org,Sofia\n", by=lead, now=now)
    archive_attribute(definition=city, by=lead, now=now)

    run_import(found.pk, clock)

    found.refresh_from_db()
    assert found.state == ImportState.FAILED
    assert "an attribute that no longer exists" in found.message
    assert AuditEntry.objects.filter(action="import.failed").count() == 1


def test_a_file_that_went_meanwhile_stops_the_import_with_a_sentence(lead: Member, now: datetime, clock: Clock) -> None:
    found = started(people_csv(range(3)), by=lead, now=now)
    lose_file(found)

    run_import(found.pk, clock)

    found.refresh_from_db()
    assert (found.state, found.message) == (ImportState.FAILED, "The file is gone. Upload it again.")


def test_a_file_that_breaks_off_keeps_what_was_taken_before(lead: Member, now: datetime, clock: Clock) -> None:
    found = started(people_csv(range(ROWS)), by=lead, now=now)
    lose_file(found)
    found.file.storage.save(found.file.name, ContentFile(people_csv(range(CHUNK * 2)).encode() + b"\xff\xfe\n"))

    run_import(found.pk, clock)

    found.refresh_from_db()
    assert found.state == ImportState.FAILED
    assert f"near line {CHUNK * 2 + 2}" in found.message
    assert Contact.objects.count() == found.created_count >= CHUNK


def test_the_poller_rings_for_imports_that_nobody_holds(
    lead: Member, bells: list[Bell], django_capture_on_commit_callbacks: Any
) -> None:
    moment = timezone.now()
    states = {
        "lost bell": (ImportState.WAITING, None),
        "dead worker": (ImportState.RUNNING, moment - timedelta(seconds=1)),
        "at work": (ImportState.RUNNING, moment + LEASE),
        "done": (ImportState.DONE, None),
        "being matched": (ImportState.MAPPING, None),
    }
    made = {
        name: ImportFactory.create(workspace=lead.workspace, state=state, lease_until=lease)
        for name, (state, lease) in states.items()
    }

    with django_capture_on_commit_callbacks(execute=True):
        ring_imports()

    rung = {kwargs["import_id"] for _name, kwargs in bells}
    assert rung == {made["lost bell"].pk, made["dead worker"].pk}


def test_a_task_of_a_newer_version_is_understood(lead: Member, now: datetime) -> None:
    found = started(people_csv(range(3)), by=lead, now=now)

    run_import_task(import_id=found.pk, something_new=True)

    assert Contact.objects.count() == 3
