"""Imports on their way to a worker: what was chosen, start, dry run, cancel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from audience.imports.becoming import with_choices
from audience.imports.choosing import settle_choices
from audience.imports.forgetting import forget_file_of_erased
from audience.imports.mapping import ATTRIBUTE, NEW, ImportRefused
from audience.imports.usable import require_usable
from audience.models import (
    AttributeKind,
    Consent,
    ContactImport,
    ContactList,
    ImportMode,
    ImportState,
    ImportWhat,
    Topic,
)
from audience.services import AttributeDetails, change_attribute, current_attributes, define_attribute
from emailops.lib.queue import enqueue
from workspaces.audit import record
from workspaces.models import Member

COUNTS = ("created_count", "updated_count", "unchanged_count", "refused_count", "suppressed_count")


@dataclass(frozen=True, slots=True)
class ImportChoices:
    """What a person chose for a file.

    With `consent` given, where these people agreed (`consent_source`) and in which words (`consent_wording`) are
    needed; `consented_on` is the day, unless a column says it for each. `fills_gaps`: what we know already stays as it
    is. `calling_code` (+359) begins phone numbers that are written without one. `new_choices` holds labels by column
    number: what one can choose from in the attribute that the column makes, which are the values of the file where
    none are named; or what a known attribute gets beside its own. `same_values` says by column number what a written
    value is taken for, as in `{"2": {"Drry": "Dry", "n/a": ""}}`; an empty text leaves the cell out. All this is about
    people; of orders and events `adds_people` says whether strangers become contacts, who have agreed to nothing.
    """

    mapping: Mapping[str, str]
    mode: ImportMode = ImportMode.BOTH
    fills_gaps: bool = False
    lists: Sequence[ContactList] = ()
    topics: Sequence[Topic] = ()
    calling_code: str = ""
    new_choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    same_values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    consent: Consent = Consent.UNKNOWN
    consent_source: str = ""
    consent_wording: str = ""
    consented_on: date | None = None
    adds_people: bool = False


@transaction.atomic
def start_import(
    *, found: ContactImport, choices: ImportChoices, by: Member, now: datetime, is_dry_run: bool = False
) -> None:
    """Hand the matched file to a worker; a dry run writes no contact and can be started as often as wanted.

    Attributes that columns are to become are made now, unless it is a dry run. Raises `ImportRefused` for choices that
    do not fit, or when the import was started already.
    """
    locked = ContactImport.objects.select_for_update().get(pk=found.pk)
    if not locked.can_be_started:
        raise ImportRefused(_("This import was started already."))
    _require_columns(found, choices.mapping)
    attributes = current_attributes(found.workspace)
    require_usable(choices.mapping, attributes, ImportWhat(found.what))
    _require_basis(choices, now)
    _keep(found, choices)
    settle_choices(found, attributes)
    if not is_dry_run:
        found.mapping = _with_new_attributes(found, by, now)
    _begin_anew(found, is_dry_run=is_dry_run)
    record("import.checked" if is_dry_run else "import.started", found, by=by, now=now, consent=choices.consent)
    enqueue("audience.run_import", import_id=found.pk)


def _require_columns(found: ContactImport, mapping: Mapping[str, Any]) -> None:
    """A program may name columns that the file does not have, or something else than a name for one."""
    there = {str(number) for number in range(len(found.header))}
    unknown = sorted(set(mapping) - there)
    if unknown:
        raise ImportRefused(_("The file has no column %(number)s; the first is 0.") % {"number": unknown[0][:20]})
    if not all(isinstance(target, str) for target in mapping.values()):
        raise ImportRefused(_("Say of each column in a text what it becomes; an empty text leaves it out."))


def _require_basis(choices: ImportChoices, now: datetime) -> None:
    """Evidence for a consent, and consent for topics."""
    given = choices.consent == Consent.GIVEN
    if choices.topics and not given:
        raise ImportRefused(
            _("Topics are something people agree to. Say how they did, or choose no topic."),
            fields={"topics": [_("Needs consent.")]},
        )
    if choices.consent == Consent.WITHDRAWN:
        raise ImportRefused(_("A file can say that people agreed, or nothing; it cannot withdraw for them."))
    if given and not (choices.consent_wording.strip() and choices.consent_source.strip()):
        raise ImportRefused(
            _("Say how these people agreed: where, when, and in which words."), fields=_missing(choices)
        )
    if choices.consented_on and choices.consented_on > now.date():
        raise ImportRefused(
            _("Nobody can have agreed in the future."), fields={"consented_on": [_("This day is still to come.")]}
        )


def _missing(choices: ImportChoices) -> dict[str, list[str]]:
    texts = {"consent_source": choices.consent_source, "consent_wording": choices.consent_wording}
    return {name: [_("Needed as evidence of consent.")] for name, text in texts.items() if not text.strip()}


def _keep(found: ContactImport, choices: ImportChoices) -> None:
    found.mapping, found.adds_people = dict(choices.mapping), choices.adds_people
    found.new_choices = {index: list(labels) for index, labels in choices.new_choices.items()}
    found.same_values = {index: dict(values) for index, values in choices.same_values.items()}
    found.mode, found.fills_gaps, found.calling_code = choices.mode, choices.fills_gaps, choices.calling_code.strip()
    found.list_ids = [chosen.pk for chosen in choices.lists]
    found.topic_ids = [chosen.pk for chosen in choices.topics]
    found.consent, found.consented_on = choices.consent, choices.consented_on
    found.consent_source, found.consent_wording = choices.consent_source.strip(), choices.consent_wording.strip()


def _with_new_attributes(found: ContactImport, by: Member, now: datetime) -> dict[str, str]:
    made: dict[str, str] = {}
    for index, target in found.mapping.items():
        if target.startswith(NEW):
            definition = define_attribute(
                workspace=found.workspace,
                label=found.header[int(index)][:80],
                kind=AttributeKind(target.removeprefix(NEW)),
                details=_details(found, index),
                by=by,
                now=now,
            )
            made[index] = f"{ATTRIBUTE}{definition.key}"
        else:
            _widen(found, index, by, now)
            made[index] = target
    return made


def _details(found: ContactImport, index: str) -> AttributeDetails | None:
    labels = found.new_choices.get(index)
    return AttributeDetails(choices=[{"label": label} for label in labels]) if labels else None


def _widen(found: ContactImport, index: str, by: Member, now: datetime) -> None:
    """Give a known attribute what it is to have to choose from beside its own."""
    labels = found.new_choices.get(index)
    if not labels:
        return
    known = current_attributes(found.workspace)[found.mapping[index].removeprefix(ATTRIBUTE)]
    more = with_choices(known, labels).choices[len(known.choices) :]
    if more:
        details = AttributeDetails(
            known.labels, known.description, [*known.choices, *({"label": choice["label"]} for choice in more)]
        )
        change_attribute(definition=known, label=known.label, details=details, by=by, now=now)


def _begin_anew(found: ContactImport, *, is_dry_run: bool) -> None:
    """From the first row; what an earlier dry run counted and refused goes."""
    found.refusals.all().delete()
    forget_addresses(found.pk)
    for name in COUNTS:
        setattr(found, name, 0)
    found.state, found.is_dry_run, found.message = ImportState.WAITING, is_dry_run, ""
    found.next_line, found.read_rate = 0, 0.0
    found.started_at = found.finished_at = found.lease_until = None
    found.save()


def forget_addresses(import_id: int) -> None:
    """Drop the notes of which addresses the file holds."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audience_importedaddress WHERE import_id = %s", [import_id])


def choices_of(found: ContactImport) -> ImportChoices:
    """What was chosen so far, to start with after a dry run."""
    return ImportChoices(
        mapping=found.mapping,
        mode=ImportMode(found.mode),
        fills_gaps=found.fills_gaps,
        lists=list(found.lists),
        topics=list(found.topics),
        calling_code=found.calling_code,
        new_choices=found.new_choices,
        same_values=found.same_values,
        consent=Consent(found.consent),
        consent_source=found.consent_source,
        consent_wording=found.consent_wording,
        consented_on=found.consented_on,
        adds_people=found.adds_people,
    )


@transaction.atomic
def cancel_import(*, found: ContactImport, by: Member, now: datetime) -> None:
    """Stop after the chunk being read. What was taken stays; a dry run goes back to its columns.

    Repeating is harmless.
    """
    ended = (ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED)
    running = ContactImport.objects.select_for_update().filter(pk=found.pk).exclude(state__in=ended).first()
    if running is None:
        return
    if running.is_unfinished and running.is_dry_run:
        running.state, running.lease_until = ImportState.MAPPING, None
    else:
        running.state, running.finished_at = ImportState.CANCELLED, now
    running.save(update_fields=["state", "finished_at", "lease_until"])
    forget_addresses(found.pk)
    if running.state == ImportState.CANCELLED:
        forget_file_of_erased(running)
    record("import.cancelled", found, by=by, now=now)
