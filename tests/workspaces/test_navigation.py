"""The menu and the tabs: each member sees what he or she may open."""

from collections.abc import Callable

import pytest
from django.db.models import QuerySet
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import resolve, reverse
from pytest_django import DjangoAssertNumQueries

from workspaces import navigation
from workspaces.models import Member
from workspaces.navigation import Entry, Link, Tab, register_entry, register_tab, sidebar, tabs
from workspaces.permissions import Can, Role


@pytest.fixture(autouse=True)
def _own_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    monkeypatch.setattr(navigation, "_entries", dict(navigation._entries))
    monkeypatch.setattr(navigation, "_tabs", dict(navigation._tabs))


def _links(member: Member, path: str) -> dict[str, Link]:
    request: HttpRequest = RequestFactory().get(path)
    request.resolver_match = resolve(path)
    return {str(link.label): link for group in sidebar(request, member) for link in group.links}


def test_a_guest_sees_no_door_that_is_closed_to_guests(lead: Member, guest: Member) -> None:
    everything, little = _links(lead, "/w/maren-moss/"), _links(guest, "/w/maren-moss/")

    assert {"Home", "Contacts", "Segments", "Imports"} <= set(everything)
    assert set(little) < set(everything)
    assert not {"Contacts", "Segments", "Imports"} & set(little)


def test_every_entry_leads_to_a_page_its_reader_may_open(
    cast: dict[Role, Member], browse: Callable[[Member], Client]
) -> None:
    asked = 0
    for member in cast.values():
        client = browse(member)
        for link in _links(member, "/w/maren-moss/").values():
            assert client.get(link.href).status_code in {200, 302}, (member.role, link.href)
            asked += 1

    assert asked > 20


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/w/maren-moss/", "Home"),
        ("/w/maren-moss/contacts/", "Contacts"),
        ("/w/maren-moss/contacts/new/", "Contacts"),
        ("/w/maren-moss/segments/7/", "Segments"),
        ("/w/maren-moss/imports/7/columns/", "Imports"),
    ],
)
def test_the_entry_of_the_page_is_marked(lead: Member, path: str, current: str) -> None:
    links = _links(lead, path)

    assert [label for label, link in links.items() if link.is_current] == [current]


def test_a_page_of_no_entry_marks_none(lead: Member) -> None:
    assert not any(link.is_current for link in _links(lead, "/w/maren-moss/me/").values())


def test_groups_come_in_the_order_of_the_work_and_entries_by_their_number(lead: Member) -> None:
    request = RequestFactory().get("/")
    register_entry(Entry("late", "audience", 99, "Late", "house", "workspaces:home", Can.SEE_WORKSPACE))
    register_entry(Entry("early", "audience", 1, "Early", "house", "workspaces:profile", Can.SEE_WORKSPACE))

    groups = sidebar(request, lead)

    titles = [str(group.title) for group in groups]
    order = [title for title in ("", "Plan", "Send", "Audience") if title in titles]
    labels = [str(link.label) for link in groups[-1].links]
    assert titles == order
    assert (labels[0], labels[-1]) == ("Early", "Late")


def test_an_entry_registered_twice_stands_once(lead: Member) -> None:
    entry = Entry("twice", "", 5, "Twice", "house", "workspaces:home", Can.SEE_WORKSPACE)
    register_entry(entry)
    register_entry(entry)

    assert len([label for label in _links(lead, "/w/maren-moss/me/") if label == "Twice"]) == 1


def test_a_count_is_asked_for_the_member(lead: Member, guest: Member) -> None:
    def own(member: Member) -> QuerySet[Member]:
        return Member.objects.filter(pk__in=[lead.pk, guest.pk] if member == lead else [guest.pk])

    register_entry(Entry("n", "", 5, "Counted", "house", "workspaces:home", Can.SEE_WORKSPACE, own, alert=True))

    for member, count in ((lead, 2), (guest, 1)):
        link = _links(member, "/w/maren-moss/me/")["Counted"]
        assert (link.count, link.alert) == (count, True)


def test_all_counts_of_a_menu_take_one_query(lead: Member, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for name in ("one", "two", "three"):
        entry = Entry(
            name, "", 5, name, "house", "workspaces:home", Can.SEE_WORKSPACE, lambda _member: Member.objects.all()
        )
        register_entry(entry)

    with django_assert_num_queries(1):
        links = _links(lead, "/w/maren-moss/me/")

    assert {links[name].count for name in ("one", "two", "three")} == {Member.objects.count()}


def test_what_a_member_may_not_open_is_not_counted(guest: Member) -> None:
    def count(_member: Member) -> QuerySet[Member]:
        raise AssertionError("asked for a door that is closed")

    register_entry(Entry("n", "", 5, "Counted", "house", "workspaces:home", Can.SEE_AUDIENCE, count))

    assert "Counted" not in _links(guest, "/w/maren-moss/me/")


def test_an_entry_holds_the_pages_of_its_nouns() -> None:
    entry = Entry("e", "plan", 1, "E", "house", "strategy:goal_list", Can.SEE_STRATEGY, also=("kpi",))

    held = [entry.holds(f"strategy:{name}") for name in ("goal_edit", "kpi_detail", "principle_list", "goals")]

    assert held == [True, True, False, False]
    assert not entry.holds("sprints:goal_edit")


def test_tabs_are_those_the_member_may_open(lead: Member, analyst: Member, guest: Member) -> None:
    register_tab(Tab(50, "Everybody's", "workspaces:profile", Can.SEE_WORKSPACE))

    assert [tab.order for tab in tabs(lead)] == sorted(tab.order for tab in tabs(lead))
    assert "workspaces:settings_keys" in {tab.url_name for tab in tabs(lead)}
    assert {"workspaces:settings_audit", "workspaces:profile"} <= {tab.url_name for tab in tabs(analyst)}
    assert "workspaces:settings_keys" not in {tab.url_name for tab in tabs(analyst)}
    assert [tab.url_name for tab in tabs(guest)] == ["workspaces:profile"]


def test_the_tab_of_the_page_is_marked(lead: Member, browse: Callable[[Member], Client]) -> None:
    page = browse(lead).get("/w/maren-moss/settings/keys/").content.decode()

    assert f'<a href="{reverse("workspaces:settings_keys", args=["maren-moss"])}" aria-current="page">' in page
    assert page.count('class="tabs') == 1
