"""Verbs on erasing people (GDPR article 17): what would go, erase, go on looking for texts that name the person."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from audience.erasing import Fate, Person, parts, unsearched
from audience.erasing.own import proof_of
from audience.erasing.sales import keeps_books
from audience.erasing.traces import Clues, is_telling, redact_window, searched_models
from audience.erasing.turns import keep_writers_out
from audience.imports.forgetting import import_files, redact_file
from audience.intake.merging import ONE_AT_A_TIME
from audience.models import (
    AddressChange,
    Contact,
    ContactImport,
    ErasureRecord,
    ErasureState,
    PrivacyRequest,
    RequestKind,
    RequestState,
    Suppression,
    SuppressionReason,
    address_hash,
)
from emailops.lib.addresses import read_address
from emailops.lib.errors import DomainError
from emailops.lib.queue import enqueue
from emailops.lib.vault import seal_for, secret_of
from workspaces.audit import record
from workspaces.models import Member, Workspace

LEASE = timedelta(seconds=90)  # a window of rows, or one file, takes seconds; after this a silent worker counts as dead
BUDGET = timedelta(seconds=30)  # of one task, so that a worker can always stop within its grace


class ErasureRefused(DomainError):
    """The person cannot be erased as asked."""

    code = "erasure_refused"


class _Lost(Exception):
    """Another worker goes on with the erasure."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the preview: what there is, how much, what becomes of it and why. `count` None: not counted."""

    key: str
    label: "str | Promise"
    fate: Fate
    why: "str | Promise"
    count: int | None


def preview_erasure(person: Person) -> list[Line]:
    """What an erasure would do, in the order in which it does it; parts that hold nothing are left out."""
    lines = [
        Line(part.key, part.label, _fate(part.key, part.fate, person), part.why, part.count(person)) for part in parts()
    ]
    lines = [line for line in lines if line.count]
    words = _(
        "Address, phone, name and id of other systems in comments, stories, the audit log, files of imports and"
        " everywhere else."
    )
    lines.append(Line("texts", words, Fate.ANONYMISED, _("Looked for in the background; the words around stay."), None))
    if short := [own_id for own_id in person.own_ids if not is_telling(own_id)]:
        why = _("It is too short to be told from other words and numbers.")
        lines.append(Line("own_id", _("The id “%(id)s” in texts") % {"id": short[0]}, Fate.KEPT, why, None))
    lines.append(Line("sealed", _("Not looked through"), Fate.KEPT, " ".join(map(str, unsearched())), None))
    return lines


def _fate(key: str, fate: Fate, person: Person) -> Fate:
    return Fate.DELETED if key in {"orders", "sold_events"} and not keeps_books(person) else fate


def person_of(contact: Contact) -> Person:
    """Everything by which a contact can be found. Former addresses that others have now are not among it."""
    former = AddressChange.objects.filter(contact=contact).values_list("address", "email")
    taken = Contact.objects.for_workspace(contact.workspace).exclude(pk=contact.pk)
    others = set(taken.filter(address__in=[address for address, _email in former]).values_list("address", flat=True))
    own = [(address, email) for address, email in former if address not in others]
    name = contact.full_name
    return Person(
        workspace=contact.workspace,
        contact_id=contact.pk,
        addresses=tuple(dict.fromkeys([contact.address, *(address for address, _email in own)])),
        written=tuple(dict.fromkeys([contact.email, *(email for _address, email in own)])),
        phones=(contact.phone,) if contact.phone else (),
        names=(name,) if " " in name else (),
        own_ids=(contact.external_id,) if contact.external_id else (),
    )


@transaction.atomic
def erase_contact(*, contact: Contact, by: Member | None, now: datetime) -> ErasureRecord:
    """This function will erase a person, and return the receipt. Repeating returns the receipt of the first time.

    Address and history go at once, in one transaction; a keyed hash stays, by which imports refuse the address. Texts
    that name the person are looked for by a worker afterwards (`finish_erasure`); until it is done the receipt says so.
    A message that is in a worker's hands this instant may still leave; the ledger then counts it without the person.
    """
    _alone(contact.workspace)
    rows = Contact.objects.for_workspace(contact.workspace).select_for_update(of=("self",)).select_related("workspace")
    locked = rows.filter(pk=contact.pk).first()
    if locked is None:
        return _known(contact)
    return _erase(person_of(locked), by, now)


def _known(contact: Contact) -> ErasureRecord:
    found = ErasureRecord.objects.for_workspace(contact.workspace).filter(contact_number=contact.pk).first()
    if found is None:
        raise ErasureRefused(_("This contact is gone already."))
    return found


@transaction.atomic
def erase_address(*, workspace: Workspace, email: str, by: Member | None, now: datetime) -> ErasureRecord:
    """Erase whoever has this address; without a contact, what else is known of the address.

    Repeating returns the receipt of the first time. Raises `InvalidAddress`.
    """
    address = read_address(email)
    _alone(workspace)
    contact = Contact.objects.for_workspace(workspace).filter(address=address.key).first()
    if contact is not None:
        return erase_contact(contact=contact, by=by, now=now)
    earlier = ErasureRecord.objects.for_workspace(workspace).filter(address_hash=address_hash(address.key))
    is_shut = Suppression.objects.for_workspace(workspace).of(address.key).filter(reason=SuppressionReason.ERASED)
    if (known := earlier.order_by("-at", "-pk").first()) and is_shut.exists():
        return known
    return _erase(Person(workspace, None, (address.key,), (address.written,)), by, now)


def _alone(workspace: Workspace) -> None:
    """Nobody imports into the workspace meanwhile, since chunks of imports take the same lock, and nobody else adds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ONE_AT_A_TIME, workspace.pk])
    keep_writers_out(workspace)


def _erase(person: Person, by: Member | None, now: datetime) -> ErasureRecord:
    requests = PrivacyRequest.objects.filter(contact=person.contact_id or 0, kind=RequestKind.ERASURE)
    asked = requests.filter(state=RequestState.OPEN).first()
    receipt = ErasureRecord(
        workspace=person.workspace,
        contact_number=person.contact_id,
        address_hash=address_hash(person.addresses[0]),
        by=by,
        asked_at=asked.asked_at if asked else None,
        at=now,
        proof=proof_of(person),
    )
    _shut_out(person, now)
    handled = list(requests.filter(state=RequestState.OPEN).values_list("pk", flat=True))
    receipt.counts = {
        part.key: count for part in parts() if part.key != "contact" and (count := part.erase(person, now))
    }
    if person.contact_id:
        _delete_contact(person.contact_id, receipt)
    PrivacyRequest.objects.filter(pk__in=handled).update(handled_by=by)
    seal_for(receipt, "clues", json.dumps(asdict(Clues.of(person))))
    receipt.step_count = sum(1 for _step in _steps(receipt))
    receipt.save()
    record("contact.erased", receipt, by=by, now=now, counts=receipt.counts)
    enqueue("audience.finish_erasure", erasure_id=receipt.pk)
    return receipt


def _delete_contact(number: int, receipt: ErasureRecord) -> None:
    """The row itself, and whatever else refers to it by a cascading key."""
    _total, by_model = Contact.objects.get(pk=number).delete()
    receipt.counts["contact"] = by_model.pop("audience.Contact", 0)
    if rest := sum(by_model.values()):
        receipt.counts["other"] = rest


@transaction.atomic
def forget_quietly(*, contact: Contact, now: datetime) -> bool:
    """Let a contact go because a rule says so: everything goes as in an erasure, and the address is not shut out.

    Nobody asked for it, so the person may come back by any door; what was suppressed stays so. No receipt is kept and
    no text looked through, since nobody asked to be forgotten. Returns whether there was anybody.
    """
    _alone(contact.workspace)
    locked = Contact.objects.select_for_update(of=("self",)).select_related("workspace").filter(pk=contact.pk).first()
    if locked is None:
        return False
    person = person_of(locked)
    for part in parts():
        if part.key != "contact":
            part.erase(person, now)
    locked.delete()
    return True


def _shut_out(person: Person, now: datetime) -> None:
    """Whatever an address was shut out for before: from now on it is not even taken into the list."""
    for address in person.addresses:
        Suppression.objects.update_or_create(
            workspace=person.workspace,
            address_hash=address_hash(address),
            defaults={"reason": SuppressionReason.ERASED, "note": "", "at": now},
        )


Step = Callable[[ErasureRecord, Person, Clues], tuple[int, int | None]]


def _steps(receipt: ErasureRecord) -> Iterator[Step]:
    """What is looked through: each model, each kept file, and those that a worker was reading meanwhile.

    A step says how many, and where it goes on (or None).
    """
    for model in searched_models():
        yield lambda receipt, person, clues, model=model: redact_window(model, person, clues, receipt.next_id)  # type: ignore[misc]
    yield _redact_files
    yield _redact_late_files


def _redact_files(receipt: ErasureRecord, person: Person, clues: Clues) -> tuple[int, int | None]:
    return _redact_file_of(import_files(person.workspace), receipt, clues)


def _redact_late_files(receipt: ErasureRecord, person: Person, clues: Clues) -> tuple[int, int | None]:
    late = import_files(person.workspace).filter(finished_at__gte=receipt.at - LEASE)  # its clock may be another one's
    return _redact_file_of(late, receipt, clues)


def _redact_file_of(files: QuerySet[ContactImport], receipt: ErasureRecord, clues: Clues) -> tuple[int, int | None]:
    found = files.filter(pk__gt=receipt.next_id).order_by("pk").first()
    return (redact_file(found, clues), found.pk) if found else (0, None)


def _is_being_read(receipt: ErasureRecord) -> bool:
    """Whether a worker still needs a file from before the erasure: rows that it took by then are not refused again."""
    older = ContactImport.objects.for_workspace(receipt.workspace).filter(created_at__lte=receipt.at)
    return older.unfinished().exists()


def finish_erasure(erasure_id: int, clock: Callable[[], datetime]) -> None:
    """Look for texts that name the person, window after window; after `BUDGET` hand over to the next task.

    Safe to call twice at once: the second finds the lease and leaves. A worker that dies is followed by one that goes
    on with the same window, and redacting twice changes nothing.
    """
    receipt = _claim(erasure_id, clock())
    if receipt is None:
        return
    try:
        _look_through(receipt, clock)
    except _Lost:
        return


def _claim(erasure_id: int, now: datetime) -> ErasureRecord | None:
    free = ErasureRecord.objects.unfinished().idle(now).filter(pk=erasure_id)
    if not free.update(lease_until=now + LEASE):
        return None
    return ErasureRecord.objects.select_related("workspace").get(pk=erasure_id)


def _look_through(receipt: ErasureRecord, clock: Callable[[], datetime]) -> None:
    stop_at = clock() + BUDGET
    clues = Clues(**{name: tuple(words) for name, words in json.loads(secret_of(receipt, "clues")).items()})
    person = Person(receipt.workspace, receipt.contact_number, clues.addresses, phones=clues.phones, names=clues.names)
    steps = list(_steps(receipt))
    while receipt.step < len(steps):
        if receipt.step == len(steps) - 1 and _is_being_read(receipt):
            _let_go(receipt)  # the schedule rings again
            return
        if clock() > stop_at:
            _let_go(receipt)
            enqueue("audience.finish_erasure", erasure_id=receipt.pk)
            return
        _do_step(receipt, steps[receipt.step], person, clues, clock())
    _finish(receipt, clock())


def _let_go(receipt: ErasureRecord) -> None:
    ErasureRecord.objects.filter(pk=receipt.pk, lease_until=receipt.lease_until).update(lease_until=None)


@transaction.atomic
def _do_step(receipt: ErasureRecord, step: Step, person: Person, clues: Clues, now: datetime) -> None:
    changed, next_id = step(receipt, person, clues)
    if changed:
        receipt.counts = {**receipt.counts, "texts": receipt.counts.get("texts", 0) + changed}
    receipt.step, receipt.next_id = (receipt.step + 1, 0) if next_id is None else (receipt.step, next_id)
    still_ours = ErasureRecord.objects.unfinished().filter(pk=receipt.pk, lease_until=receipt.lease_until)
    values = {name: getattr(receipt, name) for name in ("counts", "step", "next_id")}
    if not still_ours.update(lease_until=now + LEASE, **values):
        raise _Lost
    receipt.lease_until = now + LEASE


@transaction.atomic
def _finish(receipt: ErasureRecord, now: datetime) -> None:
    ours = ErasureRecord.objects.unfinished().filter(pk=receipt.pk, lease_until=receipt.lease_until)
    done = {"state": ErasureState.DONE, "clues": b"", "finished_at": now, "lease_until": None}
    if ours.update(**done):
        record("contact.erasure_done", receipt, by=None, now=now, counts=receipt.counts)


def receipt_document(receipt: ErasureRecord) -> dict[str, object]:
    """The receipt as JSON, to be kept by whoever has to answer for it."""
    return {
        "format": "emailops.erasure/1",
        "workspace": receipt.workspace.name,
        "number": receipt.pk,
        "contact_number": receipt.contact_number,
        "address_hash": receipt.address_hash,
        "asked_at": receipt.asked_at.isoformat() if receipt.asked_at else None,
        "erased_at": receipt.at.isoformat(),
        "erased_by": str(receipt.by) if receipt.by else None,
        "finished_at": receipt.finished_at.isoformat() if receipt.finished_at else None,
        "counts": receipt.counts,
        "consent_proof": receipt.proof,
    }
