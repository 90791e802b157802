"""Contacts, lists and attributes in the browser."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from audience.models import AttributeDefinition, Consent, Contact, ContactList, ListMembership, SuppressionReason
from audience.services import ConsentBasis, give_consent
from tests.factories.audience import AttributeFactory, ContactFactory, ListFactory, MembershipFactory
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]
BASE = "/w/maren-moss"


@pytest.fixture
def client(lead: Member, browse: Browse) -> Client:
    return browse(lead)


def test_contacts_are_listed_newest_first(workspace: Workspace, client: Client) -> None:
    for name in ("First", "Second"):
        ContactFactory.create(workspace=workspace, first_name=name)
    ContactFactory.create(first_name="Theirs")

    page = client.get(f"{BASE}/contacts/").content.decode()

    assert page.index("Second") < page.index("First")
    assert "Theirs" not in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Ann", "Bob"}),
        ("q=ann", {"Ann"}),
        ("q=%00ann", {"Ann"}),
        ("q=nobody", set()),
        ("list=VIP", {"Bob"}),
        ("list=VIP&q=ann", set()),
        ("list=999999999999999999999", set()),
        ("list=%D9%A3", set()),
        ("list=x", {"Ann", "Bob"}),
        ("page=99", {"Ann", "Bob"}),
    ],
)
def test_contacts_are_narrowed_by_words_and_list(
    workspace: Workspace, client: Client, query: str, names: set[str]
) -> None:
    vip = ListFactory.create(workspace=workspace, name="VIP")
    ContactFactory.create(workspace=workspace, first_name="Ann", email="a@example.org")
    MembershipFactory.create(
        contact__workspace=workspace, contact__first_name="Bob", contact__email="b@example.org", contact_list=vip
    )

    page = client.get(f"{BASE}/contacts/?{query.replace('VIP', str(vip.pk))}").content.decode()

    assert {name for name in ("Ann", "Bob") if f">{name}</a>" in page} == names


def test_the_list_of_another_workspace_narrows_to_nobody(workspace: Workspace, client: Client) -> None:
    ContactFactory.create(workspace=workspace, first_name="Ann")
    theirs = MembershipFactory.create()

    page = client.get(f"{BASE}/contacts/", {"list": theirs.contact_list.pk}).content.decode()

    assert "Nobody found" in page
    assert str(theirs.contact.email) not in page


def test_an_empty_workspace_says_what_contacts_are_for(client: Client) -> None:
    page = client.get(f"{BASE}/contacts/").content.decode()

    assert "No contacts yet" in page
    assert f'href="{BASE}/imports/"' in page


def test_many_contacts_take_few_questions(
    workspace: Workspace, client: Client, django_assert_max_num_queries: Any
) -> None:
    ContactFactory.create_batch(60, workspace=workspace)
    client.get(f"{BASE}/contacts/")

    with django_assert_max_num_queries(14):
        page = client.get(f"{BASE}/contacts/").content.decode()

    assert "60 people" in page
    assert "older=" in page


FORM = {
    "email": "Ann@example.org",
    "first_name": "Ann",
    "last_name": "",
    "language": "bg",
    "time_zone": "",
    "external_id": "C-1",
}


def test_a_contact_is_added_with_its_attributes(workspace: Workspace, client: Client) -> None:
    AttributeFactory.create(workspace=workspace, key="points", label="Points", kind="number")

    answer = client.post(f"{BASE}/contacts/new/", {**FORM, "attribute_points": "12,5"}, follow=True)

    contact = Contact.objects.for_workspace(workspace).get()
    assert (contact.address, contact.first_name, contact.language, contact.attributes) == (
        "ann@example.org",
        "Ann",
        "bg",
        {"points": 12.5},
    )
    assert "Contact saved" in answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"{BASE}/contacts/{contact.pk}/"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"email": "ann"}, "is not an e-mail address"),
        ({"email": ""}, "This field is required."),
        ({"time_zone": "Mars"}, "Select a valid choice"),
        ({"language": "xx"}, "Select a valid choice"),
        ({"external_id": "TAKEN"}, "Taken."),
        ({"attribute_points": "many"}, "“many” is not a number for “Points”."),
        ({"first_name": "x" * 101}, "at most 100"),
        ({"first_name": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_a_contact_that_cannot_be_saved_says_why(
    workspace: Workspace, client: Client, changes: dict[str, str], says: str
) -> None:
    AttributeFactory.create(workspace=workspace, key="points", label="Points", kind="number")
    ContactFactory.create(workspace=workspace, external_id="TAKEN")

    answer = client.post(f"{BASE}/contacts/new/", {**FORM, "attribute_points": "", **changes})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert 'value="bg" selected' in page or changes.get("language"), "what was typed is lost"
    assert Contact.objects.for_workspace(workspace).count() == 1


def test_adding_a_known_address_empties_nobody(workspace: Workspace, client: Client) -> None:
    AttributeFactory.create(workspace=workspace, key="city", label="City")
    known = ContactFactory.create(
        workspace=workspace, email="ann@example.org", first_name="Known", attributes={"city": "Sofia"}
    )

    answer = client.post(f"{BASE}/contacts/new/", {**FORM, "first_name": "", "attribute_city": ""})

    known.refresh_from_db()
    assert answer.status_code == 422
    assert "Taken." in answer.content.decode()
    assert (known.first_name, known.attributes) == ("Known", {"city": "Sofia"})


def test_a_contact_is_edited(workspace: Workspace, client: Client) -> None:
    for key, kind in (("city", "text"), ("vip", "boolean"), ("old", "text")):
        AttributeFactory.create(
            workspace=workspace,
            key=key,
            label=key,
            kind=kind,
            archived_at="2026-01-01T00:00Z" if key == "old" else None,
        )
    contact = ContactFactory.create(workspace=workspace, attributes={"city": "Sofia", "vip": True, "old": "kept"})

    shown = client.get(f"{BASE}/contacts/{contact.pk}/edit/").content.decode()
    client.post(f"{BASE}/contacts/{contact.pk}/edit/", {**FORM, "attribute_city": "", "attribute_vip": "True"})

    contact.refresh_from_db()
    assert 'value="Sofia"' in shown
    assert (contact.address, contact.external_id) == ("ann@example.org", "C-1")
    assert contact.attributes == {"vip": True, "old": "kept"}


def test_each_attribute_is_asked_for_in_its_own_kind(workspace: Workspace, client: Client) -> None:
    for key, kind in (("city", "text"), ("points", "number"), ("born", "date"), ("vip", "boolean")):
        AttributeFactory.create(workspace=workspace, key=key, label=key, kind=kind)
    attributes = {"city": "Sofia", "points": 12.5, "born": "2000-05-18", "vip": False}
    contact = ContactFactory.create(workspace=workspace, attributes=attributes)
    typed = {"attribute_points": "12.5", "attribute_born": "2000-05-18", "attribute_vip": "no"}

    page = client.get(f"{BASE}/contacts/{contact.pk}/edit/").content.decode()
    client.post(f"{BASE}/contacts/{contact.pk}/edit/", {**FORM, "attribute_city": "Sofia", **typed})

    contact.refresh_from_db()
    assert '<input type="date" name="attribute_born" value="2000-05-18" class="input"' in page
    assert '<option value="no" selected>No</option>' in page
    assert 'value="12.5" inputmode="decimal" class="input"' in page
    assert contact.attributes == attributes


def test_a_contact_is_shown_with_everything_we_know(
    workspace: Workspace, lead: Member, client: Client, now: datetime, django_assert_max_num_queries: Any
) -> None:
    for key, kind, label in (("vip", "boolean", "VIP"), ("born", "date", "Born"), ("points", "number", "Points")):
        AttributeFactory.create(workspace=workspace, key=key, label=label, kind=kind)
    contact = ContactFactory.create(
        workspace=workspace, first_name="Ann", attributes={"vip": True, "born": "2000-05-18", "points": 1234}
    )
    give_consent(contact=contact, basis=ConsentBasis("form", "Yes <please>"), by=lead, now=now)
    client.get(f"{BASE}/contacts/{contact.pk}/")

    with django_assert_max_num_queries(30):
        page = client.get(f"{BASE}/contacts/{contact.pk}/").content.decode()

    for shown in ("<dd>Yes</dd>", "<dd>18 May 2000</dd>", "<dd>1,234</dd>", "Consent: given", "Yes &lt;please&gt;"):
        assert shown in page


def test_consent_given_in_person_is_recorded(workspace: Workspace, client: Client, lead: Member) -> None:
    contact = ContactFactory.create(workspace=workspace, consent=Consent.UNKNOWN)

    client.post(f"{BASE}/contacts/{contact.pk}/consent/", {"wording": "At the till, on 18 May"})

    entry = contact.consent_log.get()
    assert (entry.consent, entry.source, entry.wording, entry.by) == (
        Consent.GIVEN, "by hand", "At the till, on 18 May", lead,
    )  # fmt: skip


def test_consent_without_evidence_is_not_recorded(workspace: Workspace, client: Client) -> None:
    contact = ContactFactory.create(workspace=workspace, consent=Consent.UNKNOWN)

    answer = client.post(f"{BASE}/contacts/{contact.pk}/consent/", {"wording": "  "}, follow=True)

    contact.refresh_from_db()
    assert contact.consent == Consent.UNKNOWN
    assert "that is the evidence" in answer.content.decode()


def test_an_address_is_never_written_to_again(workspace: Workspace, client: Client) -> None:
    contact = ContactFactory.create(workspace=workspace)

    page = client.post(f"{BASE}/contacts/{contact.pk}/suppress/", follow=True).content.decode()

    contact.refresh_from_db()
    assert contact.suppression == SuppressionReason.MANUAL
    assert "will not be written to again" in page
    assert f"{BASE}/contacts/{contact.pk}/suppress/" not in page


def test_a_contact_goes_on_and_off_a_list(workspace: Workspace, client: Client) -> None:
    contact, vip = ContactFactory.create(workspace=workspace), ListFactory.create(workspace=workspace, name="VIP")
    url = f"{BASE}/contacts/{contact.pk}/lists/"

    on = client.post(url, {"contact_list": vip.pk}, follow=True).content.decode()
    members = ListMembership.objects.count()
    off = client.post(f"{url}{vip.pk}/remove/", follow=True).content.decode()

    assert "Added to the list" in on
    assert members == 1
    assert "Taken off the list" in off
    assert not ListMembership.objects.exists()


@pytest.mark.parametrize("chosen", ["", "x", "theirs", "archived"])
def test_a_list_that_is_none_of_ours_is_refused_aloud(
    workspace: Workspace, client: Client, now: datetime, chosen: str
) -> None:
    contact = ContactFactory.create(workspace=workspace)
    lists = {"theirs": ListFactory.create(), "archived": ListFactory.create(workspace=workspace, archived_at=now)}
    value = lists[chosen].pk if chosen in lists else chosen

    page = client.post(f"{BASE}/contacts/{contact.pk}/lists/", {"contact_list": value}, follow=True).content.decode()

    assert "Choose one of the lists." in page
    assert not ListMembership.objects.exists()


def test_a_list_is_made_and_its_people_are_counted(
    workspace: Workspace, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.post(f"{BASE}/lists/", {"name": "VIP", "description": "The best"})
    vip = ContactList.objects.get()
    for _count in range(3):
        MembershipFactory.create(contact__workspace=workspace, contact_list=vip)
    ListFactory.create_batch(8, workspace=workspace)

    with django_assert_max_num_queries(14):
        page = client.get(f"{BASE}/lists/").content.decode()

    assert "3 people" in page
    assert "0 people" in page


def test_a_list_with_a_name_that_is_taken_says_so_at_the_name(workspace: Workspace, client: Client) -> None:
    ListFactory.create(workspace=workspace, name="VIP")

    answer = client.post(f"{BASE}/lists/", {"name": "VIP"})

    assert answer.status_code == 422
    assert 'id="id_name_error"' in answer.content.decode()


def test_an_attribute_is_added_and_archived(workspace: Workspace, client: Client) -> None:
    added = client.post(f"{BASE}/attributes/", {"label": "Любим цвят", "kind": "text"}, follow=True).content.decode()
    definition = AttributeDefinition.objects.get()
    archived = client.post(f"{BASE}/attributes/{definition.pk}/archive/", follow=True).content.decode()

    definition.refresh_from_db()
    assert "contact.attributes.любим_цвят" in added
    assert definition.archived_at is not None
    assert "“Любим цвят” is no longer used" in archived


@pytest.mark.parametrize(
    ("label", "says"), [("!!!", "No letter."), ("City", "Already there."), ("", "This field is required.")]
)
def test_an_attribute_that_cannot_be_says_why(workspace: Workspace, client: Client, label: str, says: str) -> None:
    AttributeFactory.create(workspace=workspace, key="city", label="City")

    answer = client.post(f"{BASE}/attributes/", {"label": label, "kind": "text"})

    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_whoever_may_only_look_is_offered_nothing_to_press(
    workspace: Workspace, analyst: Member, browse: Browse
) -> None:
    contact = ContactFactory.create(workspace=workspace, consent=Consent.UNKNOWN)
    client = browse(analyst)

    for path in ("contacts/", f"contacts/{contact.pk}/", "lists/", "attributes/", "segments/", "imports/"):
        page = client.get(f"{BASE}/{path}").content.decode().split('<main id="main"')[1].split("</main>")[0]
        assert 'method="post"' not in page, path
        assert "/edit/" not in page, path
        assert "/new/" not in page, path
