"""Lists in the browser and by the API: called something else, put away, taken into use again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from audience.models import ContactList
from tests.factories.audience import ContactFactory, ListFactory, MembershipFactory, SignupFormFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def vip(workspace: Workspace) -> ContactList:
    made: ContactList = ListFactory.create(workspace=workspace, name="VIP")
    return made


@pytest.fixture
def browser(browse: Callable[[Member], Client], lead: Member) -> Client:
    return browse(lead)


def _url(name: str, workspace: Workspace, **kwargs: Any) -> str:
    return reverse(f"audience:{name}", kwargs={"workspace": workspace.slug, **kwargs})


def test_a_list_is_renamed_in_the_browser(browser: Client, workspace: Workspace, vip: ContactList) -> None:
    answer = browser.post(
        _url("list_edit", workspace, pk=vip.pk), {"name": "Friends", "description": "Of the house"}, follow=True
    )

    vip.refresh_from_db()
    assert (vip.name, vip.description) == ("Friends", "Of the house")
    assert "List saved" in answer.content.decode()


def test_a_name_that_is_taken_says_so_at_the_name(browser: Client, workspace: Workspace, vip: ContactList) -> None:
    ListFactory.create(workspace=workspace, name="Friends")

    answer = browser.post(_url("list_edit", workspace, pk=vip.pk), {"name": "Friends"})

    assert answer.status_code == 422
    assert 'id="id_name_error"' in answer.content.decode()
    assert "<h1>VIP</h1>" in answer.content.decode()


def test_a_list_that_was_put_away_is_offered_nowhere_until_it_is_used_again(
    browser: Client, workspace: Workspace, vip: ContactList
) -> None:
    contact = ContactFactory.create(workspace=workspace)
    MembershipFactory.create(contact=contact, contact_list=vip)
    person = _url("contact_detail", workspace, pk=contact.pk)

    away = browser.post(_url("list_archive", workspace, pk=vip.pk), follow=True).content.decode()
    without = browser.get(person).content.decode()
    back = browser.post(_url("list_return", workspace, pk=vip.pk), follow=True).content.decode()

    assert "Not used any more" in away
    assert ">VIP<" not in without.split("<main", 1)[1].split("timeline", 1)[0]
    assert "Not used any more" not in back
    assert ">VIP<" in browser.get(person).content.decode()


def test_the_page_of_a_list_names_what_uses_it_and_offers_no_button_that_would_be_refused(
    browser: Client, workspace: Workspace, vip: ContactList
) -> None:
    form = SignupFormFactory.create(workspace=workspace, name="At the till", contact_list=vip)

    page = browser.get(_url("list_edit", workspace, pk=vip.pk)).content.decode()
    refused = browser.post(_url("list_archive", workspace, pk=vip.pk))

    assert _url("form_detail", workspace, pk=form.pk) in page
    assert _url("list_archive", workspace, pk=vip.pk) not in page
    assert refused.status_code == 409
    assert "the form “At the till”" in refused.content.decode()


def test_the_same_by_the_api(api: Callable[..., APIClient], lead: Member, vip: ContactList, now: datetime) -> None:
    client, url = api(lead), reverse("api:list-detail", args=[vip.pk])

    renamed = client.put(url, {"name": "Friends", "description": "Of the house"}, format="json")
    away = client.post(f"{url}archive/")
    listed = client.get(reverse("api:list-list")).json()
    found = client.get(url).json()
    back = client.post(f"{url}return/")

    assert (renamed.status_code, renamed.json()["name"], renamed.json()["people"]) == (200, "Friends", 0)
    assert away.json()["archived_at"] is not None
    assert listed["results"] == []
    assert found["archived_at"] == away.json()["archived_at"]
    assert back.json()["archived_at"] is None


def test_the_api_says_what_uses_a_list_and_that_a_name_is_taken(
    api: Callable[..., APIClient], lead: Member, vip: ContactList
) -> None:
    ListFactory.create(workspace=vip.workspace, name="Friends")
    SignupFormFactory.create(workspace=vip.workspace, name="At the till", contact_list=vip)
    client, url = api(lead), reverse("api:list-detail", args=[vip.pk])

    in_use = client.post(f"{url}archive/")
    taken = client.put(url, {"name": "Friends"}, format="json")

    assert (in_use.status_code, in_use.json()["code"]) == (409, "list_in_use")
    assert "the form “At the till”" in in_use.json()["message"]
    assert (taken.json()["code"], list(taken.json()["fields"])) == ("name_taken", ["name"])


def test_nobody_is_put_on_a_list_that_was_put_away_by_the_api(
    api: Callable[..., APIClient], lead: Member, workspace: Workspace, now: datetime
) -> None:
    away = ListFactory.create(workspace=workspace, archived_at=now)
    given = {"email": "ann@example.org", "lists": [away.pk]}

    answer = api(lead).post(reverse("api:contact-list"), given, format="json")

    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["lists.0"]
