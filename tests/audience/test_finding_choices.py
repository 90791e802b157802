"""A choice is found by what it is called, in whatever language one knows it."""

from datetime import datetime

import pytest

from audience.finding import ContactFilter, found_contacts
from audience.models import AttributeKind
from tests.factories.audience import AttributeFactory, ContactFactory
from workspaces.models import Member

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("суха", {"Ann"}),
        ("сухая кожа", {"Ann"}),
        ("dry", {"Ann"}),
        ("сухая ann", {"Ann"}),
        ("сухая bob", set()),
        ("ухая", set()),
        ("жирная", {"Bob"}),
    ],
)
def test_people_are_found_by_the_label_of_a_choice(lead: Member, now: datetime, typed: str, names: set[str]) -> None:
    choices = [
        {"key": "dry_skin", "label": "Dry skin", "labels": {"ru": "Сухая кожа"}},
        {"key": "oily", "label": "Oily", "labels": {"ru": "Жирная"}},
    ]
    AttributeFactory.create(workspace=lead.workspace, key="skin", kind=AttributeKind.CHOICE, choices=choices)
    for name, key in (("Ann", "dry_skin"), ("Bob", "oily")):
        ContactFactory.create(
            workspace=lead.workspace, email=f"{name}@example.org", first_name=name, attributes={"skin": key}
        )

    found = found_contacts(lead, ContactFilter(q=typed), now)

    assert {contact.first_name for contact in found} == names
