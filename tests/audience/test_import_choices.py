"""What was chosen for an import: whom it writes, what wins, where people go, what is remembered."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from audience.imports import ImportRefused, choices_of, open_import, read_differently, start_import
from audience.intake import CHUNK, run_import
from audience.models import (
    AttributeDefinition,
    Consent,
    ConsentEntry,
    Contact,
    ContactImport,
    ImportMode,
    ImportState,
    ListMembership,
    Topic,
    TopicConsent,
)
from audience.services import ConsentBasis, withdraw_consent
from tests.factories.audience import AttributeFactory, ContactFactory, ListFactory
from tests.factories.imports import people_csv, started, upload
from workspaces.models import Member

pytestmark = pytest.mark.django_db
TEXT = "email,first name,tags\nann@example.org,Anna,new\nbob@example.org,Bob,new\n"


@pytest.fixture
def run(now: datetime) -> Callable[[ContactImport], ContactImport]:
    ticks = count()

    def run_it(found: ContactImport) -> ContactImport:
        run_import(found.pk, lambda: now + timedelta(milliseconds=next(ticks)))
        found.refresh_from_db()
        return found

    return run_it


Run = Callable[[ContactImport], ContactImport]


def _ann(by: Member, **fields: Any) -> Contact:
    contact: Contact = ContactFactory.create(workspace=by.workspace, email="ann@example.org", **fields)
    return contact


def test_only_new_people_are_added_and_known_ones_stay_as_they_are(lead: Member, now: datetime, run: Run) -> None:
    ann, news = _ann(lead, first_name="Ann", consent=Consent.UNKNOWN), ListFactory.create(workspace=lead.workspace)

    found = run(started(TEXT, by=lead, now=now, mode=ImportMode.INSERT, contact_list=news, consent=Consent.GIVEN))

    ann.refresh_from_db()
    assert (found.created_count, found.updated_count, found.unchanged_count) == (1, 0, 1)
    assert (ann.first_name, ann.tags, ann.consent) == ("Ann", [], Consent.UNKNOWN)
    assert [entry.contact.email for entry in ListMembership.objects.all()] == ["bob@example.org"]


def test_only_known_people_are_updated_and_nobody_is_added(lead: Member, now: datetime, run: Run) -> None:
    ann = _ann(lead, first_name="Ann")

    found = run(started(TEXT, by=lead, now=now, mode=ImportMode.UPDATE))

    ann.refresh_from_db()
    assert (found.created_count, found.updated_count, found.refused_count) == (0, 1, 1)
    assert (ann.first_name, ann.tags) == ("Anna", ["new"])
    assert "adds nobody" in found.refusals.get().reason


def test_gaps_are_filled_and_what_is_known_stays(lead: Member, now: datetime, run: Run) -> None:
    for key in ("city", "street"):
        AttributeFactory.create(workspace=lead.workspace, key=key, label=key)
    ann = _ann(lead, first_name="Ann", last_name="", tags=["old"], attributes={"city": "Sofia"})
    text = "email,first name,last name,tags,city,street\nann@example.org,Anna,Lee,new,Varna,Oborishte\n"

    found = run(started(text, by=lead, now=now, fills_gaps=True))

    ann.refresh_from_db()
    assert found.updated_count == 1
    assert (ann.first_name, ann.last_name, ann.tags) == ("Ann", "Lee", ["old", "new"])
    assert ann.attributes == {"city": "Sofia", "street": "Oborishte"}


@pytest.mark.parametrize("mode", ImportMode)
@pytest.mark.parametrize("fills_gaps", [False, True])
def test_a_dry_run_counts_what_the_import_then_does(
    lead: Member, now: datetime, run: Run, mode: ImportMode, fills_gaps: bool
) -> None:
    _ann(lead, first_name="Ann", consent=Consent.GIVEN)
    ContactFactory.create(workspace=lead.workspace, email="bob@example.org", first_name="Bob", tags=["new"])
    text = f"{TEXT}cid@example.org,Cid,\nnobody,,\nann@example.org,again,\n"
    counts = ("created_count", "updated_count", "unchanged_count", "refused_count", "suppressed_count")
    checked = run(started(text, by=lead, now=now, is_dry_run=True, mode=mode, fills_gaps=fills_gaps))
    foretold = [getattr(checked, name) for name in counts]
    assert Contact.objects.count() == 2

    start_import(found=checked, choices=choices_of(checked), by=lead, now=now)
    done = run(checked)

    assert (checked.state, done.state) == (ImportState.DONE, ImportState.DONE)
    assert [getattr(done, name) for name in counts] == foretold
    assert done.refusals.count() == done.refused_count


def test_an_address_is_taken_once_a_file_however_far_apart_its_rows(lead: Member, now: datetime, run: Run) -> None:
    text = people_csv([*range(CHUNK), 7])

    found = run(started(text, by=lead, now=now))

    assert (found.created_count, found.updated_count, found.refused_count) == (CHUNK, 0, 1)
    assert found.refusals.get().reason == "The same address stands on line 9."


def test_people_go_on_several_lists_and_agree_to_topics_unless_they_left(lead: Member, now: datetime, run: Run) -> None:
    lists = [ListFactory.create(workspace=lead.workspace, name=name) for name in ("A", "B")]
    topic = Topic.objects.create(workspace=lead.workspace, name="Tips")
    withdraw_consent(contact=_ann(lead), basis=ConsentBasis("link"), by=None, now=now)

    found = run(
        started(
            TEXT, by=lead, now=now, lists=lists, topics=[topic], consent=Consent.GIVEN, consented_on=date(2026, 1, 2)
        )
    )

    assert ListMembership.objects.count() == 4
    assert [said.contact.email for said in TopicConsent.objects.all()] == ["bob@example.org"]
    entry = ConsentEntry.objects.get(to="mail", contact__email="bob@example.org")
    assert entry.evidence["agreed_on"] == "2026-01-02"
    assert ConsentEntry.objects.filter(to="topic", topic=topic).count() == 1
    assert found.suppressed_count == 1


def test_topics_need_consent_and_nobody_agrees_in_the_future(lead: Member, now: datetime) -> None:
    topic = Topic.objects.create(workspace=lead.workspace, name="Tips")

    with pytest.raises(ImportRefused, match="something people agree to"):
        started(TEXT, by=lead, now=now, topics=[topic])
    with pytest.raises(ImportRefused, match="in the future"):
        started(TEXT, by=lead, now=now, consent=Consent.GIVEN, consented_on=now.date() + timedelta(days=1))


def test_a_column_can_become_a_new_attribute(lead: Member, now: datetime, run: Run) -> None:
    text = "email,Shoe size\nann@example.org,38\nbob@example.org,big\n"
    mapping = {"0": "email", "1": "new.number"}
    checked = run(started(text, by=lead, now=now, mapping=mapping, is_dry_run=True))
    assert not AttributeDefinition.objects.exists()

    start_import(found=checked, choices=choices_of(checked), by=lead, now=now)
    done = run(checked)

    assert AttributeDefinition.objects.get().kind == "number"
    assert Contact.objects.get().attributes == {"shoe_size": 38}
    assert done.refused_count == 1


@pytest.mark.parametrize(
    ("kind", "cell", "stored"),
    [
        ("money", "1.234,50 €", 1234.5),
        ("money", "€1,234.50", 1234.5),
        ("money", "12'345,6 EUR", 12345.6),
        ("choice", "Rouge", "red"),
        ("list", "blue; Rouge", ["red", "blue"]),
        ("date", "31.12.2025", "2025-12-31"),
        ("boolean", "да", True),
    ],
)
def test_attributes_of_every_kind_are_read(
    lead: Member, now: datetime, run: Run, kind: str, cell: str, stored: Any
) -> None:
    choices = [{"key": "red", "label": "Red", "labels": {"fr": "Rouge"}}, {"key": "blue", "label": "Blue"}]
    AttributeFactory.create(workspace=lead.workspace, key="x", label="X", kind=kind, choices=choices)

    found = run(started(f'email,X\nann@example.org,"{cell}"\nbob@example.org,??\n', by=lead, now=now))

    assert Contact.objects.get().attributes == {"x": stored}
    assert found.refused_count == 1


def test_how_columns_were_matched_is_remembered_for_the_next_file(lead: Member, now: datetime) -> None:
    first = "email,a,b\nann@example.org,Ann,Lee\n"
    mapping = {"0": "email", "1": "first_name", "2": "last_name"}
    started(first, by=lead, now=now, mapping=mapping)

    again = started("Email,A,B\nbob@example.org,Bob,Ray\n", by=lead, now=now + timedelta(days=1))

    assert again.mapping == mapping


def test_a_file_read_wrongly_is_read_again(lead: Member, now: datetime) -> None:
    from audience.imports import open_import, sample_rows

    raw = "email|имя\nann@example.org|Анна\n".encode("cp1251")
    found = open_import(workspace=lead.workspace, file=upload(raw), by=lead, now=now, encoding="cp1252")

    read_differently(found=found, encoding="", delimiter="", by=lead, now=now)

    assert (found.encoding, found.delimiter, found.header) == ("cp1251", "|", ["email", "имя"])
    assert sample_rows(found) == [["ann@example.org", "Анна"]]


def _command(lead: Member, path: Path, *options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("import_contacts", str(path), "--workspace", lead.workspace.slug, "--json", *options, stdout=out)
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def test_the_command_does_all_of_it(lead: Member, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("who,name\nann@example.org,Ann\n")
    news = ListFactory.create(workspace=lead.workspace, name="News")

    report = _command(
        lead, path, "--map", "name=last_name", "--list", "News", "--basis", "Yes, write", "--source", "Fair"
    )

    assert (report["state"], report["created"], report["refused"]) == ("done", 1, 0)
    assert Contact.objects.get().last_name == "Ann"
    assert ListMembership.objects.get().contact_list == news
    assert ConsentEntry.objects.get().wording == "Yes, write"


def test_the_command_says_by_its_exit_code_how_it_ended(lead: Member, tmp_path: Path) -> None:
    path, refused = tmp_path / "people.csv", tmp_path / "refused.csv"
    path.write_text("email\nann@example.org\nnobody\n")

    with pytest.raises(CommandError) as some:
        _command(lead, path, "--refused", str(refused))
    with pytest.raises(CommandError) as no_list:
        _command(lead, path, "--list", "Unheard of")
    with pytest.raises(CommandError) as no_basis:
        _command(lead, path, "--basis", "Yes")

    assert (some.value.returncode, no_list.value.returncode, no_basis.value.returncode) == (3, 2, 1)
    assert "nobody" in refused.read_text()


@pytest.mark.parametrize(
    "mapping", [{"0": "email", "7": "first_name"}, {"0": "email", "one": ""}, {"0": "email", "1": 5}]
)
def test_columns_that_are_not_there_are_refused_and_nothing_begins(
    lead: Member, now: datetime, api: Callable[..., Any], mapping: dict[str, Any]
) -> None:
    found = open_import(workspace=lead.workspace, file=upload(TEXT), by=lead, now=now)

    answer = api(lead).post(reverse("api:contactimport-start", args=[found.pk]), {"mapping": mapping}, format="json")

    found.refresh_from_db()
    assert answer.status_code == ImportRefused.status
    assert found.state == ImportState.MAPPING
