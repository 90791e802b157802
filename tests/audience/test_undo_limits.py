"""What taking back a change to many does not do is said, and a seller's goes no further than his or her own people."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

import pytest
from django.test import Client
from django.urls import reverse

from audience.many import run_bulk
from audience.models import BulkAction, BulkEdit, BulkState, Contact
from audience.services import Crowd, start_bulk, undo_bulk
from audience.services.bulk import undo_limits
from tests.factories.audience import BulkEditFactory, ContactFactory
from workspaces.models import Member

pytestmark = pytest.mark.django_db
TICKS: Iterator[int] = count()


def _run(edit: BulkEdit, now: datetime) -> BulkEdit:
    run_bulk(edit.pk, lambda: now + timedelta(milliseconds=next(TICKS)))
    edit.refresh_from_db()
    return edit


@pytest.mark.parametrize(
    ("action", "state", "age", "words"),
    [
        (BulkAction.SUPPRESS, BulkState.DONE, 0, "cannot be taken back"),
        (BulkAction.SET_ATTRIBUTE, BulkState.DONE, 0, "changed again since then stays"),
        (BulkAction.HAND_OVER, BulkState.CANCELLED, 6, "handed over again since then stays"),
        (BulkAction.ADD_TAG, BulkState.DONE, 8, "seven days in which it could be taken back are over"),
    ],
)
def test_each_change_says_what_its_way_back_leaves(
    lead: Member, now: datetime, action: BulkAction, state: BulkState, age: int, words: str
) -> None:
    edit = BulkEditFactory.create(
        workspace=lead.workspace, by=lead, action=action, state=state, changed_count=3, at=now - timedelta(days=age)
    )

    said = " ".join(undo_limits(edit, now))

    assert words in said
    assert "looks after" not in said


@pytest.mark.parametrize("state", [BulkState.RUNNING, BulkState.UNDONE])
def test_while_it_runs_and_once_it_is_taken_back_nothing_is_said(lead: Member, now: datetime, state: BulkState) -> None:
    edit = BulkEditFactory.create(workspace=lead.workspace, by=lead, state=state, changed_count=3, at=now)

    assert undo_limits(edit, now) == []


def test_the_page_and_the_api_say_until_when_and_what_stays(seller: Member, client: Client, now: datetime) -> None:
    edit = BulkEditFactory.create(
        workspace=seller.workspace, by=seller, state=BulkState.DONE, changed_count=3, at=now, finished_at=now
    )
    client.force_login(seller.user)

    page = client.get(reverse("audience:bulk_detail", kwargs={"workspace": seller.workspace.slug, "pk": edit.pk}))

    assert "Can be taken back until" in page.content.decode()
    assert "no longer looks after" in page.content.decode()


def test_a_seller_takes_nothing_back_of_people_who_were_handed_over_since(
    seller: Member, lead: Member, now: datetime
) -> None:
    mine: Contact = ContactFactory.create(workspace=seller.workspace, seller=seller)
    handed: Contact = ContactFactory.create(workspace=seller.workspace, seller=seller)
    edit = start_bulk(
        action=BulkAction.ADD_TAG, detail={"tag": "vip"}, crowd=Crowd([mine.pk, handed.pk]), by=seller, now=now
    )
    _run(edit, now)
    Contact.objects.filter(pk=handed.pk).update(seller=lead)

    undo_bulk(edit=edit, by=seller, now=now)
    _run(edit, now)

    assert (edit.state, edit.restored_count) == (BulkState.UNDONE, 1)
    assert dict(Contact.objects.values_list("pk", "tags")) == {mine.pk: [], handed.pk: ["vip"]}
