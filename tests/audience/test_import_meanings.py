"""What a value of a file means that is none of the choices: another one, a new one, or nothing."""

import re
from datetime import datetime, timedelta
from html import unescape
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from audience.imports import ImportRefused, choices_of, open_import, start_import
from audience.intake import run_import
from audience.models import AttributeDefinition, AttributeKind, Contact, ContactImport, ImportState
from tests.factories.audience import AttributeFactory
from tests.factories.imports import started, upload
from workspaces.models import Member

pytestmark = pytest.mark.django_db
SKINS = "email,skin\nann@example.org,Dry\nbob@example.org,Drry\neve@example.org,n/a\nkim@example.org,Oily\n"
KNOWN = {"0": "email", "1": "attribute.skin"}
NEW = {"0": "email", "1": "new.choice"}


@pytest.fixture
def skin(lead: Member) -> AttributeDefinition:
    choices = [{"key": "dry", "label": "Dry", "labels": {"ru": "Сухая"}}]
    made: AttributeDefinition = AttributeFactory.create(
        workspace=lead.workspace, key="skin", label="skin", kind=AttributeKind.CHOICE, choices=choices
    )
    return made


def _run(found: ContactImport, now: datetime) -> ContactImport:
    ticks = count()
    run_import(found.pk, lambda: now + timedelta(milliseconds=next(ticks)))
    found.refresh_from_db()
    return found


def _kept() -> dict[str, Any]:
    people = Contact.objects.order_by("address")
    return {person.email.partition("@")[0]: person.attributes.get("skin") for person in people}


def test_a_misspelling_is_taken_for_a_choice_and_another_value_for_nothing(
    lead: Member, now: datetime, skin: AttributeDefinition
) -> None:
    same = {"1": {" DRRY": "Dry", "n/a": "", "oily": "сухая"}}

    found = _run(started(SKINS, by=lead, now=now, mapping=KNOWN, same_values=same), now)

    assert (found.created_count, found.refused_count) == (4, 0)
    assert _kept() == {"ann": "dry", "bob": "dry", "eve": None, "kim": "dry"}


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_a_known_attribute_gets_a_choice_more_only_when_the_import_begins(
    lead: Member, now: datetime, skin: AttributeDefinition, is_dry_run: bool
) -> None:
    more = {"1": ["Oily", "dry"]}

    found = _run(started(SKINS, by=lead, now=now, mapping=KNOWN, new_choices=more, is_dry_run=is_dry_run), now)

    skin.refresh_from_db()
    assert [refusal.line for refusal in found.refusals.order_by("line")] == [3, 4]
    assert [choice["label"] for choice in skin.choices] == (["Dry"] if is_dry_run else ["Dry", "Oily"])
    assert _kept() == ({} if is_dry_run else {"ann": "dry", "kim": "oily"})


def test_what_was_said_before_a_dry_run_holds_after_it(lead: Member, now: datetime, skin: AttributeDefinition) -> None:
    found = started(
        SKINS, by=lead, now=now, mapping=KNOWN, same_values={"1": {"drry": "dry"}}, new_choices={"1": ["Oily"]},
        is_dry_run=True,
    )  # fmt: skip
    found = _run(found, now)

    start_import(found=found, choices=choices_of(found), by=lead, now=now)

    assert _run(found, now).state == ImportState.DONE
    assert _kept() == {"ann": "dry", "bob": "dry", "kim": "oily"}


def test_a_misspelling_makes_no_choice_of_a_new_attribute(lead: Member, now: datetime) -> None:
    same = {"1": {"Drry": "Dry", "n/a": ""}}

    found = _run(started(SKINS, by=lead, now=now, mapping=NEW, same_values=same), now)

    definition = AttributeDefinition.objects.get()
    assert [choice["label"] for choice in definition.choices] == ["Dry", "Oily"]
    assert (found.refused_count, _kept()) == (0, {"ann": "dry", "bob": "dry", "eve": None, "kim": "oily"})


def test_of_several_values_in_a_cell_each_is_taken_for_what_it_means(lead: Member, now: datetime) -> None:
    text = "email,care\nann@example.org,Face; Hnds\nbob@example.org,Hnds\neve@example.org,none\n"
    chosen: dict[str, Any] = {
        "new_choices": {"1": ["Face", "Hands"]},
        "same_values": {"1": {"hnds": "Hands", "none": ""}},
    }

    found = _run(started(text, by=lead, now=now, mapping={"0": "email", "1": "new.list"}, **chosen), now)

    assert found.refused_count == 0
    people = Contact.objects.order_by("address").values_list("attributes", flat=True)
    assert list(people) == [{"care": ["face", "hands"]}, {"care": ["hands"]}, {}]


def test_a_value_cannot_mean_a_choice_that_is_not_there(lead: Member, now: datetime, skin: AttributeDefinition) -> None:
    with pytest.raises(ImportRefused, match="none of the choices"):
        started(SKINS, by=lead, now=now, mapping=KNOWN, same_values={"1": {"Drry": "Soft"}})


def test_what_values_mean_is_remembered_for_the_next_file_as_long_as_the_choice_is_there(
    lead: Member, now: datetime, skin: AttributeDefinition
) -> None:
    started(SKINS, by=lead, now=now, mapping=KNOWN, same_values={"1": {"drry": "Dry", "n/a": "", "oily": "Dry"}})
    skin.choices = [{"key": "soft", "label": "Soft"}]
    skin.save()

    found = open_import(workspace=lead.workspace, file=upload(SKINS), by=lead, now=now + timedelta(hours=1))

    assert found.same_values == {"1": {"n/a": ""}}


def test_the_page_asks_what_each_value_means_that_is_none_of_the_choices(
    lead: Member, client: Client, now: datetime, skin: AttributeDefinition
) -> None:
    found = open_import(workspace=lead.workspace, file=upload(SKINS), by=lead, now=now)
    client.force_login(lead.user)
    url = reverse("audience:import_map", kwargs={"workspace": lead.workspace.slug, "pk": found.pk})
    asked = _questions(client.get(url).content)

    answers = dict(zip(asked, ("=Dry", "-", "+"), strict=True))
    response = client.post(url, {"column_0": "email", "column_1": "attribute.skin", "consent": "unknown", **answers})

    assert list(asked.values()) == [
        "“Drry” is none of the choices",
        "“n/a” is none of the choices",
        "“Oily” is none of the choices",
    ]
    assert response.status_code == 302
    _run(found, now)
    assert _kept() == {"ann": "dry", "bob": "dry", "eve": None, "kim": "oily"}


def test_a_value_taken_out_of_the_new_choices_is_asked_about_before_the_import_begins(
    lead: Member, client: Client, now: datetime
) -> None:
    found = open_import(workspace=lead.workspace, file=upload(SKINS), by=lead, now=now)
    client.force_login(lead.user)
    url = reverse("audience:import_map", kwargs={"workspace": lead.workspace.slug, "pk": found.pk})
    chosen = {"column_0": "email", "column_1": "new.choice", "consent": "unknown", "choices_1": "Dry\nOily\nn/a"}

    first = client.post(url, chosen)
    (name,) = _questions(first.content)
    second = client.post(url, {**chosen, name: "=Dry"})

    assert (first.status_code, second.status_code) == (422, 302)
    _run(found, now)
    assert _kept() == {"ann": "dry", "bob": "dry", "eve": "na", "kim": "oily"}


def test_the_command_says_what_values_mean(lead: Member, tmp_path: Path, skin: AttributeDefinition) -> None:
    path = tmp_path / "people.csv"
    path.write_text(SKINS)
    out = StringIO()

    call_command(
        "import_contacts", path, "--workspace", lead.workspace.slug, "--same", "skin:Drry=Dry", "--same", "skin:n/a=",
        "--choices", "skin=Oily|Normal", stdout=out,
    )  # fmt: skip

    assert _kept() == {"ann": "dry", "bob": "dry", "eve": None, "kim": "oily"}


def _questions(page: bytes) -> dict[str, str]:
    """The names of the questions about values, with their words."""
    labels = re.findall(r'<label[^>]*for="id_(same_[^"]+)"[^>]*>(.*?)</label>', page.decode(), re.DOTALL)
    return {name: " ".join(unescape(re.sub(r"<[^>]+>", "", words)).split()) for name, words in labels}
