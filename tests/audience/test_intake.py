"""Rows on their way into the contacts: taken once, refused with the reason, whatever happens to the worker."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from audience.intake import CHUNK, run_import
from audience.models import (
    Consent,
    ConsentEntry,
    Contact,
    ContactImport,
    ImportState,
    ListMembership,
    SuppressionReason,
)
from audience.services import ConsentBasis, suppress, withdraw_consent
from tests.factories.audience import AttributeFactory, ContactFactory, ListFactory
from tests.factories.imports import SOURCE, WORDING, people_csv, started
from workspaces.models import AuditEntry, Member

pytestmark = pytest.mark.django_db
Clock = Callable[[], datetime]


@pytest.fixture
def clock(now: datetime) -> Clock:
    """A clock that moves a millisecond whenever it is read."""
    ticks = count()
    return lambda: now + timedelta(milliseconds=next(ticks))


def _run(found: ContactImport, clock: Clock) -> ContactImport:
    run_import(found.pk, clock)
    found.refresh_from_db()
    return found


def _counts(found: ContactImport) -> tuple[int, int, int, int]:
    return found.created_count, found.updated_count, found.unchanged_count, found.refused_count


def _refusals(found: ContactImport) -> list[tuple[int, str]]:
    return list(found.refusals.order_by("line").values_list("line", "reason"))


def test_five_hundred_rows_become_five_hundred_contacts(lead: Member, now: datetime, clock: Clock) -> None:
    AttributeFactory.create(workspace=lead.workspace, key="city")
    news = ListFactory.create(workspace=lead.workspace)
    found = started(people_csv(range(500)), by=lead, now=now, contact_list=news, consent=Consent.GIVEN)

    _run(found, clock)

    contact = Contact.objects.get(address="reader8@example.org")
    assert (found.state, found.message, found.read_rate, _counts(found)) == (ImportState.DONE, "", 1.0, (500, 0, 0, 0))
    assert found.finished_at is not None
    assert (contact.email, contact.first_name, contact.attributes) == (
        "reader8@example.org",
        "Reader 8",
        {"city": "City 1"},
    )
    assert (contact.consent, contact.suppression) == (Consent.GIVEN, "")
    assert ListMembership.objects.filter(contact_list=news, source=f"import {found.pk}").count() == 500
    assert AuditEntry.objects.get(action="import.done").detail == {"created": 500, "updated": 0}


def test_each_person_has_a_consent_record_with_the_evidence(lead: Member, now: datetime, clock: Clock) -> None:
    found = _run(started(people_csv(range(3)), by=lead, now=now, consent=Consent.GIVEN), clock)

    entry = ConsentEntry.objects.get(contact__address="reader1@example.org")
    assert ConsentEntry.objects.count() == 3
    assert (entry.consent, entry.source, entry.wording, entry.by) == (Consent.GIVEN, "import", WORDING, lead)
    assert entry.evidence == {"import": found.pk, "file": "people.csv", "line": 3, "where": SOURCE}


def test_people_nobody_has_asked_are_recorded_as_such_once(lead: Member, now: datetime, clock: Clock) -> None:
    for _time in range(2):
        _run(started(people_csv(range(2)), by=lead, now=now), clock)

    assert set(Contact.objects.values_list("consent", "consent_at")) == {(Consent.UNKNOWN, None)}
    assert list(ConsentEntry.objects.values_list("consent", flat=True)) == [Consent.UNKNOWN] * 2


def test_the_same_file_again_changes_nothing(lead: Member, now: datetime, clock: Clock) -> None:
    AttributeFactory.create(workspace=lead.workspace, key="city")
    _run(started(people_csv(range(20)), by=lead, now=now, consent=Consent.GIVEN), clock)
    before = list(Contact.objects.order_by("pk").values())

    again = _run(started(people_csv(range(20)), by=lead, now=now, consent=Consent.GIVEN), clock)

    assert _counts(again) == (0, 0, 20, 0)
    assert list(Contact.objects.order_by("pk").values()) == before
    assert ConsentEntry.objects.count() == 20


def test_known_people_are_updated_and_empty_cells_empty_nothing(lead: Member, now: datetime, clock: Clock) -> None:
    for key in ("city", "street"):
        AttributeFactory.create(workspace=lead.workspace, key=key, label=key)
    known = ContactFactory.create(
        workspace=lead.workspace, email="Ann@example.org", first_name="Ann", last_name="Lee", language="en",
        attributes={"city": "Sofia", "street": "Oborishte"},
    )  # fmt: skip
    text = "email,first name,last name,language,city\nANN@example.org,Anna,,BG,\n"

    found = _run(started(text, by=lead, now=now), clock)

    known.refresh_from_db()
    assert _counts(found) == (0, 1, 0, 0)
    assert (known.first_name, known.last_name, known.language) == ("Anna", "Lee", "bg")
    assert known.attributes == {"city": "Sofia", "street": "Oborishte"}


def test_a_withdrawn_consent_is_never_overridden_by_a_file(lead: Member, now: datetime, clock: Clock) -> None:
    contact = ContactFactory.create(workspace=lead.workspace, email="reader1@example.org")
    withdraw_consent(contact=contact, basis=ConsentBasis("link"), by=None, now=now)

    _run(started(people_csv(range(3)), by=lead, now=now, consent=Consent.GIVEN), clock)

    contact.refresh_from_db()
    assert (contact.consent, contact.suppression) == (Consent.WITHDRAWN, SuppressionReason.UNSUBSCRIBED)
    assert list(contact.consent_log.values_list("consent", flat=True)) == [Consent.WITHDRAWN]
    assert Contact.objects.reachable().count() == 2


def test_a_suppressed_address_stays_suppressed_even_without_a_contact(
    lead: Member, now: datetime, clock: Clock
) -> None:
    reason = SuppressionReason.COMPLAINED
    suppress(workspace=lead.workspace, address="reader1@example.org", reason=reason, by=None, now=now)

    _run(started(people_csv(range(3)), by=lead, now=now, consent=Consent.GIVEN), clock)

    assert Contact.objects.get(address="reader1@example.org").suppression == SuppressionReason.COMPLAINED
    assert Contact.objects.reachable().count() == 2


def test_a_file_may_say_yes_for_people_who_were_not_asked(lead: Member, now: datetime, clock: Clock) -> None:
    _run(started(people_csv(range(2)), by=lead, now=now), clock)

    _run(started(people_csv(range(2)), by=lead, now=now, consent=Consent.GIVEN), clock)

    assert set(Contact.objects.values_list("consent", flat=True)) == {Consent.GIVEN}
    assert ConsentEntry.objects.count() == 4


def test_every_refused_row_is_kept_with_its_line_and_reason(lead: Member, now: datetime, clock: Clock) -> None:
    AttributeFactory.create(workspace=lead.workspace, key="points", label="Points", kind="number")
    ContactFactory.create(workspace=lead.workspace, email="taken@example.org", external_id="C-1")
    text = (
        "email,first name,language,id,points\n"
        "ann@example.org,Ann,en,A-1,5\n"
        ",Nobody,en,,\n"
        "not an address,X,en,,\n"
        "ANN@example.org,Ann again,en,,\n"
        "bob@example.org," + "B" * 101 + ",en,,\n"
        "cid@example.org,Cid,de,,\n"
        "dan@example.org,Dan,,,many\n"
        "eve@example.org,Eve,,C-1,\n"
        "fay@example.org,Fay,,A-1,\n"
        'gil@example.org,"Gil\nOver two lines",,,\n'
        "hal@example.org,Hal, the second,en,H-1,3\n"
        "ida@example.org,Ida,bg\n"
    )

    found = _run(started(text, by=lead, now=now), clock)

    assert [(line, reason[:32]) for line, reason in _refusals(found)] == [
        (3, "There is no e-mail address."),
        (4, "“not an address” is not an e-mai"),
        (5, "The same address stands on line "),
        (6, "“BBBBBBBBBBBBBBBBBBBB…” is too l"),
        (7, "“de” is not one of our languages"),
        (8, "“many” is not a number for “Poin"),
        (9, "The id “C-1” belongs to another "),
        (10, "The id “A-1” stands twice in the"),
        (13, "The row has 6 cells for 5 column"),
    ]
    assert _counts(found) == (3, 0, 0, 9)
    assert found.row_count == 12
    assert set(Contact.objects.exclude(external_id="C-1").values_list("first_name", flat=True)) == {
        "Ann", "Gil\nOver two lines", "Ida",
    }  # fmt: skip


def test_a_refused_row_is_kept_as_it_stood_in_the_file(lead: Member, now: datetime, clock: Clock) -> None:
    ContactFactory.create(workspace=lead.workspace, email="taken@example.org", external_id="C-1")
    text = "note,id,email\nkeep me,C-1,eve@example.org\nkeep me too,,nonsense\n"

    found = _run(started(text, by=lead, now=now, mapping={"0": "", "1": "external_id", "2": "email"}), clock)

    assert [refusal.cells for refusal in found.refusals.order_by("line")] == [
        ["keep me", "C-1", "eve@example.org"],
        ["keep me too", "", "nonsense"],
    ]


def test_a_cell_that_we_disarmed_comes_back_as_it_was(lead: Member, now: datetime, clock: Clock) -> None:
    AttributeFactory.create(workspace=lead.workspace, key="phone", label="Phone")
    text = "email,phone\nann@example.org,'+359 88 123\nbob@example.org,=1+1\n"

    _run(started(text, by=lead, now=now), clock)

    phones = dict(Contact.objects.values_list("address", "attributes__phone"))
    assert phones == {"ann@example.org": "+359 88 123", "bob@example.org": "=1+1"}


def test_another_workspace_notices_nothing(lead: Member, outsider: Member, now: datetime, clock: Clock) -> None:
    theirs = ContactFactory.create(
        workspace=outsider.workspace, email="reader1@example.org", external_id="1", first_name="T"
    )

    _run(started("email,first name,id\nreader1@example.org,Ours,1\n", by=lead, now=now), clock)

    theirs.refresh_from_db()
    assert theirs.first_name == "T"
    assert Contact.objects.for_workspace(lead.workspace).get().first_name == "Ours"


def test_twenty_thousand_rows_are_taken_in_few_statements(
    lead: Member, now: datetime, clock: Clock, django_assert_max_num_queries: Any
) -> None:
    found = started(people_csv(range(20_000)), by=lead, now=now, consent=Consent.GIVEN)

    with django_assert_max_num_queries(20 * 20):
        _run(found, clock)

    assert _counts(found) == (20_000, 0, 0, 0)
    assert ConsentEntry.objects.count() == 20_000


def test_progress_grows_chunk_by_chunk(lead: Member, now: datetime, clock: Clock) -> None:
    seen: list[tuple[int, float]] = []

    def watching() -> datetime:
        row = ContactImport.objects.get()
        seen.append((row.row_count, row.read_rate))
        return clock()

    _run(started(people_csv(range(CHUNK * 3)), by=lead, now=now), watching)

    counts, rates = zip(*seen, strict=True)
    assert {0, CHUNK, 2 * CHUNK} <= set(counts)
    assert list(rates) == sorted(rates)
    assert max(rates) <= 1.0
