"""Small parts of every page, in the notation of its reader."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.workspaces import UserFactory
from workspaces.models import Member, User
from workspaces.templatetags.ui import (
    avatar,
    avatars,
    bar,
    exact_money,
    icon,
    in_days,
    may,
    money,
    percent,
    points,
    with_code,
)

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("rate", "digits", "language", "shown"),
    [
        (0.174, 1, "en", "17.4%"),
        (0.174, 1, "ru", "17,4%"),
        (0.174, 1, "bg", "17,4%"),
        (0.29, 1, "en", "29.0%"),
        (0.1996, 1, "en", "20.0%"),
        (0.0005, 1, "en", "0.1%"),
        (0.00049, 1, "en", "0.0%"),
        (0, 1, "en", "0.0%"),
        (1, 0, "en", "100%"),
        (12.5, 0, "en", "1,250%"),
        (12.5, 0, "ru", f"1{NBSP}250%"),
        (Decimal("0.333333"), 2, "en", "33.33%"),
        (-0.25, 1, "en", "-25.0%"),
        (None, 1, "en", "–"),
    ],
)
def test_a_rate_is_shown_as_a_percentage(rate: float | None, digits: int, language: str, shown: str) -> None:
    with translation.override(language):
        assert percent(rate, digits) == shown


@given(st.floats(0, 10), st.integers(0, 3))
def test_a_percentage_is_rounded_and_never_cut_off(rate: float, digits: int) -> None:
    shown = float(percent(rate, digits).rstrip("%").replace(",", ""))

    assert abs(shown - rate * 100) <= 0.5 * 10**-digits + 1e-9


@pytest.mark.parametrize(
    ("difference", "language", "shown"),
    [
        (0.031, "en", "+3.1 points"),
        (-0.031, "en", "−3.1 points"),
        (-0.031, "ru", "−3,1 points"),
        (Decimal("0.0996"), "en", "+10.0 points"),
        (None, "en", "–"),
    ],
)
def test_a_difference_has_a_sign_and_its_unit(difference: float | None, language: str, shown: str) -> None:
    with translation.override(language):
        assert points(difference) == shown


@pytest.mark.parametrize(
    ("amount", "currency", "language", "shown"),
    [
        (12.5, "EUR", "en", "€12.50"),
        (12.5, "EUR", "ru", f"12,50{NBSP}€"),
        (12.5, "BGN", "bg", f"12,50{NBSP}лв."),
        (1234.56, "EUR", "en", "€1,235"),
        (1234.56, "EUR", "ru", f"1{NBSP}235{NBSP}€"),
        (12345.6, "EUR", "bg", f"12{NBSP}346{NBSP}€"),
        (99.99, "EUR", "en", "€99.99"),
        (100, "EUR", "en", "€100"),
        (7, "EUR", "en", "€7"),
        (0, "EUR", "en", "€0"),
        (-12.5, "EUR", "en", "-€12.50"),
        (Decimal("0.005"), "USD", "en", "$0.00"),
        (None, "EUR", "en", "–"),
    ],
)
def test_money_is_shown_in_the_readers_notation(amount: float | None, currency: str, language: str, shown: str) -> None:
    with translation.override(language):
        assert money(amount, currency) == shown


@pytest.mark.parametrize(
    ("amount", "language", "shown"),
    [
        (Decimal("1234.56"), "en", "€1,234.56"),
        (1234.5, "bg", f"1{NBSP}234,50{NBSP}€"),
        (1234.10, "ru", f"1{NBSP}234,10{NBSP}€"),
        (Decimal("1200.00"), "en", "€1,200"),
        (None, "en", "–"),
    ],
)
def test_what_somebody_paid_is_shown_to_the_cent(amount: float | None, language: str, shown: str) -> None:
    with translation.override(language):
        assert exact_money(amount, "EUR") == shown


def test_days_have_their_plural() -> None:
    assert [in_days(days) for days in (0, 1, 2, 1500)] == ["0 days", "1 day", "2 days", "1,500 days"]


@pytest.mark.parametrize(
    ("rate", "value"), [(0, 0), (0.004, 0), (0.006, 1), (0.5, 50), (1, 100), (7.0, 100), (-1, 0), (None, 0)]
)
def test_a_bar_stays_within_its_bounds_and_says_its_value(rate: float | None, value: int) -> None:
    drawn = bar(rate)

    assert f'value="{value}"' in drawn
    assert f">{value}%</progress>" in drawn


def test_a_bar_has_a_name_and_its_look() -> None:
    assert bar(0.5) == '<progress class="bar" value="50" max="100" aria-label="Progress">50%</progress>'
    assert bar(0.5, "ok", "Rows <read>", "lg") == (
        '<progress class="bar bar--ok bar--lg" value="50" max="100" aria-label="Rows &lt;read&gt;">50%</progress>'
    )


def test_an_icon_without_a_label_is_decoration() -> None:
    assert 'aria-hidden="true"' in icon("house")
    assert 'role="img" aria-label="Home &amp; more"' in icon("house", "i--lg", "Home & more")
    assert "<svg" in icon("house")
    assert "<!--" not in icon("house")


def test_an_icon_that_does_not_exist_fails_the_page() -> None:
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "initials"),
    [("Elena Petrova", "EP"), ("Мария", "М"), ("ann van der berg", "AV"), ("", "P"), ("<b>", "&lt;")],
)
def test_a_person_is_shown_by_initials(name: str, initials: str) -> None:
    drawn = avatar(UserFactory.create(name=name, email="person@example.org"))

    assert f">{initials}</span>" in drawn
    assert "<b>" not in drawn


@pytest.mark.django_db
def test_a_persons_colour_stays_the_same() -> None:
    people = [UserFactory.create() for _count in range(7)]

    assert {user.tone for user in people} == {1, 2, 3, 4, 5, 6}
    assert [user.tone for user in people] == [User.objects.get(pk=user.pk).tone for user in people]


def test_a_member_looks_like_the_person_and_nobody_like_nothing(lead: Member) -> None:
    assert avatar(lead) == avatar(lead.user)
    assert avatar(None) == ""
    assert avatars([lead, lead], "sm").count("av--sm") == 2


def test_templates_ask_the_permission_table_by_name(lead: Member, seller: Member) -> None:
    assert may(lead, "audience.edit")
    assert not may(seller, "audience.edit")
    with pytest.raises(ValueError, match="fly"):
        may(lead, "audience.fly")


@pytest.mark.parametrize(
    ("path", "changes", "query"),
    [
        ("/", "page=2", "?page=2"),
        ("/?q=a+b&page=1", "page=2", "?q=a+b&amp;page=2"),
        ("/?q=a&page=3", "page=''", "?q=a"),
        ("/?page=3", "page=None", "?"),
        ("/?tag=x&tag=y", "page=2", "?tag=x&amp;tag=y&amp;page=2"),
        ("/?q=<script>", "page=2", "?q=%3Cscript%3E&amp;page=2"),
    ],
)
def test_a_link_changes_one_part_of_the_query(path: str, changes: str, query: str) -> None:
    template = Template("{% query " + changes + " %}")

    assert template.render(Context({"request": RequestFactory().get(path)})) == query


def test_the_theme_follows_the_browsers_choice(lead: Member, browse: Callable[[Member], Client]) -> None:
    client, seen = browse(lead), {}
    for chosen in ("", "dark", "light", '"><script>'):
        client.cookies["theme"] = chosen
        page = client.get("/w/maren-moss/").content.decode()
        seen[chosen] = page.split("<html")[1].split(">")[0].strip()

    assert seen == {
        "": 'lang="en"',
        "dark": 'lang="en" data-theme="dark"',
        "light": 'lang="en" data-theme="light"',
        '"><script>': 'lang="en"',
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Narrow with `?state=`.", 'Narrow with <code class="code">?state=</code>.'),
        ("`a` & `<b>`", '<code class="code">a</code> &amp; <code class="code">&lt;b&gt;</code>'),
        ("one ` alone", "one ` alone"),
        ("", ""),
    ],
)
def test_names_between_backticks_are_shown_as_code(text: str, shown: str) -> None:
    assert with_code(text) == shown
