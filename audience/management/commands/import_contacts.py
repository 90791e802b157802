"""`manage.py import_contacts FILE --workspace SLUG`: the import of the pages, from the command line.

Exit codes: 0 all rows were taken; 1 the file or the choices cannot be used, or the import stopped; 2 the command was
called wrongly; 3 rows were refused, and stand in the file of `--refused`.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audience import imports, intake
from audience.models import Consent, ContactImport, ContactList, ImportMode, ImportState, ImportWhat, Topic
from emailops.lib.csvfile import write_table
from emailops.lib.errors import DomainError
from emailops.lib.queue import silence
from workspaces.models import Member, Workspace
from workspaces.permissions import Can

ROWS_REFUSED = 3


class Command(BaseCommand):
    """Uploads, matches, starts and does the worker's part itself, so that nothing else has to run."""

    help = "Import contacts, orders or events from a CSV, XLSX or JSON lines file, also gzipped."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--workspace", required=True, help="its short name, as in its addresses")
        parser.add_argument("--by", help="e-mail address of the member who answers for it; without: one who may")
        parser.add_argument("--map", action="append", default=[], metavar="COLUMN=FIELD", help="overrides the guess")
        parser.add_argument(
            "--choices",
            action="append",
            default=[],
            metavar="COLUMN=A|B",
            help="what one can choose from, or more of it",
        )
        parser.add_argument(
            "--same", action="append", default=[], metavar="COLUMN:WRITTEN=CHOICE", help="what a misspelling means"
        )
        parser.add_argument("--what", choices=ImportWhat.values, help="what the rows are; without: found out")
        parser.add_argument("--add-people", action="store_true", help="orders and events make contacts of strangers")
        parser.add_argument("--mode", choices=ImportMode.values, default=ImportMode.BOTH)
        parser.add_argument("--fill-gaps", action="store_true", help="what is known already stays as it is")
        parser.add_argument("--list", action="append", default=[], metavar="NAME", dest="lists")
        parser.add_argument("--topic", action="append", default=[], metavar="NAME", dest="topics")
        parser.add_argument("--calling-code", default="", help="for phone numbers without one, as in +359")
        parser.add_argument("--basis", default="", metavar="WORDING", help="the words in which these people agreed")
        parser.add_argument("--source", default="", help="where they agreed; needed with --basis")
        parser.add_argument("--agreed-on", type=date.fromisoformat, help="the day, as in 2026-05-31")
        parser.add_argument("--encoding", default="")
        parser.add_argument("--delimiter", default="")
        parser.add_argument("--dry-run", action="store_true", help="count and refuse, write no contact")
        parser.add_argument("--refused", type=Path, help="where to write the rows that were not taken, as a CSV")
        parser.add_argument("--json", action="store_true", help="report as one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            found = self._imported(options)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self._report(found, as_json=options["json"])
        if options["refused"]:
            _write_refused(found, options["refused"])
        if found.state not in {ImportState.DONE, ImportState.CHECKED}:
            raise CommandError(found.message or str(found.get_state_display()))
        if found.refused_count:
            raise CommandError(f"{found.refused_count} rows were not taken.", returncode=ROWS_REFUSED)

    def _imported(self, options: dict[str, Any]) -> ContactImport:
        member, now = _member(options["workspace"], options["by"]), timezone.now()
        try:
            file = options["file"].open("rb")
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}", returncode=2) from error
        with file, silence():
            found = imports.open_import(
                workspace=member.workspace,
                file=File(file, options["file"].name),
                by=member,
                now=now,
                encoding=options["encoding"],
                delimiter=options["delimiter"],
                what=ImportWhat(options["what"]) if options["what"] else None,
            )
            choices = _choices(found, options)
            imports.start_import(found=found, choices=choices, by=member, now=now, is_dry_run=options["dry_run"])
            return _taken(found)

    def _report(self, found: ContactImport, *, as_json: bool) -> None:
        report = {
            "import": found.pk,
            "what": found.what,
            "state": found.state,
            "created": found.created_count,
            "updated": found.updated_count,
            "unchanged": found.unchanged_count,
            "refused": found.refused_count,
            "suppressed": found.suppressed_count,
        }
        lines = [json.dumps(report)] if as_json else [f"{name:<12}{value}" for name, value in report.items()]
        self.stdout.write("\n".join(lines))


def _taken(found: ContactImport) -> ContactImport:
    found.refresh_from_db()
    while found.is_unfinished:
        intake.run_import(found.pk, timezone.now)
        found.refresh_from_db()
    return found


def _member(slug: str, email: str | None) -> Member:
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise CommandError(f"There is no workspace “{slug}”.", returncode=2)
    members = Member.objects.for_workspace(workspace).active().select_related("workspace", "user").order_by("pk")
    if email:
        members = members.filter(user__email=email.strip().lower())
    for member in members:
        if member.may(Can.EDIT_AUDIENCE):
            return member
    raise CommandError("Nobody there may change contacts.", returncode=2)


def _choices(found: ContactImport, options: dict[str, Any]) -> imports.ImportChoices:
    return imports.ImportChoices(
        mapping=_mapping(found, options["map"]),
        mode=ImportMode(options["mode"]),
        fills_gaps=options["fill_gaps"],
        lists=_named(ContactList.objects.for_workspace(found.workspace), options["lists"]),
        topics=_named(Topic.objects.for_workspace(found.workspace), options["topics"]),
        calling_code=options["calling_code"] or found.calling_code,
        new_choices={index: text.split("|") for index, text in _of_columns(found, "--choices", options["choices"])},
        same_values=_same_values(found, options["same"]),
        consent=Consent.GIVEN if options["basis"] else Consent.UNKNOWN,
        consent_source=options["source"],
        consent_wording=options["basis"],
        consented_on=options["agreed_on"],
        adds_people=options["add_people"],
    )


def _mapping(found: ContactImport, given: Sequence[str]) -> dict[str, str]:
    mapping = dict(found.mapping)
    for index, target in _of_columns(found, "--map", given):
        mapping = {key: "" if value == target else value for key, value in mapping.items()} | {index: target}
    return mapping


def _same_values(found: ContactImport, given: Sequence[str]) -> dict[str, dict[str, str]]:
    """What was said, beside what was said of such a file before."""
    said = {index: dict(values) for index, values in found.same_values.items()}
    for index, pair in _of_columns(found, "--same", given, ends=":"):
        written, equals, choice = pair.partition("=")
        if not equals:
            raise CommandError(f"--same {pair}: write COLUMN:WRITTEN=CHOICE.", returncode=2)
        said.setdefault(index, {})[written.strip().casefold()] = choice
    return said


def _of_columns(found: ContactImport, option: str, given: Sequence[str], ends: str = "=") -> Iterator[tuple[str, str]]:
    """For each `COLUMN=TEXT` the column's number and the text. A column may have the sign in its own name."""
    for pair in given:
        ours = [name for name in found.header if name and pair.startswith(f"{name}{ends}")]
        if not ours:
            names = ", ".join(found.header)
            raise CommandError(f"{option} {pair}: begin with COLUMN{ends}; the columns are {names}.", returncode=2)
        column = max(ours, key=len)
        yield str(found.header.index(column)), pair[len(column) + len(ends) :]


def _named(rows: Any, names: Sequence[str]) -> list[Any]:
    found = {row.name: row for row in rows.filter(name__in=names, archived_at=None)}
    for name in names:
        if name not in found:
            raise CommandError(f"There is no “{name}”.", returncode=2)
    return [found[name] for name in names]


def _write_refused(found: ContactImport, path: Path) -> None:
    refusals = found.refusals.order_by("line", "pk").iterator()
    rows = ([refusal.line, refusal.reason, *refusal.cells] for refusal in refusals)
    with path.open("w", newline="", encoding="utf-8") as file:
        file.writelines(write_table(["line", "reason", *found.header], rows))
