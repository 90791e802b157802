"""Writing about a person who is erased in the same instant ends in a sentence."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from audience.erasing.holding import ContactGone
from audience.models import (
    Consent,
    ConsentEntry,
    Contact,
    ContactNote,
    Frequency,
    ListMembership,
    Suppression,
    SuppressionReason,
)
from audience.services import (
    ConsentBasis,
    add_to_list,
    give_consent,
    remove_from_list,
    save_contact,
    withdraw_consent,
    write_note,
)
from audience.services.erasures import erase_contact
from audience.services.wishes import Wishes, pause, save_wishes, set_frequency, set_tracking
from tests.factories.audience import ContactFactory, ListFactory
from workspaces.models import Member, Workspace

BASIS = ConsentBasis("by hand", "said so")


@pytest.fixture
def gone(lead: Member, now: datetime, workspace: Workspace) -> Contact:
    """As somebody saw it who has the page still open."""
    contact: Contact = ContactFactory.create(workspace=workspace, email="vera@example.org")
    erase_contact(contact=Contact.objects.get(pk=contact.pk), by=lead, now=now)
    return contact


WRITES: dict[str, Callable[..., object]] = {
    "note": lambda contact, by, now: write_note(contact=contact, text="Called", by=by, now=now),
    "list": lambda contact, by, now: add_to_list(
        contact_list=ListFactory.create(workspace=contact.workspace), contact=contact, source="by hand", by=by, now=now
    ),
    "consent": lambda contact, by, now: give_consent(contact=contact, basis=BASIS, by=by, now=now),
    "tracking": lambda contact, by, now: set_tracking(
        contact=contact, consent=Consent.GIVEN, basis=BASIS, by=by, now=now
    ),
    "frequency": lambda contact, by, now: set_frequency(
        contact=contact, frequency=Frequency.WEEKLY, basis=BASIS, by=by, now=now
    ),
    "pause": lambda contact, by, now: pause(contact=contact, until=date(2026, 12, 24), basis=BASIS, by=by, now=now),
    "change": lambda contact, by, now: save_contact(
        workspace=contact.workspace, email=contact.email, contact=contact, fields={"city": "Sofia"}, by=by, now=now
    ),
    "wishes": lambda contact, by, now: save_wishes(
        contact=contact, wishes=Wishes(frequency=Frequency.WEEKLY), basis=BASIS, by=by, now=now
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_what_is_written_about_an_erased_person_is_refused_with_a_sentence(
    gone: Contact, lead: Member, now: datetime, write: Callable[..., object]
) -> None:
    with pytest.raises(ContactGone, match="not here any more"):
        write(gone, lead, now)

    assert not ContactNote.objects.exists()
    assert not ListMembership.objects.exists()
    assert not ConsentEntry.objects.filter(contact=gone.pk).exists()


@pytest.mark.django_db
def test_an_erased_person_can_still_be_taken_off_a_list_and_leave(gone: Contact, lead: Member, now: datetime) -> None:
    remove_from_list(contact_list=ListFactory.create(workspace=gone.workspace), contact=gone, by=lead, now=now)

    withdraw_consent(contact=gone, basis=BASIS, by=None, now=now)

    assert Suppression.objects.get().reason == SuppressionReason.ERASED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["contact_note", "contact_add_to_list", "contact_consent"])
def test_the_page_says_so_when_the_erasure_comes_between(
    lead: Member, now: datetime, client: Client, name: str
) -> None:
    contact = ContactFactory.create(workspace=lead.workspace)
    chosen = ListFactory.create(workspace=lead.workspace)
    client.force_login(lead.user)
    url = reverse(f"audience:{name}", kwargs={"workspace": lead.workspace.slug, "pk": contact.pk})
    data = {"text": "Called", "wording": "By phone", "contact_list": chosen.pk}

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            erase_contact(contact=contact, by=lead, now=now)
            asked: Future[Any] = pool.submit(_posted, client, url, data)
            with pytest.raises(TimeoutError):
                asked.result(0.5)  # it waits for the erasure
        answer = asked.result(20)

    assert answer.status_code == 409
    assert "not here any more" in answer.content.decode()


def _posted(client: Client, url: str, data: dict[str, Any]) -> Any:
    try:
        return client.post(url, data)
    finally:
        connection.close()
