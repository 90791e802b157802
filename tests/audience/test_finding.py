"""Finding contacts: words, filters, pages, counts, and who sees whom."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from audience import finding
from audience.finding import ContactFilter, found_contacts, headcount, newest
from audience.models import Contact, ContactProfile, Lifecycle
from tests.factories.audience import ContactFactory, MembershipFactory, SegmentFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


def _names(found: Any) -> set[str]:
    return {contact.first_name for contact in found}


@pytest.mark.parametrize(
    "typed",
    ["ann", "SMI", "ann smi", "smith ann", "moss-garden", "garden.exam", "C-17", "+359 888 12", "0888 123 456", "serum",
     "o'neil", "Петр", "359888", "ann@moss"],
)  # fmt: skip
def test_a_person_is_found_by_the_beginnings_of_words(workspace: Workspace, typed: str) -> None:
    ContactFactory.create(
        workspace=workspace,
        email="Ann@moss-garden.example",
        first_name="Ann",
        last_name="Smith O'Neil Петров",
        external_id="C-17",
        phone="+359888123456",
        attributes={"likes": ["serum_oil"], "points": 40},
    )
    ContactFactory.create(workspace=workspace, email="other@example.org", first_name="Bob")

    assert _names(Contact.objects.for_workspace(workspace).matching(typed)) == {"Ann"}


@pytest.mark.parametrize("typed", ["nn", "likes", "40", "'", "& | ! :*", "\\", "<->", "ann bob", "\0zzz"])
def test_what_nobody_has_finds_nobody(workspace: Workspace, typed: str) -> None:
    ContactFactory.create(workspace=workspace, email="ann@x.example", first_name="Ann", attributes={"likes": 40})

    assert not Contact.objects.for_workspace(workspace).matching(typed).exists()


def test_words_follow_the_person_when_rows_are_changed_past_the_model(workspace: Workspace) -> None:
    ContactFactory.create(workspace=workspace, first_name="Ann", email="a@x.example")
    Contact.objects.update(last_name="Novak")

    assert Contact.objects.for_workspace(workspace).matching("nova").count() == 1


def test_very_long_attributes_can_be_kept(workspace: Workspace) -> None:
    made = ContactFactory.create(workspace=workspace, attributes={f"a{n}": "wörd " * 200 for n in range(400)})

    assert Contact.objects.filter(pk=made.pk).exists()


def test_each_filter_narrows(workspace: Workspace, lead: Member, seller: Member, now: datetime) -> None:
    ann = ContactFactory.create(
        workspace=workspace, first_name="Ann", tags=["vip"], seller=seller, suppression="manual", consent="withdrawn"
    )
    ContactFactory.create(workspace=workspace, first_name="Bob")
    on = MembershipFactory.create(contact=ann)
    ContactProfile.objects.create(workspace=workspace, contact=ann, lifecycle=Lifecycle.LOYAL)
    rule = {"match": "all", "rules": [{"field": "first_name", "op": "is", "value": "Ann"}]}
    segment = SegmentFactory.create(workspace=workspace, definition=rule)
    asked: list[dict[str, Any]] = [
        {"list": on.contact_list.pk}, {"tag": " VIP "}, {"seller": seller.pk}, {"suppressed": "yes"},
        {"suppressed": "manual"}, {"consent": "withdrawn"}, {"lifecycle": "6"}, {"segment": segment.pk},
    ]  # fmt: skip

    found = [_names(found_contacts(lead, ContactFilter.read(one), now)) for one in asked]

    assert found == [{"Ann"}] * len(asked)
    for other in ({"seller": "none"}, {"suppressed": "no"}, {"lifecycle": "1"}, {"consent": "given"}):
        assert _names(found_contacts(lead, ContactFilter.read(other), now)) == {"Bob"}


def test_what_makes_no_sense_asks_nothing() -> None:
    given = {"list": "x", "seller": "٣x", "consent": "maybe", "lifecycle": "9", "suppressed": "so", "segment": "-1"}

    assert ContactFilter.read(given).asks == {}


def test_a_segment_of_another_workspace_finds_nobody(workspace: Workspace, lead: Member, now: datetime) -> None:
    ContactFactory.create(workspace=workspace)
    theirs = SegmentFactory.create()

    assert not found_contacts(lead, ContactFilter(segment=str(theirs.pk)), now).exists()


def test_a_whole_address_finds_that_person_alone(workspace: Workspace, lead: Member, now: datetime) -> None:
    for number in (1, 10, 19):
        ContactFactory.create(workspace=workspace, first_name=f"Reader {number}", email=f"reader{number}@example.org")

    assert _names(found_contacts(lead, ContactFilter(q="Reader1@Example.org"), now)) == {"Reader 1"}
    assert _names(found_contacts(lead, ContactFilter(q="reader1@example.or"), now)) == {
        "Reader 1", "Reader 10", "Reader 19"
    }  # fmt: skip


def test_a_seller_sees_those_he_looks_after_and_no_others(
    workspace: Workspace, lead: Member, seller: Member, now: datetime
) -> None:
    ContactFactory.create(workspace=workspace, first_name="Mine", seller=seller)
    ContactFactory.create(workspace=workspace, first_name="Hers", seller=lead)
    ContactFactory.create(workspace=workspace, first_name="Nobodys")

    assert _names(found_contacts(seller, ContactFilter(), now)) == {"Mine"}
    assert _names(found_contacts(seller, ContactFilter(seller=str(lead.pk)), now)) == set()
    assert len(found_contacts(lead, ContactFilter(), now)) == 3


def test_pages_lead_forth_and_back_without_losing_anybody(workspace: Workspace, now: datetime) -> None:
    for number in range(7):  # some at the same moment
        ContactFactory.create(
            workspace=workspace, first_name=str(number), created_at=now - timedelta(minutes=number // 3)
        )
    people = Contact.objects.for_workspace(workspace)

    first = newest(people, {}, 3)
    second = newest(people, {"older": first.older}, 3)
    third = newest(people, {"older": second.older}, 3)
    back = newest(people, {"newer": third.newer}, 3)

    assert [row.pk for row in [*first.rows, *second.rows, *third.rows]] == list(
        people.order_by("-created_at", "-pk").values_list("pk", flat=True)
    )
    assert [row.pk for row in back.rows] == [row.pk for row in second.rows]
    assert (first.newer, third.older) == ("", "")


@pytest.mark.parametrize("mark", ["", "x", "1-", "-1", "9" * 30 + "-1", "1-" + "9" * 30, "٣-٣"])
def test_a_mark_that_makes_no_sense_shows_something(workspace: Workspace, mark: str) -> None:
    ContactFactory.create(workspace=workspace)

    assert len(newest(Contact.objects.for_workspace(workspace), {"older": mark}, 3).rows) in {0, 1}


def test_beyond_the_bound_a_count_is_an_estimate(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ContactFactory.create_batch(5, workspace=workspace)
    monkeypatch.setattr(finding, "EXACT_UP_TO", 3)

    counted = headcount(Contact.objects.for_workspace(workspace))

    assert not counted.is_exact
    assert counted.number >= 4
