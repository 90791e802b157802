"""Files as people upload them, and imports of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile

from audience.imports import ImportChoices, open_import, start_import
from audience.models import Consent, ContactImport, ContactList
from workspaces.models import Member

SOURCE = "Checkout of the shop"
WORDING = "Ticked at the checkout, May 2026"


def upload(text: str | bytes, name: str = "people.csv") -> ContentFile[bytes]:
    return ContentFile(text if isinstance(text, bytes) else text.encode(), name=name)


def lose_file(found: ContactImport) -> None:
    """Delete the kept file behind the import's back."""
    ContactImport.objects.get(pk=found.pk).file.delete(save=False)


def people_csv(numbers: Iterable[int]) -> str:
    """One line for each number: an address, a name, a city."""
    lines = [f"reader{number}@example.org,Reader {number},City {number % 7}" for number in numbers]
    return "\n".join(["email,first name,city", *lines, ""])


def started(
    text: str | bytes,
    *,
    by: Member,
    now: datetime,
    mapping: dict[str, str] | None = None,
    contact_list: ContactList | None = None,
    consent: Consent = Consent.UNKNOWN,
    name: str = "people.csv",
    is_dry_run: bool = False,
    **choices: Any,
) -> ContactImport:
    """An import that waits for a worker; the columns as they were guessed unless told otherwise."""
    found = open_import(workspace=by.workspace, file=upload(text, name), by=by, now=now)
    if contact_list is not None:
        choices["lists"] = [contact_list]
    if consent == Consent.GIVEN:
        choices = {"consent_source": SOURCE, "consent_wording": WORDING, **choices}
    chosen = ImportChoices(mapping=found.mapping if mapping is None else mapping, consent=consent, **choices)
    start_import(found=found, choices=chosen, by=by, now=now, is_dry_run=is_dry_run)
    found.refresh_from_db()
    return found
