"""A seller's people, wherever people are shown: of colleagues' people he or she sees nothing."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from audience.models import Contact
from campaigns.models import Campaign
from campaigns.readers import reader_for, readers_offered
from delivery.models import Delivery, DeliveryState
from tests.factories.audience import BulkEditFactory, ContactFactory, ImportFactory
from tests.factories.delivery import DeliveryFactory, RunFactory
from workspaces.models import Member, Workspace

EVERYBODY = {"match": "all", "rules": []}


@pytest.fixture
def mine(workspace: Workspace, seller: Member) -> Contact:
    made: Contact = ContactFactory.create(workspace=workspace, email="mine@example.org", seller=seller)
    return made


@pytest.fixture
def hers(workspace: Workspace, lead: Member) -> Contact:
    made: Contact = ContactFactory.create(workspace=workspace, email="hers@example.org", seller=lead)
    return made


@pytest.fixture
def sent(workspace: Workspace, mine: Contact, hers: Contact) -> Campaign:
    run = RunFactory.create(workspace=workspace)
    for contact in (hers, mine):
        DeliveryFactory.create(run=run, contact=contact, state=DeliveryState.SENT)
    made: Campaign = run.campaign
    return made


@pytest.fixture
def program(seller: Member, api: Callable[..., APIClient]) -> APIClient:
    return api(seller)


@pytest.mark.parametrize("page", ["recipient_list", "recipients_csv"])
def test_the_ledger_shows_a_seller_his_own_people(
    browse: Callable[[Member], Client], workspace: Workspace, seller: Member, sent: Campaign, page: str
) -> None:
    answer = browse(seller).get(reverse(f"delivery:{page}", kwargs={"workspace": workspace.slug, "pk": sent.pk}))

    said = b"".join(answer).decode()
    assert "mine@example.org" in said
    assert "hers@example.org" not in said


def test_the_ledger_by_api_shows_a_seller_his_own_people(program: APIClient, sent: Campaign) -> None:
    answer = program.get(reverse("api:run-deliveries", kwargs={"pk": sent.pk}))

    assert [row["address"] for row in answer.json()["results"]] == ["mine@example.org"]


def test_a_seller_looks_at_a_mail_as_one_of_his_own_people(
    seller: Member, sent: Campaign, mine: Contact, hers: Contact, now: datetime
) -> None:
    shown = [reader_for(sent, seller, wanted, now).contact for wanted in ("", str(hers.pk), "hers@example.org")]

    assert shown == [mine, mine, mine]
    assert readers_offered(sent, seller, now) == [mine]


def test_a_seller_who_looks_after_nobody_sees_the_mail_as_a_made_up_reader(
    seller: Member, sent: Campaign, now: datetime
) -> None:
    Contact.objects.update(seller=None)

    shown = reader_for(sent, seller, "", now)

    assert shown.note.endswith("the segment holds nobody you see.")


def test_a_segment_names_a_seller_his_own_people_and_counts_all(
    program: APIClient, sent: Campaign, mine: Contact, hers: Contact
) -> None:
    asked = program.post(reverse("api:segment-ask"), {"definition": EVERYBODY}, format="json").json()
    people = program.get(reverse("api:segment-people", kwargs={"pk": sent.segment_id})).json()

    assert (asked["people"], asked["sample"]) == (2, [mine.pk])
    assert [person["email"] for person in people["results"]] == ["mine@example.org"]


def test_wishes_of_a_colleagues_person_do_not_exist(
    browse: Callable[[Member], Client], program: APIClient, workspace: Workspace, seller: Member,
    mine: Contact, hers: Contact,
) -> None:  # fmt: skip
    pages = [
        browse(seller).get(reverse("audience:contact_wishes", kwargs={"workspace": workspace.slug, "pk": contact.pk}))
        for contact in (mine, hers)
    ]
    answers = [program.get(reverse("api:wish-detail", kwargs={"pk": contact.pk})) for contact in (mine, hers)]

    assert [page.status_code for page in pages] == [200, 404]
    assert [answer.status_code for answer in answers] == [200, 404]


def test_files_and_changes_of_others_do_not_exist_for_a_seller(
    browse: Callable[[Member], Client], program: APIClient, workspace: Workspace, seller: Member, lead: Member
) -> None:
    client = browse(seller)
    for factory, page, endpoint, by in (
        (ImportFactory, "import_detail", "contactimport", "created_by"),
        (BulkEditFactory, "bulk_detail", "bulk-edit", "by"),
    ):
        own, other = (factory.create(workspace=workspace, state="done", **{by: member}) for member in (seller, lead))
        shown = [
            client.get(reverse(f"audience:{page}", kwargs={"workspace": workspace.slug, "pk": row.pk})).status_code
            for row in (own, other)
        ]
        listed = program.get(reverse(f"api:{endpoint}-list")).json()["results"]

        assert shown == [200, 404]
        assert [row["id"] for row in listed] == [own.pk]


def test_a_row_whose_contact_is_gone_is_nobodys(seller: Member, lead: Member, sent: Campaign, mine: Contact) -> None:
    Delivery.objects.update(contact=None)

    assert Delivery.objects.seen_by(lead).count() == 2
    assert not Delivery.objects.seen_by(seller).exists()
