"""The newest people of a rule: the same ones, in the same order, as of everybody sorted."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from audience.models import Contact, ContactQuerySet
from audience.segments import newest
from audience.segments.newest import People, narrowed_to_newest, newest_in
from tests.factories.audience import ContactFactory
from workspaces.models import Workspace


@pytest.fixture(autouse=True)
def four_are_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "NEAR", 4)


def _people(workspace: Workspace, now: datetime, days: list[int], name: str = "Ada") -> list[int]:
    return [
        ContactFactory.create(workspace=workspace, first_name=name, created_at=now - timedelta(days=n)).pk for n in days
    ]


def _named(workspace: Workspace) -> People:
    def people(among: ContactQuerySet | None) -> ContactQuerySet:
        everybody = Contact.objects.for_workspace(workspace) if among is None else among
        return everybody.filter(first_name="Ada")

    return people


def _sorted(people: Any) -> list[int]:
    return list(people.order_by("-created_at", "-pk").values_list("pk", flat=True))


@pytest.mark.parametrize("size", range(1, 9))
def test_a_page_of_any_size_holds_the_newest_of_all(workspace: Workspace, now: datetime, size: int) -> None:
    _people(workspace, now, [5, 1, 9, 3, 7, 2])
    _people(workspace, now, [4, 0, 6], name="Bob")

    found = newest_in(_named(workspace), workspace, size)

    assert [contact.pk for contact in found] == _sorted(_named(workspace)(None))[:size]


@pytest.mark.parametrize("size", range(1, 9))
def test_people_known_since_one_moment_stand_by_their_number(workspace: Workspace, now: datetime, size: int) -> None:
    made = _people(workspace, now, [1] * 7)

    found = newest_in(_named(workspace), workspace, size)

    assert [contact.pk for contact in found] == sorted(made, reverse=True)[:size]


def test_who_is_rare_is_found_among_the_old(workspace: Workspace, now: datetime) -> None:
    rare = _people(workspace, now, [30])
    _people(workspace, now, [1, 2, 3, 4, 5, 6], name="Bob")

    found = newest_in(_named(workspace), workspace, 1)

    assert [contact.pk for contact in found] == rare


def test_a_page_is_asked_of_the_new_ones_alone_when_they_fill_it(workspace: Workspace, now: datetime) -> None:
    made = _people(workspace, now, [1, 2, 3, 4, 5, 6])

    of_three, of_five = (narrowed_to_newest(_named(workspace), workspace, size) for size in (3, 5))

    assert (set(_sorted(of_three)), set(_sorted(of_five))) == (set(made[:4]), set(made))


def test_where_contacts_are_few_all_are_asked_at_once(
    workspace: Workspace, now: datetime, django_assert_num_queries: Any
) -> None:
    made = _people(workspace, now, [1, 2])

    with django_assert_num_queries(3):
        found = newest_in(_named(workspace), workspace, 5)

    assert [contact.pk for contact in found] == made


def test_contacts_of_another_workspace_do_not_push_ours_out(workspace: Workspace, outsider: Any, now: datetime) -> None:
    ours = _people(workspace, now, [10, 11, 12, 13, 14])
    _people(outsider.workspace, now, [1, 2, 3, 4, 5])

    found = newest_in(_named(workspace), workspace, 3)

    assert [contact.pk for contact in found] == ours[:3]
