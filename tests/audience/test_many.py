"""One thing done to many contacts: by workers, in chunks, with a way back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from audience import many
from audience.finding import ContactFilter
from audience.many import run_bulk
from audience.models import (
    AttributeKind,
    BulkAction,
    BulkEdit,
    BulkState,
    Contact,
    ListMembership,
    Suppression,
)
from audience.services import BulkRefused, Crowd, can_undo, cancel_bulk, define_attribute, start_bulk, undo_bulk
from emailops.lib.errors import DomainError
from tests.factories.audience import BulkEditFactory, ContactFactory, ListFactory, MembershipFactory
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "CHUNK", 2)


@pytest.fixture
def people(workspace: Workspace) -> list[Contact]:
    made: list[Contact] = ContactFactory.create_batch(5, workspace=workspace)
    return made


def _do(by: Member, now: datetime, action: BulkAction, detail: dict[str, Any], **crowd: Any) -> BulkEdit:
    edit = start_bulk(action=action, detail=detail, crowd=Crowd(**crowd), by=by, now=now)
    run_bulk(edit.pk, lambda: now)
    edit.refresh_from_db()
    return edit


def _undo(edit: BulkEdit, now: datetime) -> BulkEdit:
    undo_bulk(edit=edit, by=edit.by, now=now)
    run_bulk(edit.pk, lambda: now)
    edit.refresh_from_db()
    return edit


def test_a_tag_is_added_to_all_that_lack_it_and_taken_back_from_those(
    people: list[Contact], lead: Member, now: datetime
) -> None:
    Contact.objects.filter(pk=people[0].pk).update(tags=["vip"])

    edit = _do(lead, now, BulkAction.ADD_TAG, {"tag": " VIP "})

    assert (edit.state, edit.seen_count, edit.changed_count, edit.rate) == (BulkState.DONE, 5, 4, 1.0)
    assert Contact.objects.filter(tags=["vip"]).count() == 5
    assert _undo(edit, now).state == BulkState.UNDONE
    assert list(Contact.objects.filter(tags=["vip"])) == [people[0]]
    assert AuditEntry.objects.filter(action__startswith="bulk.").count() == 4


def test_a_filter_that_the_change_itself_empties_reaches_everybody(
    people: list[Contact], lead: Member, now: datetime
) -> None:
    Contact.objects.update(tags=["old"])

    _do(lead, now, BulkAction.REMOVE_TAG, {"tag": "old"}, narrowed=ContactFilter(tag="old"))

    assert Contact.objects.filter(tags=[]).count() == 5


def test_lists_are_joined_and_left_with_day_and_source_kept(
    workspace: Workspace, people: list[Contact], lead: Member, now: datetime
) -> None:
    vip = ListFactory.create(workspace=workspace)
    there = MembershipFactory.create(contact=people[0], contact_list=vip, added_at=now - timedelta(days=9))

    joined = _do(lead, now, BulkAction.ADD_TO_LIST, {"list": vip.pk})
    left = _do(lead, now, BulkAction.REMOVE_FROM_LIST, {"list": vip.pk})
    _undo(left, now)

    assert (joined.changed_count, left.changed_count) == (4, 5)
    kept = ListMembership.objects.get(contact=people[0])
    assert (kept.added_at, kept.source) == (there.added_at, "test")
    _undo(joined, now)
    assert ListMembership.objects.count() == 1


@pytest.mark.parametrize(("value", "stored"), [("40", 40), (None, None)])
def test_an_attribute_is_set_and_what_was_before_comes_back(
    workspace: Workspace, people: list[Contact], lead: Member, now: datetime, value: Any, stored: Any
) -> None:
    define_attribute(workspace=workspace, label="Points", kind=AttributeKind.NUMBER, by=lead, now=now)
    Contact.objects.filter(pk=people[0].pk).update(attributes={"points": 7, "city": "Sofia"})

    edit = _do(lead, now, BulkAction.SET_ATTRIBUTE, {"attribute": "points", "value": value})

    assert {contact.attributes.get("points") for contact in Contact.objects.all()} == {stored}
    changed_again = people[1]
    Contact.objects.filter(pk=changed_again.pk).update(attributes={"points": 99})
    _undo(edit, now)
    people[0].refresh_from_db()
    changed_again.refresh_from_db()
    assert people[0].attributes == {"points": 7, "city": "Sofia"}
    assert changed_again.attributes == {"points": 99}


def test_people_are_handed_over_in_one_go(people: list[Contact], lead: Member, seller: Member, now: datetime) -> None:
    edit = _do(lead, now, BulkAction.HAND_OVER, {"seller": str(seller.pk)}, chosen=[people[0].pk, people[1].pk])

    assert set(Contact.objects.filter(seller=seller)) == set(people[:2])
    _undo(edit, now)
    assert not Contact.objects.filter(seller=seller).exists()


def test_suppressing_has_no_way_back(people: list[Contact], lead: Member, now: datetime) -> None:
    edit = _do(lead, now, BulkAction.SUPPRESS, {})

    assert Suppression.objects.count() == Contact.objects.filter(suppression="manual").count() == 5
    with pytest.raises(BulkRefused):
        undo_bulk(edit=edit, by=lead, now=now)


def test_a_seller_changes_only_his_own_and_hands_over_nobody(
    people: list[Contact], seller: Member, now: datetime
) -> None:
    Contact.objects.filter(pk=people[0].pk).update(seller=seller)

    _do(seller, now, BulkAction.ADD_TAG, {"tag": "mine"}, chosen=[person.pk for person in people])

    assert list(Contact.objects.filter(tags=["mine"])) == [people[0]]
    with pytest.raises(BulkRefused, match="lead"):
        start_bulk(action=BulkAction.HAND_OVER, detail={"seller": None}, crowd=Crowd(), by=seller, now=now)


def test_a_cancelled_change_stops_and_what_was_done_can_be_taken_back(
    people: list[Contact], lead: Member, now: datetime
) -> None:
    edit = start_bulk(action=BulkAction.ADD_TAG, detail={"tag": "vip"}, crowd=Crowd(), by=lead, now=now)
    readings = iter([now, now, now])

    def clock() -> datetime:
        reading = next(readings, None)
        if reading is None:
            cancel_bulk(edit=edit, by=lead, now=now)
        return reading or now

    run_bulk(edit.pk, clock)
    edit.refresh_from_db()

    assert edit.state == BulkState.CANCELLED
    assert Contact.objects.filter(tags=["vip"]).count() == edit.changed_count == 2
    _undo(edit, now)
    assert not Contact.objects.filter(tags=["vip"]).exists()


def test_a_second_worker_leaves_a_change_alone_that_is_held(people: list[Contact], lead: Member, now: datetime) -> None:
    edit = start_bulk(action=BulkAction.ADD_TAG, detail={"tag": "vip"}, crowd=Crowd(), by=lead, now=now)
    BulkEdit.objects.filter(pk=edit.pk).update(state="running", lease_until=now + timedelta(seconds=9))

    run_bulk(edit.pk, lambda: now)
    assert not Contact.objects.filter(tags=["vip"]).exists()

    run_bulk(edit.pk, lambda: now + timedelta(seconds=10))
    assert Contact.objects.filter(tags=["vip"]).count() == 5


@pytest.mark.parametrize(
    ("action", "detail"),
    [
        ("add_tag", {}),
        ("add_tag", {"tag": "a,b"}),
        ("add_to_list", {"list": "x"}),
        ("add_to_list", {"list": 9**30}),
        ("set_attribute", {}),
        ("set_attribute", {"attribute": "nope", "value": 1}),
        ("hand_over", {"seller": 0}),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is(
    people: list[Contact], lead: Member, now: datetime, action: str, detail: dict[str, Any]
) -> None:
    with pytest.raises(DomainError):
        start_bulk(action=BulkAction(action), detail=detail, crowd=Crowd(), by=lead, now=now)

    assert not BulkEdit.objects.exists()


def test_nobody_and_strangers_are_refused(lead: Member, outsider: Member, now: datetime) -> None:
    theirs = ContactFactory.create(workspace=outsider.workspace)

    with pytest.raises(BulkRefused):
        start_bulk(action=BulkAction.SUPPRESS, detail={}, crowd=Crowd([theirs.pk]), by=lead, now=now)


def test_the_way_back_closes_after_a_week(lead: Member, now: datetime) -> None:
    done = BulkEditFactory.build(state="done", changed_count=1, at=now)

    assert can_undo(done, now + timedelta(days=7))
    assert not can_undo(done, now + timedelta(days=8))


def test_from_the_list_to_progress_in_the_browser(
    people: list[Contact], lead: Member, browse: Callable[[Member], Client]
) -> None:
    client, base = browse(lead), "/w/maren-moss/contacts/bulk"
    chosen = client.get(f"{base}/new/", {"contact": [people[0].pk, people[1].pk]}).content.decode()
    all_found = client.get(f"{base}/new/", {"all": "1", "tag": "vip"}).content.decode()
    refused = client.post(f"{base}/new/", {"action": "add_tag", "tag": "", "all": "1"})
    answer = client.post(f"{base}/new/", {"action": "add_tag", "tag": "new", "all": "1", "f-q": people[0].first_name})
    edit = BulkEdit.objects.get()

    assert "Change 2 contacts" in chosen
    assert "Nobody chosen" in all_found
    assert refused.status_code == 422
    assert answer.headers["Location"] == f"{base}/{edit.pk}/"
    assert edit.narrowed == {"q": people[0].first_name}
    assert "Add a tag: new" in client.get(f"{base}/{edit.pk}/").content.decode()


def test_a_filter_that_is_not_understood_is_not_everybody(
    people: list[Contact], lead: Member, api: Callable[..., APIClient]
) -> None:
    client, body = api(lead), {"action": "suppress"}

    for wrong in ({}, {"filter": {"tags": "x"}}, {"filter": {"consent": "maybe"}}, {"filter": {}, "contacts": [1]}):
        assert client.post("/api/v1/bulk-edits/", {**body, **wrong}, format="json").status_code == 400, wrong

    assert not BulkEdit.objects.exists()
