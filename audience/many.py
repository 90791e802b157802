"""One thing done to many contacts, the part that workers do: chunk by chunk, keeping what was before.

A chunk is one transaction that also moves `next_id`, so a worker that dies is followed by one that goes on with
the next chunk. The lease is also the fence, as in `audience.intake`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Func, JSONField, Value
from django.utils.translation import gettext as _

from audience.finding import ContactFilter
from audience.models import (
    BulkAction,
    BulkEdit,
    BulkEditPast,
    BulkState,
    Contact,
    ListMembership,
    Suppression,
    SuppressionReason,
    address_hash,
)
from audience.segments.definition import SegmentBroken
from audience.services.bulk import Crowd, people_in
from emailops.lib.queue import enqueue
from workspaces.audit import record

CHUNK = 1000  # contacts a transaction
LEASE = timedelta(seconds=60)  # a chunk takes well under a second; after this a silent worker counts as dead
BUDGET = timedelta(seconds=30)  # of one task, so that a worker can always stop within its grace
SOURCE = "many at once"

Before = dict[int, dict[str, Any]]


class _Lost(Exception):
    """Another worker holds the change, or a person cancelled it."""


def run_bulk(edit_id: int, clock: Callable[[], datetime]) -> None:
    """Do, or take back, what is left of a change; after `BUDGET` hand over to the next task.

    Safe to call twice at once: the second finds the lease and leaves. `clock` is read for every chunk.
    """
    edit = _claim(edit_id, clock())
    if edit is None:
        return
    try:
        _go_through(edit, clock)
    except _Lost:
        return
    except SegmentBroken as broken:
        _finish(edit, BulkState.FAILED, clock(), str(broken))


def _claim(edit_id: int, now: datetime) -> BulkEdit | None:
    free = BulkEdit.objects.unfinished().idle(now).filter(pk=edit_id)
    with transaction.atomic():
        edit = free.select_for_update(skip_locked=True).first()
        if edit is None:
            return None
        state = BulkState.UNDOING if edit.state == BulkState.UNDOING else BulkState.RUNNING
        BulkEdit.objects.filter(pk=edit.pk).update(state=state, lease_until=now + LEASE)
    return BulkEdit.objects.select_related("workspace", "by__workspace").get(pk=edit_id)


def _go_through(edit: BulkEdit, clock: Callable[[], datetime]) -> None:
    stop_at = clock() + BUDGET
    chunk = _undo_chunk if edit.state == BulkState.UNDOING else _do_chunk
    while chunk(edit, clock()):
        if clock() > stop_at:
            BulkEdit.objects.filter(pk=edit.pk, lease_until=edit.lease_until).update(lease_until=None)
            enqueue("audience.run_bulk", edit_id=edit.pk)
            return
    _finish(edit, BulkState.UNDONE if edit.state == BulkState.UNDOING else BulkState.DONE, clock())


@transaction.atomic
def _do_chunk(edit: BulkEdit, now: datetime) -> bool:
    """Change the next contacts; whether there were any."""
    crowd = Crowd(edit.chosen, ContactFilter.read(edit.narrowed))
    meant = people_in(crowd, edit.by, now).filter(pk__gte=edit.next_id, pk__lte=edit.last_id)
    ids = list(meant.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    if not ids:
        return False
    people = list(Contact.objects.filter(pk__in=ids).order_by("pk").select_for_update())
    before = _DO[BulkAction(edit.action)](edit, people, now)
    BulkEditPast.objects.bulk_create(
        BulkEditPast(workspace=edit.workspace, edit=edit, contact_id=pk, before=past) for pk, past in before.items()
    )
    edit.seen_count, edit.changed_count = edit.seen_count + len(ids), edit.changed_count + len(before)
    _move_on(edit, ids[-1] + 1, now)
    return True


@transaction.atomic
def _undo_chunk(edit: BulkEdit, now: datetime) -> bool:
    """Give the next contacts back what they had; whether there were any."""
    past = list(edit.past.filter(contact_id__gte=edit.next_id).order_by("contact_id")[:CHUNK])
    if not past:
        return False
    before = {row.contact_id: row.before for row in past}
    ours = Contact.objects.seen_by(edit.by)  # of a seller those still looked after: a colleague's are not for him
    people = list(ours.filter(pk__in=before).order_by("pk").select_for_update())
    edit.restored_count += _UNDO[BulkAction(edit.action)](edit, people, before, now)
    _move_on(edit, past[-1].contact_id + 1, now)
    return True


def _move_on(edit: BulkEdit, next_id: int, now: datetime) -> None:
    edit.next_id = next_id
    counters = {name: getattr(edit, name) for name in ("next_id", "seen_count", "changed_count", "restored_count")}
    still_ours = BulkEdit.objects.filter(pk=edit.pk, state=edit.state, lease_until=edit.lease_until)
    if not still_ours.update(lease_until=now + LEASE, **counters):
        raise _Lost  # cancelled, or taken over because we were silent for too long: the transaction is undone
    edit.lease_until = now + LEASE


@transaction.atomic
def _finish(edit: BulkEdit, state: BulkState, now: datetime, message: str = "") -> None:
    ours = BulkEdit.objects.filter(pk=edit.pk, state=edit.state, lease_until=edit.lease_until)
    if ours.update(state=state, message=message, finished_at=now, lease_until=None):
        record(f"bulk.{state}", edit, by=edit.by, now=now, changed=edit.changed_count, restored=edit.restored_count)


def _of(people: Sequence[Contact]) -> Any:
    return Contact.objects.filter(pk__in=[contact.pk for contact in people])


def _add_tag(edit: BulkEdit, people: Sequence[Contact], now: datetime) -> Before:
    without = [contact for contact in people if edit.detail["tag"] not in contact.tags]
    added = Func(
        F("tags"), Value(edit.detail["tag"]), function="array_append", template="%(function)s(%(expressions)s::varchar)"
    )
    _of(without).update(tags=added, updated_at=now)
    return {contact.pk: {} for contact in without}


def _remove_tag(edit: BulkEdit, people: Sequence[Contact], now: datetime) -> Before:
    having = [contact for contact in people if edit.detail["tag"] in contact.tags]
    removed = Func(
        F("tags"), Value(edit.detail["tag"]), function="array_remove", template="%(function)s(%(expressions)s::varchar)"
    )
    _of(having).update(tags=removed, updated_at=now)
    return {contact.pk: {} for contact in having}


def _add_to_list(edit: BulkEdit, people: Sequence[Contact], now: datetime) -> Before:
    members = ListMembership.objects.filter(contact_list_id=edit.detail["list"], contact__in=people)
    there = set(members.values_list("contact_id", flat=True))
    new = [contact for contact in people if contact.pk not in there]
    ListMembership.objects.bulk_create(
        (_membership(edit, contact, now, SOURCE) for contact in new), ignore_conflicts=True
    )
    return {contact.pk: {} for contact in new}


def _membership(edit: BulkEdit, contact: Contact, at: datetime, source: str) -> ListMembership:
    return ListMembership(
        workspace=edit.workspace, contact=contact, contact_list_id=edit.detail["list"], added_at=at, source=source
    )


def _remove_from_list(edit: BulkEdit, people: Sequence[Contact], now: datetime) -> Before:
    members = ListMembership.objects.filter(contact_list_id=edit.detail["list"], contact__in=people)
    before = {row.contact_id: {"at": row.added_at.isoformat(), "source": row.source} for row in members}
    members.delete()
    return before


def _set_attribute(edit: BulkEdit, people: Sequence[Contact], now: datetime) -> Before:
    key, value = edit.detail["attribute"], edit.detail["value"]
    other = [contact for contact in people if contact.attributes.get(key) != value]
    _of(other).update(attributes=_with(key, value), updated_at=now)
    return {contact.pk: {"value": contact.attributes.get(key)} for contact in other}


def _with(key: str, value: Any) -> Func:
    """The attributes with one of them set, or removed for None."""
    if value is None:
        return Func(
            F("attributes"), Value(key), template="(%(expressions)s::text)", arg_joiner=" - ", output_field=JSONField()
        )
    return Func(
        F("attributes"),
        Value({key: value}, JSONField()),
        template="(%(expressions)s::jsonb)",
        arg_joiner=" || ",
        output_field=JSONField(),
    )


def _hand_over(edit: BulkEdit, people: Sequence[Contact], now: datetime) -> Before:
    others = [contact for contact in people if contact.seller_id != edit.detail["seller"]]
    _of(others).update(seller=edit.detail["seller"], updated_at=now)
    return {contact.pk: {"value": contact.seller_id} for contact in others}


def _suppress(edit: BulkEdit, people: Sequence[Contact], now: datetime) -> Before:
    open_to_mail = [contact for contact in people if not contact.suppression]
    Suppression.objects.bulk_create(
        (
            Suppression(
                workspace=edit.workspace,
                address_hash=address_hash(contact.address),
                reason=SuppressionReason.MANUAL,
                note=SOURCE,
                at=now,
            )
            for contact in open_to_mail
        ),
        ignore_conflicts=True,
    )
    _of(open_to_mail).update(suppression=SuppressionReason.MANUAL)
    return {contact.pk: {} for contact in open_to_mail}


_DO: Mapping[BulkAction, Callable[[BulkEdit, Sequence[Contact], datetime], Before]] = {
    BulkAction.ADD_TAG: _add_tag,
    BulkAction.REMOVE_TAG: _remove_tag,
    BulkAction.ADD_TO_LIST: _add_to_list,
    BulkAction.REMOVE_FROM_LIST: _remove_from_list,
    BulkAction.SET_ATTRIBUTE: _set_attribute,
    BulkAction.HAND_OVER: _hand_over,
    BulkAction.SUPPRESS: _suppress,
}


def _undo_list(edit: BulkEdit, people: Sequence[Contact], before: Before, now: datetime) -> int:
    """Put them back on with the day and the source they had."""
    rows = [
        _membership(edit, contact, datetime.fromisoformat(before[contact.pk]["at"]), before[contact.pk]["source"])
        for contact in people
    ]
    return len(ListMembership.objects.bulk_create(rows, ignore_conflicts=True))


def _undo_attribute(edit: BulkEdit, people: Sequence[Contact], before: Before, now: datetime) -> int:
    """Only where the value is still the one that was set."""
    key = edit.detail["attribute"]
    still = [contact for contact in people if contact.attributes.get(key) == edit.detail["value"]]
    for contact in still:
        contact.attributes = {**contact.attributes, key: before[contact.pk]["value"]}
        contact.attributes = {name: value for name, value in contact.attributes.items() if value is not None}
        contact.updated_at = now
    Contact.objects.bulk_update(still, ["attributes", "updated_at"])
    return len(still)


def _undo_hand_over(edit: BulkEdit, people: Sequence[Contact], before: Before, now: datetime) -> int:
    still = [contact for contact in people if contact.seller_id == edit.detail["seller"]]
    for contact in still:
        contact.seller_id, contact.updated_at = before[contact.pk]["value"], now
    Contact.objects.bulk_update(still, ["seller", "updated_at"])
    return len(still)


_UNDO: Mapping[BulkAction, Callable[[BulkEdit, Sequence[Contact], Before, datetime], int]] = {
    BulkAction.ADD_TAG: lambda edit, people, before, now: len(_remove_tag(edit, people, now)),
    BulkAction.REMOVE_TAG: lambda edit, people, before, now: len(_add_tag(edit, people, now)),
    BulkAction.ADD_TO_LIST: lambda edit, people, before, now: len(_remove_from_list(edit, people, now)),
    BulkAction.REMOVE_FROM_LIST: _undo_list,
    BulkAction.SET_ATTRIBUTE: _undo_attribute,
    BulkAction.HAND_OVER: _undo_hand_over,
}


def bulk_words(edit: BulkEdit) -> str:
    """What was asked for, as a sentence's end: `Add a tag: vip`."""
    said = edit.detail.get("tag") or edit.detail.get("name") or edit.detail.get("attribute") or ""
    if edit.action == BulkAction.HAND_OVER and edit.detail["seller"] is None:
        said = _("to nobody")
    if edit.action == BulkAction.SET_ATTRIBUTE:
        said = f"{said} = {_value_words(edit.detail)}"
    return f"{edit.get_action_display()}: {said}" if said else edit.get_action_display()


def _value_words(detail: Mapping[str, Any]) -> str:
    """As it was called when it was set; changes from before that was kept show what is stored."""
    value = detail["value"]
    stored = ", ".join(map(str, value)) if isinstance(value, list) else "–" if value is None else str(value)
    return str(detail.get("shown") or stored)
