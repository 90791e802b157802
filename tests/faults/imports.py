"""A CSV on its way in while the workers that take it in are killed."""

import csv
import io
import random
import time
from datetime import timedelta

from django.core.files.base import ContentFile
from django.utils import timezone

from audience import imports
from audience.intake import LEASE
from audience.models import Consent, ConsentEntry, Contact, ContactImport, ImportRefusal, ImportState, ListMembership
from audience.services import create_list
from benchmarks.ground import new_member
from tests.faults.finding import Finding, Scale
from tests.faults.hands import begin, kill, take_in
from tests.faults.scene import wait_until

BROKEN_EVERY = 100  # rows, of which one has no address


def killed_while_importing(scale: Scale, seed: int) -> Finding:
    """R17: whoever follows goes on where the dead one stopped, once the lease is over: its clock is ahead for that."""
    rows, kills, dice = scale.pick(20_000, 1_000_000), scale.pick(5, 100), random.Random(seed)
    found = _begun(rows)
    good = rows - rows // BROKEN_EVERY
    worker, ahead = begin(take_in, found.pk, timedelta()), timedelta()
    for moment in sorted(dice.sample(range(2, rows * 9 // 10), kills)):
        wait_until(lambda line=moment: _line(found) >= line, pause=0.001)  # type: ignore[misc]  # bound now
        time.sleep(dice.uniform(0, 0.05))
        kill(worker)
        ahead += LEASE + timedelta(seconds=1)
        worker = begin(take_in, found.pk, ahead)
    worker.join()
    found.refresh_from_db()
    finding = Finding(f"{rows:,} rows, {kills} kills")
    finding.at_most("not finished", found.state != ImportState.DONE)
    _judge(finding, found, good, rows - good)
    return finding


def _begun(rows: int) -> ContactImport:
    member, now = new_member(), timezone.now()
    people = create_list(workspace=member.workspace, name="People", by=member, now=now)
    table = ContentFile(_table(rows), "people.csv")
    found = imports.open_import(workspace=member.workspace, file=table, by=member, now=now)
    choices = imports.ImportChoices(
        mapping=found.mapping,
        lists=[people],
        consent=Consent.GIVEN,
        consent_source="Shop",
        consent_wording="At the till",
    )
    imports.start_import(found=found, choices=choices, by=member, now=now)
    return found


def _table(rows: int) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["email", "first name"])
    for number in range(rows):
        is_broken = number % BROKEN_EVERY == BROKEN_EVERY - 1
        writer.writerow(["nobody" if is_broken else f"reader{number}@mail.example", f"Reader {number}"])
    return out.getvalue().encode()


def _line(found: ContactImport) -> int:
    return ContactImport.objects.values_list("next_line", flat=True).get(pk=found.pk)


def _judge(finding: Finding, found: ContactImport, good: int, broken: int) -> None:
    contacts = Contact.objects.for_workspace(found.workspace)
    whole = contacts.filter(consent=Consent.GIVEN, memberships__isnull=False).distinct()
    finding.at_most("contacts missing or too many", abs(contacts.count() - good))
    finding.at_most("contacts without consent or list", good - whole.count())
    consents = ConsentEntry.objects.filter(workspace=found.workspace).count()
    finding.at_most("consent entries missing or double", abs(consents - good))
    memberships = ListMembership.objects.filter(workspace=found.workspace).count()
    finding.at_most("list entries missing or double", abs(memberships - good))
    refused = ImportRefusal.objects.filter(contact_import=found).count()
    finding.at_most("refused rows missing or double", abs(refused - broken))
    counted = (found.created_count, found.updated_count + found.unchanged_count, found.refused_count)
    finding.at_most(
        "figures that differ from the rows", sum(a != b for a, b in zip(counted, (good, 0, broken), strict=True))
    )
