"""A million contacts from a CSV: our intake against Django's `bulk_create(update_conflicts=True)`, in the same run."""

import argparse
import csv
import io
import multiprocessing
import resource
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.ground import measured, new_member, run

CITIES = ("Sofia", "Varna", "Plovdiv", "Burgas", "Ruse")
HEADER = ("email", "first name", "last name", "street", "points", "birthday", "is member", "spent")
ATTRIBUTES = {"street": "text", "points": "number", "birthday": "date", "is member": "boolean", "spent": "number"}
BASELINE_SHARE = 20
MOST_FOR_THE_BASELINE = 20_000
BATCH = 1000  # rows of `bulk_create`, where it is fastest
KILOBYTE = 1024


def people(rows: int) -> Iterator[list[str]]:
    """Names, an address and five attributes of each."""
    for n in range(rows):
        day = f"19{50 + n % 50}-{1 + n % 12:02d}-{1 + n % 28:02d}"
        address = f"reader{n}@mail{n % 50}.example"
        member = "yes" if n % 3 else "no"
        yield [address, f"First{n}", f"Last{n}", CITIES[n % 5], str(n % 900), day, member, f"{n % 70}.5"]


def write_file(path: Path, rows: int) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(people(rows))


def bench(options: argparse.Namespace) -> dict[str, Any]:
    """Rows a second of both, what is missing afterwards, and the most memory that the importing process ever held."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        write_file(path, options.rows)
        few = min(max(options.rows // BASELINE_SHARE, 1000), MOST_FOR_THE_BASELINE)
        usual = few / _usual_way(few)
        spent, lost, memory = _in_a_process_of_its_own(path, options.rows)
    ours = options.rows / spent
    return {
        "rows": options.rows,
        "baseline_rows": few,
        "rows_per_second": ours,
        "baseline_rows_per_second": usual,
        "ratio": ours / usual,
        "lost": lost,
        "peak_memory_mb": memory,
    }


def _in_a_process_of_its_own(path: Path, rows: int) -> tuple[float, int, float]:
    """A fresh process, so that its peak is that of the import alone."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_our_way, (path, rows))


def _our_way(path: Path, rows: int) -> tuple[float, int, float]:
    from benchmarks.ground import prepare

    prepare()
    from django.utils import timezone

    from audience import intake

    found = _begun(path)
    with measured() as spent:
        while found.is_unfinished:
            intake.run_import(found.pk, timezone.now)
            found.refresh_from_db()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTE
    return spent.wall, _lost(found, rows), peak


def _begun(path: Path) -> Any:
    from django.core.files import File
    from django.utils import timezone

    from audience import imports
    from audience.models import AttributeKind, Consent
    from audience.services import create_list, define_attribute

    member, now = new_member(), timezone.now()
    workspace = member.workspace
    for label, kind in ATTRIBUTES.items():
        define_attribute(workspace=workspace, label=label, kind=AttributeKind(kind), by=member, now=now)
    lists = [create_list(workspace=workspace, name=name, by=member, now=now) for name in ("People", "Readers")]
    with path.open("rb") as file:
        found = imports.open_import(workspace=workspace, file=File(file, "people.csv"), by=member, now=now)
    choices = imports.ImportChoices(
        mapping=found.mapping,
        lists=lists,
        consent=Consent.GIVEN,
        consent_source="Shop",
        consent_wording="At the till",
    )
    imports.start_import(found=found, choices=choices, by=member, now=now)
    found.refresh_from_db()
    return found


def _lost(found: Any, rows: int) -> int:
    """People, list entries, consent records and attributes that are not there, and people who came twice."""
    from audience.models import ConsentEntry, Contact, ListMembership

    contacts = Contact.objects.for_workspace(found.workspace)
    whole = contacts.consenting().filter(attributes__has_keys=["street", "points", "birthday", "is_member", "spent"])
    memberships = ListMembership.objects.for_workspace(found.workspace).count()
    consents = ConsentEntry.objects.for_workspace(found.workspace).count()
    return sum(abs(rows - count) for count in (contacts.count(), whole.count(), consents)) + abs(2 * rows - memberships)


def _usual_way(rows: int) -> float:
    """The same rows into the same tables by `bulk_create`, in batches, values checked as a form checks them."""
    from django.utils import timezone

    from audience.models import ContactList

    member, now = new_member(), timezone.now()
    lists = [ContactList.objects.create(workspace=member.workspace, name=name) for name in ("People", "Readers")]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADER)
    writer.writerows(people(rows))
    file.seek(0)
    with measured() as spent:
        _create_in_batches(csv.DictReader(file), member, lists, now)
    return spent.wall


def _create_in_batches(rows: Iterable[dict[str, str]], member: Any, lists: list[Any], now: Any) -> None:
    from django.db import transaction

    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        with transaction.atomic():
            _create(batch, member, lists, now)


def _create(batch: list[dict[str, str]], member: Any, lists: list[Any], now: Any) -> None:
    from audience.models import Consent, ConsentEntry, Contact, ListMembership

    workspace = member.workspace
    contacts = Contact.objects.bulk_create(
        [
            Contact(
                workspace=workspace,
                email=row["email"],
                address=row["email"].lower(),
                first_name=row["first name"],
                last_name=row["last name"],
                attributes=_attributes(row),
                consent=Consent.GIVEN,
                consent_at=now,
                created_at=now,
                updated_at=now,
            )
            for row in batch
        ],
        update_conflicts=True,
        unique_fields=["workspace", "address"],
        update_fields=["first_name", "last_name", "attributes", "consent", "consent_at", "updated_at"],
    )
    ListMembership.objects.bulk_create(
        [
            ListMembership(workspace=workspace, contact_list=chosen, contact=contact, added_at=now, source="import")
            for contact in contacts
            for chosen in lists
        ],
        ignore_conflicts=True,
    )
    ConsentEntry.objects.bulk_create(
        ConsentEntry(
            workspace=workspace,
            contact=contact,
            consent=Consent.GIVEN,
            source="import",
            wording="At the till",
            evidence={"file": "people.csv"},
            by=member,
            at=now,
        )
        for contact in contacts
    )


def _attributes(row: dict[str, str]) -> dict[str, Any]:
    from django import forms
    from django.core.validators import validate_email

    validate_email(row["email"])
    day = forms.DateField().clean(row["birthday"])
    return {
        "street": row["street"],
        "points": int(row["points"]),
        "birthday": str(day),
        "is_member": row["is member"] == "yes",
        "spent": float(row["spent"]),
    }


if __name__ == "__main__":
    run("import_contacts", __doc__, bench, rows=100_000)
