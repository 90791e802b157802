"""Values of people: kinds of attributes, phones, countries, tags, addresses that change."""

from datetime import datetime
from typing import Any

import pytest

from audience.attributes import AttributeRefused, shown_value, stored_value
from audience.models import AddressChange, AttributeDefinition, AttributeKind, Contact, SuppressionReason
from audience.places import PlaceRefused, read_country, read_phone
from audience.services import (
    AttributeDetails,
    ContactRefused,
    archive_attribute,
    change_attribute,
    current_attributes,
    define_attribute,
    move_attribute,
    return_attribute,
    save_contact,
    suppress,
)
from audience.tags import TagRefused, read_tags
from tests.factories.audience import ContactFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
CHOICES: list[dict[str, Any]] = [{"label": "Dry", "labels": {"ru": "Сухая"}}, {"label": "Oily"}]


@pytest.fixture
def skin(workspace: Workspace, lead: Member, now: datetime) -> AttributeDefinition:
    details = AttributeDetails({"ru": "Кожа"}, "Asked in the quiz", CHOICES)
    return define_attribute(
        workspace=workspace, label="Skin", kind=AttributeKind.LIST, details=details, by=lead, now=now
    )


@pytest.mark.parametrize("given", [["dry"], "Dry", "СУХАЯ", "dry; Dry"])
def test_choices_are_read_by_key_or_label_in_any_language(skin: AttributeDefinition, given: Any) -> None:
    assert stored_value(skin, given) == ["dry"]


def test_several_are_kept_in_order_and_shown_in_words(skin: AttributeDefinition) -> None:
    assert stored_value(skin, "oily,dry") == ["dry", "oily"]
    assert shown_value(skin, ["dry", "gone"]) == "Dry, gone"


@pytest.mark.parametrize("given", ["wet", ["dry", "wet"], ",", [None], True])
def test_what_is_no_choice_is_refused_with_the_choices(skin: AttributeDefinition, given: Any) -> None:
    with pytest.raises(AttributeRefused):
        stored_value(skin, given)


@pytest.mark.parametrize(
    ("given", "kept"), [("12.50", 12.5), (7, 7), ("1 200", 1200), ("-3,5", -3.5), ("1.234.567,5 €", 1234567.5)]
)
def test_money_is_kept_as_a_number_and_shown_in_the_currency(workspace: Workspace, given: Any, kept: float) -> None:
    spent = AttributeDefinition(workspace=workspace, key="spent", label="Spent", kind=AttributeKind.MONEY)

    assert stored_value(spent, given) == kept
    assert "€" in shown_value(spent, kept)


@pytest.mark.parametrize("given", ["1.005", "1e20", "much", True, "1,000", "1,000 €", "1.23,456.7", "EUR"])
def test_money_that_cannot_be_is_refused(workspace: Workspace, given: Any) -> None:
    spent = AttributeDefinition(workspace=workspace, key="spent", label="Spent", kind=AttributeKind.MONEY)

    with pytest.raises(AttributeRefused):
        stored_value(spent, given)


def test_a_choice_that_people_have_cannot_go(skin: AttributeDefinition, lead: Member, now: datetime) -> None:
    ContactFactory.create(workspace=skin.workspace, attributes={"skin": ["dry"]})
    without = AttributeDetails(choices=[{"key": "oily", "label": "Greasy"}])

    with pytest.raises(AttributeRefused, match="Dry"):
        change_attribute(definition=skin, label="Skin", details=without, by=lead, now=now)
    Contact.objects.update(attributes={})
    change_attribute(definition=skin, label="Skin type", details=without, by=lead, now=now)

    skin.refresh_from_db()
    assert (skin.label, skin.choices) == ("Skin type", [{"key": "oily", "label": "Greasy", "labels": {}}])


@pytest.mark.parametrize("choices", [[], [{"label": "A"}, {"label": "a"}], [{"label": "!"}], [{"label": "x" * 81}]])
def test_choices_that_are_no_good_are_refused(
    skin: AttributeDefinition, lead: Member, now: datetime, choices: list[dict[str, str]]
) -> None:
    with pytest.raises(AttributeRefused):
        change_attribute(definition=skin, label="Skin", details=AttributeDetails(choices=choices), by=lead, now=now)


def test_attributes_are_ordered_put_away_and_brought_back(
    skin: AttributeDefinition, lead: Member, now: datetime
) -> None:
    age = define_attribute(workspace=skin.workspace, label="Age", kind=AttributeKind.NUMBER, by=lead, now=now)

    assert list(current_attributes(skin.workspace)) == ["skin", "age"]
    move_attribute(definition=age, up=True, by=lead, now=now)
    assert list(current_attributes(skin.workspace)) == ["age", "skin"]
    archive_attribute(definition=skin, by=lead, now=now)
    assert list(current_attributes(skin.workspace)) == ["age"]
    return_attribute(definition=skin, by=lead, now=now)
    assert list(current_attributes(skin.workspace)) == ["age", "skin"]


@pytest.mark.parametrize("typed", ["+359 888 123-456", "00359888123456", "+359 (888) 123456"])
def test_a_phone_is_kept_in_e164(typed: str) -> None:
    assert read_phone(typed) == "+359888123456"


@pytest.mark.parametrize("typed", ["0888123456", "+999888123456", "+35988812345678901", "+359x", "+12", "phone"])
def test_what_is_no_international_number_is_refused(typed: str) -> None:
    with pytest.raises(PlaceRefused):
        read_phone(typed)


def test_countries_are_codes() -> None:
    assert read_country(" bg ") == "BG"
    for wrong in ("XX", "Bulgaria", "EU"):
        with pytest.raises(PlaceRefused):
            read_country(wrong)


def test_tags_are_in_small_letters_once_each() -> None:
    assert read_tags(" VIP, key  account;vip") == ["key account", "vip"]
    with pytest.raises(TagRefused):
        read_tags(["x" * 41])


def test_a_change_of_address_keeps_the_old_one_and_what_holds_for_the_new_one(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    ann = ContactFactory.create(workspace=workspace, email="Ann@old.example")
    reason = SuppressionReason.COMPLAINED
    suppress(workspace=workspace, address="ann@new.example", reason=reason, by=None, now=now)

    saved, _new = save_contact(workspace=workspace, contact=ann, email="ann@new.example", by=lead, now=now)

    assert (saved.consent, saved.suppression) == ("given", "complained")
    assert AddressChange.objects.get(contact=ann).email == "Ann@old.example"


def test_whom_a_seller_adds_he_looks_after_and_colleagues_people_he_cannot_change(
    workspace: Workspace, lead: Member, seller: Member, now: datetime
) -> None:
    mine, _new = save_contact(workspace=workspace, email="mine@example.org", by=seller, now=now)
    ContactFactory.create(workspace=workspace, email="hers@example.org", seller=lead)

    assert mine.seller == seller
    with pytest.raises(ContactRefused):
        save_contact(workspace=workspace, email="hers@example.org", by=seller, now=now)
    with pytest.raises(ContactRefused):
        save_contact(workspace=workspace, email="mine@example.org", fields={"seller": lead}, by=seller, now=now)
