"""A CSV before a worker sees it: upload, columns, start, cancel."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile

from audience.imports import (
    ImportChoices,
    ImportRefused,
    cancel_import,
    files,
    guess_mapping,
    open_import,
    sample_rows,
    start_import,
)
from audience.models import AttributeDefinition, Consent, ContactImport, ImportState
from audience.services import current_attributes
from emailops.lib.csvfile import UnreadableTable
from tests.conftest import Bell
from tests.factories.audience import AttributeFactory, ImportFactory
from tests.factories.imports import WORDING, lose_file, started, upload
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


def _open(by: Member, now: datetime, text: str | bytes, **options: Any) -> ContactImport:
    return open_import(workspace=by.workspace, file=upload(text), by=by, now=now, **options)


def _kept_files() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_a_file_is_kept_with_its_header_and_what_we_make_of_it(lead: Member, now: datetime) -> None:
    found = _open(lead, now, "E-mail;Vorname;Stadt\nann@example.org;Ann;Sofia\n")

    found.refresh_from_db()
    assert (found.state, found.filename, found.size) == (ImportState.MAPPING, "people.csv", 47)
    assert found.header == ["E-mail", "Vorname", "Stadt"]
    assert found.mapping == {"0": "email", "1": "first_name", "2": "city"}
    assert AuditEntry.objects.get().action == "import.opened"


def test_the_first_rows_are_shown(lead: Member, now: datetime) -> None:
    lines = "\n".join(f"reader{number}@example.org" for number in range(9))

    found = _open(lead, now, f"email\n{lines}\n")

    assert [list(row) for row in sample_rows(found)] == [[f"reader{number}@example.org"] for number in range(5)]


@pytest.mark.parametrize(
    ("raw", "encoding", "says"),
    [
        (b"", "", "names of the columns"),
        ("имя,email\nАнна,a@example.org\n".encode("cp1251"), "utf-16", "UTF-16"),
        (b"email\nann@example.org," + b"x" * 10_000_000 + b"\n", "", "Line 2 is longer"),
        (b"email\nann@example.org\n\0\n", "", "zero byte"),
        (b'email,name\nann@example.org,"Ann\nbob@example.org,Bob\n', "", "never closed"),
        ("email,имя\n".encode() + "ann@example.org,Анна\n".encode() * 5000 + b"\xff\n", "", "near line 5002"),
    ],
)
def test_a_file_that_cannot_be_read_to_its_end_leaves_nothing(
    lead: Member, now: datetime, raw: bytes, encoding: str, says: str
) -> None:
    with pytest.raises(UnreadableTable, match=says):
        _open(lead, now, raw, encoding=encoding)

    assert not ContactImport.objects.exists()
    assert not AuditEntry.objects.exists()
    assert _kept_files() == []


def test_a_file_beyond_the_limit_is_not_even_read(lead: Member, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE", 10)
    file = upload("email\nann@example.org\n")

    with pytest.raises(ImportRefused, match="Split it"):
        open_import(workspace=lead.workspace, file=file, by=lead, now=now)

    assert file.tell() == 0


def test_a_chosen_encoding_is_kept_for_the_worker(lead: Member, now: datetime) -> None:
    raw = "имя,email\nАнна,a@example.org\n".encode("cp1251")

    found = _open(lead, now, raw, encoding="cp1251")

    assert found.header == ["имя", "email"]
    assert sample_rows(found) == [["Анна", "a@example.org"]]


def test_a_file_name_never_reaches_the_disk(lead: Member, now: datetime) -> None:
    file = ContentFile(b"email\nann@example.org\n", name="../../../etc/passwd\n; rm -rf.csv")

    found = open_import(workspace=lead.workspace, file=file, by=lead, now=now)

    assert str(found.file.name).startswith("imports/")
    assert "passwd" not in str(found.file.name)


@pytest.mark.parametrize(
    ("column", "guess"),
    [
        ("email", "email"),
        ("E-Mail", "email"),
        ("Email address", "email"),
        ("Contact e-mail", "email"),
        ("Адрес электронной почты", "email"),
        ("Эл. почта", "email"),
        ("Имейл", "email"),
        ("Електронна поща", "email"),
        ("email opt in", ""),
        ("emailed at", ""),
        ("First name", "first_name"),
        ("firstname", "first_name"),
        ("given_name", "first_name"),
        ("Name", "first_name"),
        ("Имя", "first_name"),
        ("Собствено име", "first_name"),
        ("Last-Name", "last_name"),
        ("Фамилия", "last_name"),
        ("Language", "language"),
        ("Език", "language"),
        ("Customer ID", "external_id"),
        ("id", "external_id"),
        ("City", "attribute.city"),
        ("home town", "attribute.town"),
        ("Something else", ""),
        ("", ""),
    ],
)
def test_columns_are_recognised_in_three_languages(column: str, guess: str) -> None:
    attributes = {
        "city": AttributeDefinition(key="city", label="City"),
        "town": AttributeDefinition(key="town", label="Home Town"),
    }

    assert guess_mapping([column], attributes) == {"0": guess}


def test_a_field_is_guessed_once() -> None:
    assert guess_mapping(["email", "E-mail", "name", "name"], {}) == {"0": "email", "1": "", "2": "first_name", "3": ""}


def test_starting_hands_the_file_to_a_worker(
    workspace: Workspace, lead: Member, now: datetime, bells: list[Bell], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        found = started("email\nann@example.org\n", by=lead, now=now, consent=Consent.GIVEN)

    assert (found.state, found.consent, found.consent_wording) == (ImportState.WAITING, Consent.GIVEN, WORDING)
    assert bells == [("audience.run_import", {"import_id": found.pk})]
    assert AuditEntry.objects.filter(action="import.started").count() == 1


def _start(found: ContactImport, by: Member, now: datetime, **changes: Any) -> None:
    choices = ImportChoices(**{"mapping": {"0": "email"}, **changes})
    start_import(found=found, choices=choices, by=by, now=now)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"mapping": {}}, "which column holds the e-mail address"),
        ({"mapping": {"0": "first_name"}}, "which column holds the e-mail address"),
        ({"mapping": {"0": "email", "1": "email"}}, "Two columns"),
        ({"mapping": {"0": "email", "1": "first_name", "2": "first_name"}}, "Two columns"),
        ({"mapping": {"0": "email", "1": "attribute.gone"}}, "no longer exists"),
        ({"mapping": {"0": "email", "1": "consent"}}, "no longer exists"),
        ({"consent": Consent.GIVEN}, "Say how these people agreed"),
        ({"consent": Consent.GIVEN, "consent_wording": "   ", "consent_source": "Shop"}, "Say how these people agreed"),
        ({"consent": Consent.GIVEN, "consent_wording": "Yes", "consent_source": ""}, "Say how these people agreed"),
        ({"consent": Consent.WITHDRAWN}, "cannot withdraw for them"),
        ({"mapping": {"0": "email", "1": "full_name", "2": "last_name"}}, "the whole name, another a part"),
        ({"mapping": {"0": "email", "1": "new.colour"}}, "no longer exists"),
        ({"mapping": {"0": "email", "3": "last_name"}}, "no column 3"),
    ],
)
def test_what_cannot_be_imported_is_refused_and_waits(
    lead: Member, now: datetime, changes: dict[str, Any], says: str
) -> None:
    found = ImportFactory.create(workspace=lead.workspace, header=["email", "name", "surname"])

    with pytest.raises(ImportRefused, match=says):
        _start(found, lead, now, **changes)

    found.refresh_from_db()
    assert found.state == ImportState.MAPPING


def test_columns_that_are_left_out_may_be_many(lead: Member, now: datetime) -> None:
    found = ImportFactory.create(workspace=lead.workspace, header=["email", "name", "surname"])

    _start(found, lead, now, mapping={"0": "email", "1": "", "2": ""})

    found.refresh_from_db()
    assert found.state == ImportState.WAITING


def test_an_import_is_started_once(lead: Member, now: datetime) -> None:
    found = ImportFactory.create(workspace=lead.workspace)
    _start(found, lead, now)

    with pytest.raises(ImportRefused, match="started already"):
        _start(found, lead, now)


def test_an_attribute_of_the_workspace_can_be_filled(lead: Member, now: datetime) -> None:
    AttributeFactory.create(workspace=lead.workspace, key="city")
    found = started("email,city\nann@example.org,Sofia\n", by=lead, now=now)

    assert found.mapping == {"0": "email", "1": "attribute.city"}
    assert "city" in current_attributes(lead.workspace)


@pytest.mark.parametrize("state", [ImportState.MAPPING, ImportState.WAITING, ImportState.RUNNING])
def test_an_import_that_has_not_ended_is_cancelled(lead: Member, now: datetime, state: str) -> None:
    found = ImportFactory.create(workspace=lead.workspace, state=state)

    for _time in range(2):
        cancel_import(found=found, by=lead, now=now)

    found.refresh_from_db()
    assert (found.state, found.finished_at) == (ImportState.CANCELLED, now)
    assert AuditEntry.objects.filter(action="import.cancelled").count() == 1


@pytest.mark.parametrize("state", [ImportState.DONE, ImportState.FAILED])
def test_an_import_that_has_ended_stays_as_it_ended(lead: Member, now: datetime, state: str) -> None:
    found = ImportFactory.create(workspace=lead.workspace, state=state)

    cancel_import(found=found, by=lead, now=now)

    found.refresh_from_db()
    assert found.state == state
    assert not AuditEntry.objects.exists()


def test_a_file_that_is_gone_is_said_to_be_gone(lead: Member, now: datetime) -> None:
    found = _open(lead, now, "email\nann@example.org\n")
    lose_file(found)

    with pytest.raises(ImportRefused, match="Upload it again"):
        sample_rows(ContactImport.objects.get(pk=found.pk))
