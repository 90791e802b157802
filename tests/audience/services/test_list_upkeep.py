"""Lists that are called something else, put away, and taken into use again."""

from datetime import datetime
from typing import Any

import pytest

from audience.models import ContactList, ListMembership, Segment, SignupForm
from audience.segments.definition import SegmentBroken, read_definition
from audience.services import (
    ListInUse,
    NameTaken,
    archive_list,
    change_list,
    create_list,
    create_segment,
    return_list,
    uses_of,
)
from audience.services.signup import FormRefused, change_form, create_form
from tests.factories.audience import ListFactory, MembershipFactory, SegmentFactory, SignupFormFactory
from tests.together import together
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def vip(workspace: Workspace) -> ContactList:
    made: ContactList = ListFactory.create(workspace=workspace, name="VIP", description="The best")
    return made


def _on(contact_list: ContactList) -> dict[str, Any]:
    """The rule of those who are on it, or in a group within."""
    return {"match": "all", "rules": [{"match": "none", "rules": [
        {"field": "list", "op": "any_of", "value": [contact_list.pk]}
    ]}]}  # fmt: skip


def _form(name: str) -> dict[str, Any]:
    return {"name": name, "title": "News", "button": "Go", "thanks": "Thanks", "consent_wording": "Yes",
            "confirm_subject": "May we?", "confirm_body": "Press."}  # fmt: skip


def test_a_list_gets_another_name_and_keeps_its_people(vip: ContactList, lead: Member, now: datetime) -> None:
    MembershipFactory.create(contact_list=vip, contact__workspace=vip.workspace)

    change_list(contact_list=vip, name=" Friends ", description="", by=lead, now=now)

    vip.refresh_from_db()
    entry = AuditEntry.objects.get()
    assert (vip.name, vip.description, vip.memberships.count()) == ("Friends", "", 1)
    assert (entry.action, entry.detail["before"]) == ("list.changed", {"name": "VIP", "description": "The best"})


def test_a_name_of_another_list_is_refused(vip: ContactList, lead: Member, now: datetime) -> None:
    ListFactory.create(workspace=vip.workspace, name="Friends")

    with pytest.raises(NameTaken, match="“Friends” already"):
        change_list(contact_list=vip, name="Friends", by=lead, now=now)

    vip.refresh_from_db()
    assert vip.name == "VIP"


def test_the_name_of_a_list_that_was_put_away_is_told_so(vip: ContactList, lead: Member, now: datetime) -> None:
    archive_list(contact_list=vip, by=lead, now=now)

    with pytest.raises(NameTaken, match="“VIP” was put away"):
        create_list(workspace=vip.workspace, name="VIP", by=lead, now=now)


def test_a_list_is_put_away_and_comes_back_with_its_people(vip: ContactList, lead: Member, now: datetime) -> None:
    MembershipFactory.create(contact_list=vip, contact__workspace=vip.workspace)

    for _time in range(2):
        archive_list(contact_list=vip, by=lead, now=now)
    was_archived = ContactList.objects.get().archived_at == now
    for _time in range(2):
        return_list(contact_list=vip, by=lead, now=now)

    assert was_archived
    assert ContactList.objects.get().archived_at is None
    assert ListMembership.objects.count() == 1
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "list.archived",
        "list.returned",
    ]


def test_a_list_in_use_is_not_put_away_and_the_sentence_names_what_uses_it(
    vip: ContactList, lead: Member, now: datetime
) -> None:
    SignupFormFactory.create(workspace=vip.workspace, name="At the till", contact_list=vip)
    SegmentFactory.create(workspace=vip.workspace, name="All but VIP", definition=_on(vip))

    with pytest.raises(ListInUse, match="the form “At the till”, the segment “All but VIP”"):
        archive_list(contact_list=vip, by=lead, now=now)

    vip.refresh_from_db()
    assert vip.archived_at is None


def test_what_was_put_away_itself_and_what_is_broken_uses_no_list(vip: ContactList, now: datetime) -> None:
    SignupFormFactory.create(workspace=vip.workspace, contact_list=vip, archived_at=now)
    SegmentFactory.create(workspace=vip.workspace, definition=_on(vip), archived_at=now)
    SegmentFactory.create(workspace=vip.workspace, definition={"match": "none of your business"})
    SegmentFactory.create(workspace=vip.workspace, definition=_on(ListFactory.create(workspace=vip.workspace)))

    uses = uses_of(vip)

    assert uses.names == []


def test_no_form_and_no_segment_begins_to_use_a_list_that_was_put_away(
    vip: ContactList, workspace: Workspace, lead: Member, now: datetime
) -> None:
    archive_list(contact_list=vip, by=lead, now=now)
    form = create_form(workspace=workspace, content=_form("Here"), by=lead, now=now)

    with pytest.raises(FormRefused, match="put away") as refusal:
        change_form(form=form, content={"contact_list": vip}, by=lead, now=now)
    with pytest.raises(SegmentBroken):
        create_segment(workspace=workspace, name="VIP", definition=read_definition(_on(vip)), by=lead, now=now)

    assert "contact_list" in refusal.value.fields
    assert not Segment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_list_is_either_put_away_or_used_when_both_are_asked_at_once(
    vip: ContactList, workspace: Workspace, lead: Member, now: datetime
) -> None:
    content = _form("Here") | {"contact_list": vip}

    together(
        lambda: archive_list(contact_list=vip, by=lead, now=now),
        lambda: create_form(workspace=workspace, content=content, by=lead, now=now),
        lambda: create_segment(workspace=workspace, name="VIP", definition=read_definition(_on(vip)), by=lead, now=now),
    )

    used = SignupForm.objects.exists() or Segment.objects.exists()
    vip.refresh_from_db()
    assert used == (vip.archived_at is None)
