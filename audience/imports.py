"""Contacts from a CSV, the part that people see: upload, match the columns, start, cancel.

`audience.intake` takes the rows in a worker.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import IO

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import (
    AttributeDefinition,
    Consent,
    ContactImport,
    ContactList,
    ImportState,
)
from audience.services import current_attributes
from emailops.lib.csvfile import AUTOMATIC, Table, read_table
from emailops.lib.errors import DomainError
from emailops.lib.queue import enqueue
from workspaces.audit import record
from workspaces.models import Member, Workspace

LARGEST_FILE = 200 * 1024 * 1024
SAMPLE_ROWS = 5
CONTACT_COLUMNS = ("email", "first_name", "last_name", "language", "external_id")
SKIP = ""
GUESSES: dict[str, str] = {
    r"(.+[ _-])?e-?mail([ _-]?addr.*)?|.*почт[аы]|.*поща|и-?мейл([ _-]адрес)?": "email",
    r"(first|given).?name|name|имя|(собствено )?име": "first_name",
    r"(last|family).?name|surname|фамил.*": "last_name",
    r"lang.*|язык|език": "language",
    r"(external|customer|crm).?id|id": "external_id",
}


class ImportRefused(DomainError):
    """The file or the matching of its columns cannot be used."""

    code = "import_refused"


@transaction.atomic
def open_import(
    *, workspace: Workspace, file: File[bytes], by: Member, now: datetime, encoding: str = AUTOMATIC
) -> ContactImport:
    """Keep an uploaded file and read its header. Raises `ImportRefused` or `UnreadableTable`; nothing is kept then."""
    if file.size > LARGEST_FILE:
        raise ImportRefused(_("The file is larger than 200 MB. Split it and import the parts."))
    table = _read_through(file, encoding)
    found = ContactImport(
        workspace=workspace,
        filename=(file.name or "contacts.csv")[-200:],
        encoding=encoding,
        header=list(table.header),
        mapping=guess_mapping(table.header, current_attributes(workspace)),
        size=file.size,
        created_by=by,
        created_at=now,
    )
    found.file.save(f"{now:%H%M%S}.csv", file, save=False)
    found.save()
    record("import.opened", found, by=by, now=now, size=file.size)
    return found


def _read_through(file: File[bytes], encoding: str) -> Table:
    """The table, read to its end once, so that a fault on the last line is told before anything is written."""
    table = read_table(bytes_of(file), encoding=encoding)
    for _row in table.rows:
        pass
    return table


def bytes_of(file: File[bytes]) -> IO[bytes]:
    file.seek(0)
    if file.file is None:
        raise _gone()
    return file.file


@contextmanager
def opened(found: ContactImport) -> Iterator[IO[bytes]]:
    """The kept file from its beginning. Raises `ImportRefused` when it was deleted meanwhile."""
    try:
        file = found.file.open("rb")
    except FileNotFoundError as error:
        raise _gone() from error
    with file:
        yield bytes_of(file)


def _gone() -> "ImportRefused":
    return ImportRefused(_("The file is gone. Upload it again."))


def guess_mapping(header: Sequence[str], attributes: Mapping[str, AttributeDefinition]) -> dict[str, str]:
    """For each column number, as text, what it most likely holds; nothing where we cannot tell."""
    mapping: dict[str, str] = {}
    for index, name in enumerate(header):
        guess = _guess(name.strip().lower(), attributes)
        mapping[str(index)] = guess if guess not in mapping.values() else SKIP
    return mapping


def _guess(name: str, attributes: Mapping[str, AttributeDefinition]) -> str:
    for pattern, column in GUESSES.items():
        if re.fullmatch(pattern, name):
            return column
    for key, definition in attributes.items():
        if name in {key, definition.label.lower()}:
            return f"attribute.{key}"
    return SKIP


def sample_rows(found: ContactImport) -> list[Sequence[str]]:
    """The first rows, for the page on which the columns are matched."""
    with opened(found) as file:
        rows = read_table(file, encoding=found.encoding).rows
        return [row.cells for row in islice(rows, SAMPLE_ROWS)]


@transaction.atomic
def start_import(
    *,
    found: ContactImport,
    mapping: Mapping[str, str],
    contact_list: ContactList | None,
    consent: Consent,
    consent_wording: str,
    by: Member,
    now: datetime,
) -> None:
    """Hand the matched file to a worker. Raises `ImportRefused` without an e-mail column, or the second time."""
    require_usable(mapping, current_attributes(found.workspace))
    if consent == Consent.GIVEN and not consent_wording.strip():
        raise ImportRefused(
            _("Say how these people agreed: where, when, and in which words."),
            fields={"consent_wording": [_("Needed as evidence of consent.")]},
        )
    started = ContactImport.objects.filter(pk=found.pk, state=ImportState.MAPPING).update(
        state=ImportState.WAITING,
        mapping=dict(mapping),
        contact_list=contact_list,
        consent=consent,
        consent_wording=consent_wording,
    )
    if not started:
        raise ImportRefused(_("This import was started already."))
    record("import.started", found, by=by, now=now, consent=consent)
    enqueue("audience.run_import", import_id=found.pk)


def require_usable(mapping: Mapping[str, str], attributes: Mapping[str, AttributeDefinition]) -> None:
    """Raises `ImportRefused` unless there is an e-mail column, no field is named twice and every attribute is there."""
    chosen = [column for column in mapping.values() if column != SKIP]
    known = {*CONTACT_COLUMNS, *(f"attribute.{key}" for key in attributes)}
    if "email" not in chosen:
        raise ImportRefused(_("Say which column holds the e-mail address: without it there is nobody to write to."))
    if len(chosen) != len(set(chosen)):
        raise ImportRefused(_("Two columns are matched to the same field. Leave one of them out."))
    if not set(chosen) <= known:
        raise ImportRefused(_("A column is matched to an attribute that no longer exists. Choose again."))


@transaction.atomic
def cancel_import(*, found: ContactImport, by: Member, now: datetime) -> None:
    """Stop after the chunk being read. What was taken stays. Repeating is harmless."""
    stopped = ContactImport.objects.filter(pk=found.pk).exclude(
        state__in=(ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED)
    )
    if stopped.update(state=ImportState.CANCELLED, finished_at=now):
        record("import.cancelled", found, by=by, now=now)
