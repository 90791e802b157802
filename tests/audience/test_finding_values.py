"""People are found by the value of an attribute, written as people write it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from audience.finding import ContactFilter, found_contacts
from audience.models import AttributeKind
from tests.factories.audience import AttributeFactory, ContactFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
PEOPLE: dict[str, dict[str, Any]] = {
    "Ann": {
        "plan": "pro",
        "likes": ["tea", "soap"],
        "vip": True,
        "town": "New Sofia",
        "points": 40,
        "born": "2000-05-18",
    },
    "Bob": {"plan": "free", "likes": ["soap"], "vip": False, "town": "Sofia", "points": 400, "born": "1999-05-18"},
    "Cid": {},
}


@pytest.fixture(autouse=True)
def people(workspace: Workspace) -> None:
    plans = [{"key": "pro", "label": "For work", "labels": {"ru": "Рабочий"}}, {"key": "free", "label": "Free"}]
    likes = [{"key": key, "label": key.title()} for key in ("tea", "soap")]
    for key, kind, choices in (
        ("plan", AttributeKind.CHOICE, plans),
        ("likes", AttributeKind.LIST, likes),
        ("vip", AttributeKind.BOOLEAN, []),
        ("town", AttributeKind.TEXT, []),
        ("points", AttributeKind.NUMBER, []),
        ("born", AttributeKind.DATE, []),
    ):
        AttributeFactory.create(workspace=workspace, key=key, label=key.title(), kind=kind, choices=choices)
    for name, attributes in PEOPLE.items():
        ContactFactory.create(
            workspace=workspace, first_name=name, email=f"{name.lower()}@example.org", attributes=attributes
        )


@pytest.mark.parametrize(
    ("key", "value", "names"),
    [
        ("plan", "pro", {"Ann"}),
        ("plan", "рабочий", {"Ann"}),
        ("plan", " Free ", {"Bob"}),
        ("plan", "gold", set()),
        ("likes", "soap", {"Ann", "Bob"}),
        ("likes", "Tea", {"Ann"}),
        ("vip", "yes", {"Ann"}),
        ("vip", "нет", {"Bob"}),
        ("vip", "perhaps", set()),
        ("town", "sofia", {"Bob"}),
        ("town", "new SOFIA", {"Ann"}),
        ("town", "Sof", set()),
        ("town", "%", set()),
        ("points", "40", {"Ann"}),
        ("points", "many", set()),
        ("born", "18.05.2000", {"Ann"}),
        ("unheard_of", "1", set()),
        ("plan", "", {"Ann", "Bob", "Cid"}),
        ("", "pro", {"Ann", "Bob", "Cid"}),
    ],
)
def test_people_are_found_by_a_value(lead: Member, now: datetime, key: str, value: str, names: set[str]) -> None:
    found = found_contacts(lead, ContactFilter.read({"attribute": key, "value": value}), now)

    assert {contact.first_name for contact in found} == names


def test_a_text_of_marks_alone_is_found_too(workspace: Workspace, lead: Member, now: datetime) -> None:
    stars = ContactFactory.create(workspace=workspace, attributes={"town": "***"})

    found = found_contacts(lead, ContactFilter(attribute="town", value="***"), now)

    assert list(found) == [stars]


def test_the_list_offers_the_values_and_keeps_what_was_chosen(
    workspace: Workspace, client: Client, lead: Member
) -> None:
    client.force_login(lead.user)

    page = client.get(
        reverse("audience:contact_list", args=[workspace.slug]), {"attribute": "plan", "value": "For work"}
    ).content.decode()

    assert "ann@example.org" in page
    assert "bob@example.org" not in page
    assert '<option value="plan" selected>Plan</option>' in page
    assert '<option value="For work">Plan</option>' in page
    assert '<option value="Yes">Vip</option>' in page
    assert '<input type="hidden" name="attribute" value="plan">' in page


def test_a_change_to_many_means_those_whom_the_list_showed(workspace: Workspace, client: Client, lead: Member) -> None:
    client.force_login(lead.user)
    narrowed = {"attribute": "vip", "value": "yes", "all": "1"}

    page = client.get(reverse("audience:bulk_new", args=[workspace.slug]), narrowed).content.decode()

    assert "Change 1 contact" in page
    assert '<input type="hidden" name="f-attribute" value="vip">' in page
    assert '<input class="input" id="at-2" name="value" value="" list="choices">' in page


def test_a_program_narrows_by_a_value_and_is_told_when_half_is_missing(
    lead: Member, api: Callable[..., APIClient]
) -> None:
    asked = {"attribute": "plan", "value": "pro"}

    rows = api(lead).get(reverse("api:contact-list"), asked).json()["results"]
    taken = api(lead).post(reverse("api:export-list"), {"columns": ["email"], "filter": asked}, format="json")
    half = api(lead).post(reverse("api:export-list"), {"filter": {"attribute": "plan"}}, format="json")

    assert [row["email"] for row in rows] == ["ann@example.org"]
    assert b"".join(taken).decode("utf-8-sig").split() == ["email", "ann@example.org"]
    assert half.status_code == 400


def test_the_page_of_exports_narrows_by_a_value(workspace: Workspace, client: Client, lead: Member) -> None:
    client.force_login(lead.user)
    sent = {"what": "contacts", "form": "csv", "columns": ["email"], "attribute": "vip", "value": "no"}

    answer = client.post(reverse("audience:export", args=[workspace.slug]), sent)

    assert b"".join(answer).decode("utf-8-sig").split() == ["email", "bob@example.org"]


def test_the_command_narrows_by_a_value(workspace: Workspace, lead: Member, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    asked = {"workspace": workspace.slug, "columns": ["email"], "to": path}

    call_command("export_contacts", attribute="plan=pro", **asked)

    assert path.read_text("utf-8-sig").split() == ["email", "ann@example.org"]
    for wrong in ("plan", "plan=", "unheard=1"):
        with pytest.raises(CommandError, match="no attribute and value"):
            call_command("export_contacts", attribute=wrong, **asked)
