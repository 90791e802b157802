"""The address of a page, by the name of its route."""

import pytest
from django.test import override_settings
from django.urls import NoReverseMatch, reverse, set_script_prefix

from emailops.lib.routes import address


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("sprints:story_detail", {"workspace": "maren-moss", "pk": 7}),
        ("sprints:story_detail", {"workspace": "maren_moss-2", "pk": 0}),
        ("sprints:story_list", {"workspace": "maren-moss"}),
        ("sprints:approve", {"token": "a-b_c"}),
        ("sprints:approve", {"token": "a:b.c~é"}),
        ("workspaces:profile", {"workspace": "7310000001"}),
    ],
)
def test_an_address_is_what_reverse_says_however_often_it_is_asked(name: str, values: dict[str, object]) -> None:
    found = [address(name, **values) for _time in range(3)]

    assert found == [reverse(name, kwargs=values)] * 3


@pytest.mark.parametrize(
    "values",
    [
        {"workspace": "maren-moss", "pk": -1},
        {"workspace": "maren-moss", "pk": "seven"},
        {"workspace": "", "pk": 7},
        {"workspace": "maren moss", "pk": 7},
        {"workspace": "maren-moss", "pk": None},
        {"workspace": "maren-moss"},
        {"workspace": "maren-moss", "pk": 7, "more": 1},
    ],
)
def test_what_no_route_takes_is_refused_as_reverse_refuses_it(values: dict[str, object]) -> None:
    address("sprints:story_detail", workspace="maren-moss", pk=7)

    with pytest.raises(NoReverseMatch):
        address("sprints:story_detail", **values)


def test_a_name_that_no_route_has_is_refused() -> None:
    with pytest.raises(NoReverseMatch):
        address("sprints:no_such_page", pk=7)


def test_an_address_follows_the_folder_under_which_the_product_is_served() -> None:
    at_the_top = address("sprints:story_list", workspace="maren-moss")
    set_script_prefix("/mail/")
    try:
        below = address("sprints:story_list", workspace="maren-moss")
    finally:
        set_script_prefix("/")

    assert (at_the_top, below) == ("/w/maren-moss/backlog/", "/mail/w/maren-moss/backlog/")


@override_settings(ROOT_URLCONF="emailops.accounts_urls")
def test_other_routes_have_addresses_of_their_own() -> None:
    here = address("account_login")

    with pytest.raises(NoReverseMatch):
        address("sprints:story_list", workspace="maren-moss")

    assert here == reverse("account_login")
