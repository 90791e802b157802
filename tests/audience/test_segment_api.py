"""Segments for programs and by JSON: what can be asked, what a rule means, who is in it, and watching it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from audience.models import Segment, SegmentDay
from tests.factories.audience import ContactFactory, SegmentFactory
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db
BULGARIANS = {"match": "all", "rules": [{"field": "language", "op": "any_of", "value": ["bg"]}]}


@pytest.fixture
def segment(workspace: Workspace) -> Segment:
    made: Segment = SegmentFactory.create(workspace=workspace, name="Bulgarians", definition=BULGARIANS)
    return made


@pytest.fixture
def client_of_lead(lead: Member, api: Callable[..., APIClient]) -> APIClient:
    return api(lead)


def test_a_program_learns_what_can_be_asked(client_of_lead: APIClient) -> None:
    known = {row["field"]: row for row in client_of_lead.get(reverse("api:segment-fields")).json()}

    assert {choice["value"] for choice in known["language"]["choices"]} >= {"en", "bg", "ru"}
    assert {"op": "at_least", "label": "at least … times", "takes": "times", "counts": True} in known["order"][
        "operators"
    ]
    assert {prop["property"] for prop in known["order"]["properties"]} == {"status", "product", "category", "total"}
    assert {prop["property"] for prop in known["mail.clicked"]["properties"]} == {"campaign", "link"}


def test_a_rule_is_answered_without_being_kept(client_of_lead: APIClient, workspace: Workspace) -> None:
    there = [
        ContactFactory.create(workspace=workspace, language="bg", consent=consent) for consent in ("given", "withdrawn")
    ]
    ContactFactory.create(workspace=workspace, language="en")

    answer = client_of_lead.post(reverse("api:segment-ask"), {"definition": BULGARIANS}, format="json")

    said = answer.json()
    assert (said["people"], said["reachable"], said["slow"]) == (2, 1, [])
    assert set(said["sample"]) == {contact.pk for contact in there}
    assert "Bulgarian" in said["words"]
    assert not Segment.objects.exists()


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ({"match": "some", "rules": []}, "needs “match”"),
        ({"match": "all", "rules": [{"field": "language", "op": "resembles", "value": []}]}, "cannot be compared"),
        ({"match": "all", "rules": [{"field": "shoe", "op": "is", "value": "x"}]}, "shoe"),
        ({"match": "all", "rules": [{"field": "email", "op": "is"}]}, "rules[0].value"),
    ],
)
def test_a_rule_that_does_not_work_is_refused_with_its_place(
    client_of_lead: APIClient, rule: dict[str, Any], place: str
) -> None:
    answer = client_of_lead.post(reverse("api:segment-ask"), {"definition": rule}, format="json")

    assert answer.status_code == 400
    assert place in answer.json()["message"]


def test_who_is_in_a_segment_comes_page_by_page(
    client_of_lead: APIClient, workspace: Workspace, segment: Segment
) -> None:
    there = ContactFactory.create_batch(3, workspace=workspace, language="bg")
    ContactFactory.create(workspace=workspace, language="en")

    first = client_of_lead.get(reverse("api:segment-people", args=[segment.pk]), {"page_size": 2}).json()
    everybody = list(first["results"])
    while first["next"]:
        first = client_of_lead.get(first["next"]).json()
        everybody += first["results"]

    assert [row["id"] for row in everybody] == sorted((contact.pk for contact in there), reverse=True)
    assert set(everybody[0]) == {"id", "email", "first_name", "last_name", "consent", "suppression"}


def test_a_segment_is_watched_and_left_alone_again_by_a_program(client_of_lead: APIClient, segment: Segment) -> None:
    address = reverse("api:segment-watch", args=[segment.pk])

    begun = client_of_lead.post(address, {"watched": True}, format="json")
    segment.refresh_from_db()
    watched_at = segment.watched_at
    ended = client_of_lead.post(address, {"watched": False}, format="json")
    unclear = client_of_lead.post(address, {"watched": "perhaps"}, format="json")

    segment.refresh_from_db()
    assert (begun.json(), ended.json()) == ({"watched": True}, {"watched": False})
    assert watched_at is not None
    assert segment.watched_at is None
    assert unclear.status_code == 400


def test_a_program_reads_how_a_watched_segment_grew(
    client_of_lead: APIClient, workspace: Workspace, segment: Segment
) -> None:
    ContactFactory.create(workspace=workspace, language="bg")
    address = reverse("api:segment-days", args=[segment.pk])
    before = client_of_lead.get(address).json()

    client_of_lead.post(reverse("api:segment-watch", args=[segment.pk]), {"watched": True}, format="json")

    (day,) = client_of_lead.get(address).json()
    assert before == []
    assert (day["people"], day["entered"], day["left"]) == (1, 0, 0)
    assert client_of_lead.get(reverse("api:segment-detail", args=[segment.pk])).json()["watched_at"] is not None


def test_a_program_puts_a_segment_away_unless_another_names_it(
    client_of_lead: APIClient, workspace: Workspace, segment: Segment
) -> None:
    rule = {"match": "all", "rules": [{"field": "segment", "op": "any_of", "value": [segment.pk]}]}
    naming = SegmentFactory.create(workspace=workspace, name="Friends", definition=rule)

    refused = client_of_lead.delete(reverse("api:segment-detail", args=[segment.pk]))
    gone = client_of_lead.delete(reverse("api:segment-detail", args=[naming.pk]))
    then = client_of_lead.delete(reverse("api:segment-detail", args=[segment.pk]))

    assert (refused.status_code, gone.status_code, then.status_code) == (409, 204, 204)
    assert "“Friends”" in refused.json()["message"]
    assert not Segment.objects.current().exists()


def test_a_segment_is_watched_by_a_button(segment: Segment, lead: Member, browse: Callable[[Member], Client]) -> None:
    client, address = browse(lead), reverse("audience:segment_watch", args=[segment.workspace.slug, segment.pk])

    client.post(address, {"watch": "1"})
    segment.refresh_from_db()
    watched_at = segment.watched_at
    client.post(address, {"watch": "0"})

    segment.refresh_from_db()
    assert watched_at is not None
    assert segment.watched_at is None
    assert SegmentDay.objects.filter(segment=segment).count() <= 1


def test_a_rule_is_changed_as_json(segment: Segment, lead: Member, browse: Callable[[Member], Client]) -> None:
    client, address = browse(lead), reverse("audience:segment_json", args=[segment.workspace.slug, segment.pk])
    other = {**BULGARIANS, "match": "none"}

    shown = client.get(address).content.decode()
    wrong = client.post(address, {"definition": '{"match": "all", "rules": [{"field": "email", "op": "is"}]}'})
    saved = client.post(address, {"definition": json.dumps(other)})

    segment.refresh_from_db()
    assert "&quot;language&quot;" in shown
    assert wrong.status_code == 422
    assert "rules[0].value" in wrong.content.decode()
    assert saved.status_code == 302
    assert segment.definition["match"] == "none"
    assert AuditEntry.objects.get(action="segment.updated").detail["before"] == BULGARIANS
