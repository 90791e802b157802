"""`manage.py export_contacts --workspace SLUG`: the export of the pages, from the command line.

Exit codes: 0 written; 1 the columns or the segment cannot be used; 2 the command was called wrongly.
"""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audience.exports import ExportFormat, ExportWhat, Wanted, export
from audience.finding import ContactFilter
from audience.models import Consent, ContactList, Lifecycle, Segment, SuppressionReason, Survey
from audience.services import current_attributes
from emailops.lib.errors import DomainError
from workspaces.models import Member, Workspace
from workspaces.permissions import Can


class Command(BaseCommand):
    """Writes to a file or, without one, to where the output goes."""

    help = "Take contacts, the consent log, events or suppression away as a file."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--workspace", required=True, help="its short name, as in its addresses")
        parser.add_argument("--by", help="e-mail address of the member who answers for it; without: one who may")
        parser.add_argument("--what", choices=ExportWhat.values, default=ExportWhat.CONTACTS)
        parser.add_argument("--format", choices=ExportFormat.values, default=ExportFormat.CSV)
        parser.add_argument("--gzip", action="store_true")
        parser.add_argument("--column", action="append", default=[], dest="columns", metavar="NAME")
        parser.add_argument("--survey", metavar="NAME", help="of answers: a sheet of this survey alone")
        parser.add_argument("--list", metavar="NAME")
        parser.add_argument("--segment", metavar="NAME")
        parser.add_argument("--words", default="", help="only whose name or address holds these")
        parser.add_argument("--tag", default="")
        parser.add_argument("--consent", choices=Consent.values, default="")
        parser.add_argument("--suppressed", choices=["yes", "no", *SuppressionReason.values], default="")
        parser.add_argument("--lifecycle", choices=[stage.name.lower() for stage in Lifecycle], default="")
        parser.add_argument("--seller", metavar="EMAIL", default="", help="who looks after them; none: nobody does")
        parser.add_argument("--attribute", metavar="KEY=VALUE", default="", help="only whose attribute is this")
        parser.add_argument("--headings", choices=["names", "words"], default="names")
        parser.add_argument("--to", type=Path, metavar="FILE")

    def handle(self, *_args: Any, **options: Any) -> None:
        workspace, member = _who(options["workspace"], options["by"])
        wanted = Wanted(
            what=ExportWhat(options["what"]),
            form=ExportFormat(options["format"]),
            is_gzip=options["gzip"],
            columns=options["columns"],
            has_words=options["headings"] == "words",
            survey=_survey(workspace, options["survey"]),
            narrowed=_narrowed(workspace, options),
        )
        try:
            blocks = export(workspace=workspace, wanted=wanted, by=member, now=timezone.now())
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        target = options["to"]
        with target.open("wb") if target else open(1, "wb", closefd=False) as file:
            file.writelines(blocks)


def _who(slug: str, email: str | None) -> tuple[Workspace, Member]:
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise CommandError(f"There is no workspace “{slug}”.", returncode=2)
    members = Member.objects.for_workspace(workspace).active().select_related("user").order_by("pk")
    for member in members:
        if member.may(Can.EXPORT_AUDIENCE) and email in {None, member.user.email}:
            return workspace, member
    raise CommandError("Nobody of that name there may take contacts away.", returncode=2)


def _survey(workspace: Workspace, name: str | None) -> Survey | None:
    key = _named(Survey.objects.for_workspace(workspace), "name", name)
    return Survey.objects.get(pk=key) if key else None


def _narrowed(workspace: Workspace, options: dict[str, Any]) -> ContactFilter:
    stage = options["lifecycle"]
    key, _equals, value = options["attribute"].partition("=")
    if options["attribute"] and not (key in current_attributes(workspace) and value.strip()):
        raise CommandError(f"There is no attribute and value “{options['attribute']}”.", returncode=2)
    given = {
        "attribute": key,
        "value": value,
        "q": options["words"],
        "list": _named(ContactList.objects.for_workspace(workspace).filter(archived_at=None), "name", options["list"]),
        "segment": _named(Segment.objects.for_workspace(workspace).current(), "name", options["segment"]),
        "seller": options["seller"],
        "lifecycle": str(Lifecycle[stage.upper()].value) if stage else "",
        **{name: options[name] for name in ("tag", "consent", "suppressed")},
    }
    if options["seller"] not in {"", "none"}:
        members = Member.objects.for_workspace(workspace)
        given["seller"] = _named(members, "user__email", options["seller"].lower())
    return ContactFilter.read(given)


def _named(rows: Any, field: str, name: str | None) -> str:
    """The number of the row with this name, as text."""
    if name is None:
        return ""
    found = rows.filter(**{field: name}).first()
    if found is None:
        raise CommandError(f"There is no “{name}”.", returncode=2)
    return str(found.pk)
