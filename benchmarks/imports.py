"""Contacts from a CSV: our intake against `update_or_create` row by row, the usual way, in the same run."""

import argparse
import csv
import io
from typing import Any

from benchmarks.ground import measured, new_member, run

CITIES = ("Sofia", "Varna", "Plovdiv", "Burgas", "Ruse")


def table(rows: int) -> bytes:
    """A customer list with five columns beside the address."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["email", "first name", "last name", "city", "points"])
    writer.writerows(
        [f"reader{n}@mail{n % 50}.example", f"First{n}", f"Last{n}", CITIES[n % 5], n % 900] for n in range(rows)
    )
    return out.getvalue().encode()


def bench(options: argparse.Namespace) -> dict[str, Any]:
    """Rows a second of both, and how many times faster ours is. The baseline takes a tenth of the rows."""
    ours = options.rows / _our_way(options.rows)
    few = max(options.rows // 10, 100)
    usual = few / _usual_way(few)
    return {"rows": options.rows, "rows_per_second": ours, "baseline_rows_per_second": usual, "ratio": ours / usual}


def _our_way(rows: int) -> float:
    from django.core.files.base import ContentFile
    from django.utils import timezone

    from audience import imports, intake
    from audience.models import AttributeKind, Consent, Contact
    from audience.services import create_list, define_attribute

    member, now = new_member(), timezone.now()
    workspace = member.workspace
    define_attribute(workspace=workspace, label="City", kind=AttributeKind.TEXT, by=member, now=now)
    define_attribute(workspace=workspace, label="Points", kind=AttributeKind.NUMBER, by=member, now=now)
    people = create_list(workspace=workspace, name="People", by=member, now=now)
    found = imports.open_import(workspace=workspace, file=ContentFile(table(rows), "people.csv"), by=member, now=now)
    imports.start_import(
        found=found,
        mapping=found.mapping,
        contact_list=people,
        consent=Consent.GIVEN,
        consent_wording="At the till",
        by=member,
        now=now,
    )
    found.refresh_from_db()
    with measured() as spent:
        while found.is_unfinished:
            intake.run_import(found.pk, timezone.now)
            found.refresh_from_db()
    assert Contact.objects.for_workspace(workspace).consenting().count() == rows
    return spent.wall


def _usual_way(rows: int) -> float:
    from django.utils import timezone

    from audience.models import Consent, ConsentEntry, Contact, ContactList, ListMembership

    member, now = new_member(), timezone.now()
    workspace = member.workspace
    people = ContactList.objects.create(workspace=workspace, name="People")
    with measured() as spent:
        for row in csv.DictReader(io.StringIO(table(rows).decode())):
            contact, _created = Contact.objects.update_or_create(
                workspace=workspace,
                address=row["email"].lower(),
                defaults={
                    "email": row["email"],
                    "first_name": row["first name"],
                    "last_name": row["last name"],
                    "attributes": {"city": row["city"], "points": int(row["points"])},
                    "consent": Consent.GIVEN,
                    "created_at": now,
                    "updated_at": now,
                },
            )
            ListMembership.objects.get_or_create(
                contact_list=people,
                contact=contact,
                defaults={"workspace": workspace, "added_at": now, "source": "import"},
            )
            ConsentEntry.objects.create(
                workspace=workspace, contact=contact, consent=Consent.GIVEN, source="import", by=member, at=now
            )
    return spent.wall


if __name__ == "__main__":
    run("imports", __doc__, bench, rows=20_000)
