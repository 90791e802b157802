"""What a file says in its own way: choices, phone numbers without a country, money in a currency."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from audience.attributes import AttributeRefused, stored_value
from audience.calling_codes import CALLING_CODES, calling_code, calling_code_choices
from audience.imports import ImportRefused
from audience.intake import run_import
from audience.models import AttributeDefinition, AttributeKind, Contact, ContactImport
from audience.places import E164
from audience.services import save_contact
from audience.services.attributes import MOST_CHOICES
from tests.factories.audience import AttributeFactory
from tests.factories.imports import started, upload
from workspaces.countries import countries
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
SKINS = "email,skin\nann@example.org,Dry\nbob@example.org,oily\neve@example.org,DRY\nkim@example.org,\n"
CARES = "email,cares\nann@example.org,Face; Hands\nbob@example.org,hands\n"


def _run(found: ContactImport, now: datetime) -> ContactImport:
    run_import(found.pk, lambda: now + timedelta(seconds=1))
    found.refresh_from_db()
    return found


@pytest.mark.parametrize(
    ("text", "kind", "labels", "kept"),
    [
        (SKINS, "choice", ["Dry", "oily"], {"ann": "dry", "bob": "oily", "eve": "dry", "kim": None}),
        (CARES, "list", ["Face", "Hands"], {"ann": ["face", "hands"], "bob": ["hands"]}),
    ],
)
def test_a_column_becomes_an_attribute_with_the_choices_found(
    lead: Member, now: datetime, text: str, kind: str, labels: list[str], kept: dict[str, Any]
) -> None:
    found = _run(started(text, by=lead, now=now, mapping={"0": "email", "1": f"new.{kind}"}), now)

    definition = AttributeDefinition.objects.get()
    assert (found.refused_count, definition.kind) == (0, kind)
    assert [choice["label"] for choice in definition.choices] == labels
    people = {contact.email.partition("@")[0]: contact for contact in Contact.objects.all()}
    assert {name: person.attributes.get(definition.key) for name, person in people.items()} == kept


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_choices_can_be_corrected_and_other_values_are_refused(lead: Member, now: datetime, is_dry_run: bool) -> None:
    mapping = {"0": "email", "1": "new.choice"}
    chosen: dict[str, Any] = {"new_choices": {"1": ["Dry ", "dry", "Normal"]}, "is_dry_run": is_dry_run}

    found = _run(started(SKINS, by=lead, now=now, mapping=mapping, **chosen), now)

    assert found.new_choices == {"1": ["Dry", "Normal"]}
    assert [refusal.line for refusal in found.refusals.all()] == [3]
    assert "oily" in found.refusals.get().reason


@pytest.mark.parametrize(
    "text",
    [
        "email,skin\nann@example.org,\n",
        "email,skin\n" + "".join(f"reader{n}@example.org,value {n}\n" for n in range(MOST_CHOICES + 1)),
        f"email,skin\nann@example.org,{'long ' * 20}\n",
    ],
    ids=["none", "too many", "too long"],
)
def test_a_column_that_is_no_choice_is_refused_before_anything_is_written(
    lead: Member, now: datetime, text: str
) -> None:
    with pytest.raises(ImportRefused, match="Make it a text"):
        started(text, by=lead, now=now, mapping={"0": "email", "1": "new.choice"})

    assert not AttributeDefinition.objects.exists()


def test_the_page_shows_the_choices_before_it_takes_them(
    lead: Member, browse: Callable[[Member], Client], now: datetime
) -> None:
    client = browse(lead)
    slug = lead.workspace.slug
    client.post(reverse("audience:import_list", args=[slug]), {"file": upload(SKINS)})
    page = reverse("audience:import_map", args=[slug, ContactImport.objects.get().pk])
    sent = {"column_0": "email", "column_1": "new.choice", "consent": "unknown", "do": "start"}

    asked = client.post(page, sent)
    taken = client.post(page, {**sent, "choices_1": "Dry\r\nOily"})

    assert asked.status_code == 422
    assert "Dry\noily</textarea>" in asked.content.decode()
    assert "Look through the values" in asked.content.decode()
    assert taken.status_code == 302
    assert [choice["label"] for choice in AttributeDefinition.objects.get().choices] == ["Dry", "Oily"]


def test_a_program_gets_the_choices_found_or_names_its_own(lead: Member, api: Callable[..., APIClient]) -> None:
    client = api(lead)
    made = client.post(reverse("api:contactimport-list"), {"file": upload(SKINS)}, format="multipart").json()
    check = reverse("api:contactimport-check", args=[made["id"]])
    mapping = {"0": "email", "1": "new.choice"}

    client.post(check, {"mapping": mapping}, format="json")
    found = ContactImport.objects.get().new_choices
    ContactImport.objects.update(state="mapping")
    client.post(check, {"mapping": mapping, "new_choices": {"1": ["Dry", "Oily", "Normal"]}}, format="json")

    assert found == {"1": ["Dry", "oily"]}
    assert ContactImport.objects.get().new_choices == {"1": ["Dry", "Oily", "Normal"]}


PHONES = "email,phone\nann@example.org,0888 123 456\nbob@example.org,+44 20 7946 0018\n"


@pytest.mark.parametrize(
    ("chosen", "kept"), [({}, "+359888123456"), ({"calling_code": "+49"}, "+49888123456")], ids=["workspace", "file"]
)
def test_a_phone_number_without_a_country_gets_that_of_the_file_or_the_workspace(
    workspace: Workspace, lead: Member, browse: Callable[[Member], Client], now: datetime, chosen: Any, kept: str
) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(country="BG")
    client = browse(lead)
    client.post(reverse("audience:import_list", args=[workspace.slug]), {"file": upload(PHONES)})
    found = ContactImport.objects.get()
    page = reverse("audience:import_map", args=[workspace.slug, found.pk])
    sent = {"column_0": "email", "column_1": "phone", "consent": "unknown", "do": "start"}

    shown = client.get(page).content.decode()
    client.post(page, {**sent, "calling_code": found.calling_code, **chosen})
    _run(found, now)

    assert '<option value="+359" selected>Bulgaria (+359)</option>' in shown
    assert set(Contact.objects.values_list("phone", flat=True)) == {kept, "+442079460018"}


def test_the_command_takes_the_country_of_the_workspace(workspace: Workspace, lead: Member, tmp_path: Any) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(country="BG")
    path = tmp_path / "people.csv"
    path.write_text(PHONES)

    call_command("import_contacts", path, workspace=workspace.slug)

    assert Contact.objects.get(address="ann@example.org").phone == "+359888123456"


def test_a_contact_written_by_hand_gets_the_country_of_the_workspace(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    workspace.country = "BG"
    given: dict[str, Any] = {"workspace": workspace, "by": lead, "now": now}

    contact, _new = save_contact(email="ann@example.org", fields={"phone": "0888 123 456"}, **given)

    assert contact.phone == "+359888123456"


def test_every_country_has_a_calling_code_that_numbers_may_begin_with() -> None:
    without = {"AC", "AQ", "BV", "CP", "CQ", "DG", "GS", "HM", "TA", "TF", "UM"}  # nobody's number is from there

    assert {code for code in countries("en") if not calling_code(code)} <= without
    assert all(E164.fullmatch(f"+{code}{'5' * 8}") for code in CALLING_CODES.values())


def test_a_code_that_countries_share_is_offered_once() -> None:
    offered = calling_code_choices("en")

    assert len({code for code, _words in offered}) == len(offered)
    assert ("+7", "Russia, Kazakhstan (+7)") in offered


@pytest.mark.parametrize("written", ["12,50 EUR", "€ 12.50", "12.50€", "eur12.5", "12.5"])
def test_money_in_the_workspaces_currency_is_taken(workspace: Workspace, written: str) -> None:
    spent = AttributeFactory.create(workspace=workspace, key="spent", kind=AttributeKind.MONEY)

    assert stored_value(spent, written) == 12.5


@pytest.mark.parametrize("written", ["12.50 USD", "$12.50", "12 лв.", "GBP 12", "£12", "500 руб", "CAD12"])
def test_money_in_another_currency_is_refused_in_plain_words(workspace: Workspace, written: str) -> None:
    spent = AttributeFactory.create(workspace=workspace, key="spent", kind=AttributeKind.MONEY)

    with pytest.raises(AttributeRefused, match=r"is not in EUR\. Convert it"):
        stored_value(spent, written)


def test_a_word_that_is_no_currency_is_no_amount(workspace: Workspace) -> None:
    spent = AttributeFactory.create(workspace=workspace, key="spent", kind=AttributeKind.MONEY)

    with pytest.raises(AttributeRefused, match="is not a money"):
        stored_value(spent, "12 pcs")


def test_dollars_are_what_a_workspace_of_dollars_means_by_the_sign(workspace: Workspace) -> None:
    workspace.currency = "USD"
    spent = AttributeFactory.create(workspace=workspace, key="spent", kind=AttributeKind.MONEY)

    assert stored_value(spent, "$1,234.50") == 1234.5


def test_a_row_with_another_currency_is_refused_and_the_others_are_taken(lead: Member, now: datetime) -> None:
    text = "email,spent\nann@example.org,12 EUR\nbob@example.org,12 USD\n"

    found = _run(started(text, by=lead, now=now, mapping={"0": "email", "1": "new.money"}), now)

    assert (found.created_count, found.refused_count) == (1, 1)
    assert "is not in EUR" in found.refusals.get().reason
    assert json.dumps(Contact.objects.get().attributes) == '{"spent": 12}'
