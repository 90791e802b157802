"""Lists and notes of a contact by the API, as in the browser."""

from datetime import datetime

import pytest
from django.test import Client

from audience.models import Contact, ContactNote, ContactProfile, ListMembership
from audience.services import add_to_list, write_note
from tests.factories.audience import ContactFactory, ListFactory
from workspaces.models import Member
from workspaces.permissions import SCOPES
from workspaces.services import create_api_key

pytestmark = pytest.mark.django_db


def _headers(member: Member, now: datetime) -> dict[str, str]:
    _key, secret = create_api_key(workspace=member.workspace, name="till", scopes=SCOPES, by=member, now=now)
    return {"authorization": f"Bearer {secret}"}


@pytest.fixture
def contact(lead: Member) -> Contact:
    made: Contact = ContactFactory.create(workspace=lead.workspace)
    return made


def test_a_contact_is_put_on_a_list_and_taken_off_again(
    lead: Member, contact: Contact, client: Client, now: datetime
) -> None:
    vip, headers, url = ListFactory.create(workspace=lead.workspace, name="VIP"), _headers(lead, now), _url(contact)

    put = client.post(f"{url}lists/", {"list": vip.pk}, content_type="application/json", headers=headers)
    seen = client.get(f"{url}lists/", headers=headers)
    off = client.delete(f"{url}lists/{vip.pk}/", headers=headers)

    assert [(row["id"], row["name"], row["source"]) for row in put.json()] == [(vip.pk, "VIP", "api")]
    assert seen.json() == put.json()
    assert (off.status_code, off.json()) == (200, [])
    assert not ListMembership.objects.exists()


def test_notes_are_read_and_ones_own_are_taken_away(
    lead: Member, marketer: Member, contact: Contact, client: Client, now: datetime
) -> None:
    theirs = write_note(contact=contact, text="Rings on Mondays", by=marketer, now=now)
    headers, url = _headers(lead, now), _url(contact)
    mine = client.post(f"{url}notes/", {"text": "Likes serum"}, content_type="application/json", headers=headers).json()

    seen = [(note["text"], note["by"]) for note in client.get(f"{url}notes/", headers=headers).json()]
    codes = [client.delete(f"{url}notes/{pk}/", headers=headers).status_code for pk in (mine["id"], theirs.pk, 0)]

    assert sorted(seen) == [("Likes serum", lead.user.email), ("Rings on Mondays", marketer.user.email)]
    assert codes == [204, 409, 404]
    assert ContactNote.objects.get() == theirs


def test_a_seller_reaches_no_list_or_note_of_a_colleagues_contact(
    lead: Member, seller: Member, contact: Contact, client: Client, now: datetime
) -> None:
    chosen = ListFactory.create(workspace=lead.workspace)
    add_to_list(contact_list=chosen, contact=contact, source="by hand", by=lead, now=now)
    headers, url = _headers(seller, now), _url(contact)

    codes = [
        client.get(f"{url}lists/", headers=headers).status_code,
        client.get(f"{url}notes/", headers=headers).status_code,
        client.delete(f"{url}lists/{chosen.pk}/", headers=headers).status_code,
    ]

    assert codes == [404, 404, 404]
    assert ListMembership.objects.exists()


def test_how_engaged_somebody_is_says_when_as_well(
    lead: Member, contact: Contact, client: Client, now: datetime
) -> None:
    ContactProfile.objects.create(workspace=lead.workspace, contact=contact, open_count=2, last_open_at=now, rfm=345)

    profile = client.get(_url(contact), headers=_headers(lead, now)).json()["profile"]

    assert (profile["open_count"], profile["rfm"], profile["last_click_at"]) == (2, 345, None)
    assert datetime.fromisoformat(profile["last_open_at"]) == now


def _url(contact: Contact) -> str:
    return f"/api/v1/contacts/{contact.pk}/"
