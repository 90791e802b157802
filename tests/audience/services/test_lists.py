"""Lists: a name, and who is on it."""

from datetime import datetime

import pytest

from audience.models import ContactList, ListMembership
from audience.services import NameTaken, add_to_list, create_list, remove_from_list
from tests.factories.audience import ContactFactory, ListFactory, MembershipFactory
from tests.together import together
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


def test_a_list_is_opened(workspace: Workspace, lead: Member, now: datetime) -> None:
    found = create_list(workspace=workspace, name="  VIP ", description="The best", by=lead, now=now)

    assert (found.name, found.description) == ("VIP", "The best")
    assert AuditEntry.objects.get().action == "list.created"


def test_a_name_is_taken_once_a_workspace(workspace: Workspace, lead: Member, outsider: Member, now: datetime) -> None:
    create_list(workspace=workspace, name="VIP", by=lead, now=now)
    create_list(workspace=outsider.workspace, name="VIP", by=outsider, now=now)

    with pytest.raises(NameTaken, match="“VIP” already") as refusal:
        create_list(workspace=workspace, name="VIP", by=lead, now=now)

    assert "name" in refusal.value.fields
    assert ContactList.objects.for_workspace(workspace).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_list_opened_twice_at_once_is_opened_once(workspace: Workspace, lead: Member, now: datetime) -> None:
    results = together(*[lambda: create_list(workspace=workspace, name="VIP", by=lead, now=now)] * 2)

    assert sorted(type(result).__name__ for result in results) == ["ContactList", "NameTaken"]


def test_a_contact_is_put_on_a_list_once(workspace: Workspace, lead: Member, now: datetime) -> None:
    contact, found = ContactFactory.create(workspace=workspace), ListFactory.create(workspace=workspace)

    for source in ("form", "import"):
        add_to_list(contact_list=found, contact=contact, source=source, by=lead, now=now)

    membership = ListMembership.objects.get()
    assert (membership.workspace, membership.contact, membership.source) == (workspace, contact, "form")
    assert AuditEntry.objects.count() == 1


def test_a_contact_is_taken_off_a_list(workspace: Workspace, lead: Member, now: datetime) -> None:
    membership = MembershipFactory.create(contact__workspace=workspace)
    stays = MembershipFactory.create(contact=membership.contact)

    for _time in range(2):
        remove_from_list(contact_list=membership.contact_list, contact=membership.contact, by=lead, now=now)

    assert list(ListMembership.objects.all()) == [stays]
    assert [entry.action for entry in AuditEntry.objects.all()] == ["list.contact_removed"]
