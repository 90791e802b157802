"""`manage.py erase_contact ADDRESS --workspace SLUG`: the erasure of the pages, from the command line.

Prints the receipt as one JSON object. With `--preview` it only says what would go. Exit codes: 0 done; 1 refused; 2 the
command was called wrongly.
"""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audience.erasing import Person
from audience.models import Contact, ErasureRecord
from audience.services.erasures import erase_address, finish_erasure, person_of, preview_erasure, receipt_document
from emailops.lib.addresses import read_address
from emailops.lib.errors import DomainError
from emailops.lib.queue import silence
from workspaces.models import Member, Workspace
from workspaces.permissions import Can


class Command(BaseCommand):
    """Erases and does the worker's part itself, so that nothing else has to run."""

    help = "Erase everything about one person, and keep a receipt (GDPR article 17)."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("address", help="the person's e-mail address")
        parser.add_argument("--workspace", required=True, help="its short name, as in its addresses")
        parser.add_argument("--by", help="e-mail address of the member who answers for it; without: one who may")
        parser.add_argument("--preview", action="store_true", help="only say what would go")

    def handle(self, *_args: Any, **options: Any) -> None:
        member = _member(options["workspace"], options["by"])
        try:
            report = (_preview if options["preview"] else _erased)(member, options["address"])
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(json.dumps(report, ensure_ascii=False))


def _member(slug: str, email: str | None) -> Member:
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise CommandError(f"There is no workspace “{slug}”.", returncode=2)
    members = Member.objects.for_workspace(workspace).active().select_related("workspace", "user").order_by("pk")
    if email:
        members = members.filter(user__email=email.strip().lower())
    for member in members:
        if member.may(Can.MANAGE_PRIVACY):
            return member
    raise CommandError("Nobody there may erase people.", returncode=2)


def _preview(member: Member, email: str) -> dict[str, Any]:
    address = read_address(email)
    contact = Contact.objects.for_workspace(member.workspace).select_related("workspace").filter(address=address.key)
    found = contact.first()
    person = person_of(found) if found else Person(member.workspace, None, (address.key,), (address.written,))
    lines = preview_erasure(person)
    return {line.key: {"what": str(line.label), "fate": line.fate.value, "count": line.count} for line in lines}


def _erased(member: Member, email: str) -> dict[str, Any]:
    with silence():
        receipt = erase_address(workspace=member.workspace, email=email, by=member, now=timezone.now())
        while receipt.is_unfinished:
            finish_erasure(receipt.pk, timezone.now)
            receipt = ErasureRecord.objects.select_related("workspace", "by__user").get(pk=receipt.pk)
    return receipt_document(receipt)
