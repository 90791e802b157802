"""Whose mailbox an address is: in Python and in SQL the same."""

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from audience.models import Contact
from delivery.pace.groups import GROUPS, LABELS, OTHER, GroupOf, domain_group, group_sql
from tests.factories.audience import ContactFactory
from workspaces.models import Workspace

DOMAINS = [
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.co.uk", "live.com.ar", "msn.com", "yahoo.de", "yahoo.co.jp",
    "aol.com", "icloud.com", "list.ru", "yandex.com.tr", "ya.ru", "gmx.net", "web.de", "abv.bg", "pm.me",
    "shop.example",
    "live.example.com", "mygmail.com", "gmail.com.evil.example", "outlook", "", "GMAIL.COM", "YaHoo.Com", "hotmail.ſe",
]  # fmt: skip
addresses = st.builds(
    "{}{}{}".format,
    st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=5),
    st.sampled_from(["@", "", "@@"]),
    st.sampled_from(DOMAINS)
    | st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=12)
    | st.builds("{}{}".format, st.sampled_from(DOMAINS), st.sampled_from(["\n", " ", ".", "\u0130", "K"])),
)


def by_sql(values: list[str]) -> list[str]:
    rows = "unnest(%s::text[]) WITH ORDINALITY AS given (address, at)"
    query = f"SELECT {group_sql('given.address')} FROM {rows} ORDER BY at"
    with connection.cursor() as cursor:
        cursor.execute(query, [values])
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("ann@gmail.com", "gmail"),
        ("Ann@GoogleMail.com", "gmail"),
        ("ann@hotmail.co.uk", "microsoft"),
        ("ann@msn.com", "microsoft"),
        ("ann@yahoo.com.br", "yahoo"),
        ("ann@yahoo.co.jp", OTHER),
        ("ann@aol.com", "yahoo"),
        ("ann@me.com", "apple"),
        ("ann@bk.ru", "mailru"),
        ("ann@yandex.kz", "yandex"),
        ("ann@gmx.at", "gmx"),
        ("ann@abv.bg", "abv"),
        ("ann@live.example.com", OTHER),
        ("gmail.com@shop.example", OTHER),
        ("hotmail.fr", "microsoft"),
        ("nothing", OTHER),
        ("", OTHER),
    ],
)
def test_an_address_belongs_to_the_provider_that_reads_it(address: str, group: str) -> None:
    assert domain_group(address) == group


def test_every_group_that_can_come_out_has_a_name() -> None:
    assert {domain_group(domain) for domain in DOMAINS} <= set(LABELS)
    assert GROUPS[-1] == OTHER


@settings(max_examples=60, deadline=None)
@given(st.lists(addresses, min_size=1, max_size=60))
def test_python_and_sql_agree(django_db_setup: None, django_db_blocker: pytest.Item, values: list[str]) -> None:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django's own
        found = by_sql(values)

    assert found == [domain_group(value) for value in values]


def test_a_query_can_ask_for_the_group(workspace: Workspace) -> None:
    ContactFactory.create(workspace=workspace, email="Ann@Yandex.BY")

    groups = Contact.objects.annotate(group=GroupOf("address")).values_list("group", flat=True)

    assert list(groups) == ["yandex"]
