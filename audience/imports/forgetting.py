"""Files of imports that hold an erased person: an upload that has served goes as a whole.

A file cannot lose one row and stay what was uploaded. One that a worker is reading stays until it has been read; the
person's rows are refused, and the file goes with the last of them (`forget_file_of_erased`).
"""

from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from audience.erasing.traces import Clues
from audience.imports.files import kept_file
from audience.imports.mapping import ImportRefused
from audience.models import ContactImport, ImportRefusal, Suppression, SuppressionReason, address_hash
from emailops.lib.addresses import InvalidAddress, read_address
from emailops.lib.csvfile import UnreadableTable, lines_of
from emailops.lib.tablefile import unpacked
from workspaces.models import Workspace

ERASED_ROW = "Erased, as the person asked."
"""Why a row of an erased person is not taken; stored, and the same in each language, so that it can be found."""


def import_files(workspace: Workspace) -> QuerySet[ContactImport]:
    """Imports whose upload is kept and in nobody's hands."""
    ours = ContactImport.objects.for_workspace(workspace).exclude(file="")
    return ours.exclude(pk__in=ContactImport.objects.unfinished().values("pk"))


def redact_file(found: ContactImport, clues: Clues) -> int:
    """Delete the file if it names the person: 1 if it did."""
    if not _names(found, clues):
        return 0
    delete_file(found)
    return 1


def delete_file(found: ContactImport) -> None:
    """Delete an upload; what the import counted stays. Repeating is harmless."""
    found.file.delete(save=False)
    ContactImport.objects.filter(pk=found.pk).update(file="")


def _names(found: ContactImport, clues: Clues) -> bool:
    words = [word.lower() for word in clues.words(with_names=True)]
    try:
        with kept_file(found) as file:
            plain = unpacked(file, is_gzip=found.is_gzip)
            lines = lines_of(plain, found.encoding or "utf-8")
            return any(word in line.lower() for line in lines for word in words)
    except ImportRefused:
        return False  # the file is gone
    except (UnreadableTable, UnicodeError, OSError, EOFError):
        return True  # what cannot be read cannot be shown to be innocent


def rows_of_erased(workspace: Workspace, rows: Iterable[Sequence[str]]) -> set[int]:
    """Which of the rows, by position, hold an address whose person was erased."""
    found: dict[str, set[int]] = {}
    for place, cells in enumerate(rows):
        for cell in cells:
            if key := _address_in(cell):
                found.setdefault(address_hash(key), set()).add(place)
    erased = Suppression.objects.for_workspace(workspace).filter(reason=SuppressionReason.ERASED)
    hashes = erased.filter(address_hash__in=found).values_list("address_hash", flat=True) if found else []
    return {place for hashed in hashes for place in found[hashed]}


def _address_in(cell: str) -> str:
    try:
        return read_address(cell).key if "@" in cell else ""
    except InvalidAddress:
        return ""


def forget_file_of_erased(found: ContactImport) -> None:
    """After the last row: the file goes if a row of an erased person was in it."""
    if ImportRefusal.objects.filter(contact_import=found, reason=ERASED_ROW).exists():
        delete_file(found)
