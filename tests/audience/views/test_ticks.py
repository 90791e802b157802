"""Choosing people in the list without script."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.audience import ContactFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(workspace: Workspace) -> str:
    for number in range(3):
        ContactFactory.create(workspace=workspace, email=f"ann{number}@example.org", tags=["vip"])
    return reverse("audience:contact_list", args=[workspace.slug])


def test_all_on_the_page_are_ticked_by_a_link(page: str, lead: Member, browse: Callable[[Member], Client]) -> None:
    client = browse(lead)

    plain = client.get(f"{page}?tag=vip").content.decode()
    ticked = client.get(f"{page}?tag=vip&ticked=1").content.decode()

    assert 'href="?tag=vip&amp;ticked=1"' in plain
    assert 'href="?tag=vip"' in ticked
    assert (plain.count(" checked"), ticked.count(" checked")) == (0, 3)
    assert "Ticked: 3" in ticked


def test_all_that_match_are_chosen_by_a_button_that_says_how_many(
    page: str, workspace: Workspace, lead: Member, browse: Callable[[Member], Client]
) -> None:
    ContactFactory.create(workspace=workspace, email="bob@example.org")
    client = browse(lead)

    listed = client.get(f"{page}?tag=vip").content.decode()
    asked = client.get(reverse("audience:bulk_new", args=[workspace.slug]), {"all": "1", "tag": "vip"})

    assert "Change all 3 found" in listed
    assert "Change 3 contacts" in asked.content.decode()


def test_who_may_not_change_contacts_is_offered_no_ticks(
    page: str, analyst: Member, browse: Callable[[Member], Client]
) -> None:
    shown = browse(analyst).get(f"{page}?ticked=1").content.decode()

    assert "Tick all on this page" not in shown
    assert 'name="contact"' not in shown
