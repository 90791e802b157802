"""Two chunks at once, each on its own connection: what is taken is always the beginning of the file."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count

import pytest
from django.db import IntegrityError, InternalError, connection, connections, transaction

from audience.imports.starting import cancel_import
from audience.intake import CHUNK, LEASE, run_import
from audience.models import (
    Consent,
    ConsentEntry,
    Contact,
    ContactImport,
    ContactList,
    ImportRefusal,
    ImportState,
    ListMembership,
)
from tests.factories.audience import ContactFactory, ListFactory
from tests.factories.imports import people_csv, started
from workspaces.models import Member

Clock = Callable[[], datetime]
ROWS = CHUNK * 3
own_connections = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock(now: datetime) -> Clock:
    ticks = count()
    return lambda: now + timedelta(milliseconds=next(ticks))


def _file(broken_chunk: int | None = None) -> str:
    lines = people_csv(range(ROWS)).splitlines()
    if broken_chunk is not None:
        lines[broken_chunk * CHUNK + 500] = "nonsense,X,Y"
    return "\n".join([*lines, ""])


def _kill_whoever_refuses_a_row() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE FUNCTION die() RETURNS trigger AS $$ BEGIN RAISE 'killed'; END $$ LANGUAGE plpgsql")
        cursor.execute("CREATE TRIGGER die BEFORE INSERT ON audience_importrefusal EXECUTE FUNCTION die()")


def _let_live() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION die CASCADE")


@own_connections
@pytest.mark.parametrize("broken_chunk", [0, 1, 2])
def test_a_chunk_that_fails_takes_those_behind_it_along_and_none_before_it(
    lead: Member, now: datetime, clock: Clock, broken_chunk: int
) -> None:
    found = started(_file(broken_chunk), by=lead, now=now, consent=Consent.GIVEN)
    _kill_whoever_refuses_a_row()

    with pytest.raises(InternalError, match="killed"):
        run_import(found.pk, clock)

    found.refresh_from_db()
    taken = broken_chunk * CHUNK
    assert (found.state, found.created_count, found.next_line) == (
        ImportState.RUNNING,
        taken,
        taken + 2 if taken else found.next_line,
    )
    assert Contact.objects.count() == ConsentEntry.objects.count() == taken
    _let_live()
    run_import(found.pk, lambda: clock() + LEASE)
    assert Contact.objects.count() == ConsentEntry.objects.count() == ROWS - 1
    assert ImportRefusal.objects.count() == 1


@own_connections
def test_an_address_met_in_the_chunk_before_is_refused_though_that_one_is_still_open(
    lead: Member, now: datetime, clock: Clock
) -> None:
    found = started(people_csv([*range(CHUNK), 7, *range(CHUNK, CHUNK * 2)]), by=lead, now=now)

    run_import(found.pk, clock)

    found.refresh_from_db()
    assert (found.created_count, found.refused_count) == (CHUNK * 2, 1)
    assert found.refusals.get().reason == "The same address stands on line 9."


@own_connections
def test_an_import_cancelled_on_its_way_keeps_a_beginning(lead: Member, now: datetime, clock: Clock) -> None:
    found = started(_file(), by=lead, now=now, consent=Consent.GIVEN)
    calls = count(1)

    def cancel() -> None:
        cancel_import(found=found, by=lead, now=now)
        connections.close_all()

    def cancelling() -> datetime:
        if next(calls) == 4:
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(cancel).result()
        return clock()

    run_import(found.pk, cancelling)

    found.refresh_from_db()
    kept = ContactImport.objects.get(pk=found.pk).created_count
    assert found.state == ImportState.CANCELLED
    assert Contact.objects.count() == ConsentEntry.objects.count() == kept
    assert kept % CHUNK == 0


@pytest.mark.django_db
@pytest.mark.parametrize("foreign", ["list", "contact", "none_such"])
def test_a_membership_joins_a_list_and_a_contact_of_its_own_workspace(
    lead: Member, now: datetime, foreign: str
) -> None:
    ours = ListFactory.create(workspace=lead.workspace)
    contact = ContactFactory.create() if foreign == "contact" else ContactFactory.create(workspace=lead.workspace)
    chosen = {"list": ListFactory.create().pk, "none_such": 2**40}.get(foreign, ours.pk)

    with pytest.raises(IntegrityError), transaction.atomic():
        ListMembership.objects.create(
            workspace=lead.workspace, contact_list_id=chosen, contact=contact, added_at=now, source="test"
        )

    assert not ListMembership.objects.exists()


@pytest.mark.django_db
def test_a_list_with_members_cannot_be_deleted_past_them(lead: Member, now: datetime) -> None:
    ours = ListFactory.create(workspace=lead.workspace)
    contact = ContactFactory.create(workspace=lead.workspace)
    ListMembership.objects.create(
        workspace=lead.workspace, contact_list=ours, contact=contact, added_at=now, source="test"
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        ContactList.objects.filter(pk=ours.pk)._raw_delete("default")

    assert ContactList.objects.filter(pk=ours.pk).exists()


@pytest.mark.django_db
def test_what_somebody_said_stands_in_the_contacts_workspace(lead: Member, now: datetime) -> None:
    stranger = ContactFactory.create()

    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentEntry.objects.create(
            workspace=lead.workspace, contact=stranger, consent=Consent.GIVEN, source="test", at=now
        )

    assert not ConsentEntry.objects.filter(source="test").exists()
