"""One thing done to many contacts: ask for it, cancel it, have it taken back. Workers do it (`audience.many`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from audience.attributes import shown_value
from audience.finding import ContactFilter, found_contacts, headcount
from audience.models import BulkAction, BulkEdit, BulkState, Contact, ContactList, ContactQuerySet
from audience.models.bulk import AT_WORK
from audience.services.attributes import checked_attributes, current_attributes
from audience.tags import read_tag
from emailops.lib.errors import DomainError
from emailops.lib.queue import enqueue
from workspaces.audit import record
from workspaces.models import Member, Workspace
from workspaces.permissions import Can, Role

MOST_CHOSEN = 10_000  # ids in one request; whoever means more narrows the list instead
UNDO_WITHIN = timedelta(days=7)  # later too much was built on what was changed
FOR_MAKERS = frozenset({BulkAction.HAND_OVER})


class BulkRefused(DomainError):
    """The change to many cannot be made, stopped or taken back."""

    code = "bulk_refused"


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who is meant: these ids, or, with None, all that the filter finds."""

    chosen: Sequence[int] | None = None
    narrowed: ContactFilter = field(default_factory=ContactFilter)


@transaction.atomic
def start_bulk(*, action: BulkAction, detail: Mapping[str, Any], crowd: Crowd, by: Member, now: datetime) -> BulkEdit:
    """Have workers do one thing to many contacts, those that `by` sees. Who comes later is not meant.

    `detail` holds `tag`; `list`; `attribute` and `value` (None removes it); or `seller`, a member's id or None. What it
    is called is kept beside it, in the words of `by`. Raises
    `BulkRefused` for nobody, for too many ids, for something `by` may not do or that does not exist, and what tags and
    attributes are refused for.
    """
    if action in FOR_MAKERS and not by.may(Can.EDIT_AUDIENCE):
        raise BulkRefused(_("Ask your lead to hand people over."))
    people = people_in(crowd, by, now)
    last_id = people.aggregate(last=Max("pk"))["last"]
    if last_id is None:
        raise BulkRefused(_("Nobody was chosen. Tick at least one contact."))
    edit = BulkEdit.objects.create(
        workspace=by.workspace,
        action=action,
        detail=_checked_detail(by.workspace, action, detail),
        chosen=None if crowd.chosen is None else sorted(set(crowd.chosen)),
        narrowed=crowd.narrowed.asks,
        total=headcount(people).number,
        last_id=last_id,
        by=by,
        at=now,
    )
    record("bulk.started", edit, by=by, now=now, what=action, total=edit.total)
    enqueue("audience.run_bulk", edit_id=edit.pk)
    return edit


def people_in(crowd: Crowd, by: Member, now: datetime) -> ContactQuerySet:
    """The contacts meant that this member sees."""
    if crowd.chosen is None:
        return found_contacts(by, crowd.narrowed, now)
    if len(crowd.chosen) > MOST_CHOSEN:
        raise BulkRefused(_("Choose at most %(most)d contacts, or narrow the list.") % {"most": MOST_CHOSEN})
    return Contact.objects.seen_by(by).filter(pk__in=crowd.chosen)


def _checked_detail(workspace: Workspace, action: BulkAction, detail: Mapping[str, Any]) -> dict[str, Any]:
    if action in {BulkAction.ADD_TAG, BulkAction.REMOVE_TAG}:
        return {"tag": read_tag(str(detail.get("tag") or ""))}
    if action in {BulkAction.ADD_TO_LIST, BulkAction.REMOVE_FROM_LIST}:
        return _checked_list(workspace, detail.get("list"))
    if action == BulkAction.SET_ATTRIBUTE:
        return _checked_attribute(workspace, detail)
    return _checked_seller(workspace, detail.get("seller")) if action == BulkAction.HAND_OVER else {}


def _checked_list(workspace: Workspace, asked: Any) -> dict[str, Any]:
    found = ContactList.objects.for_workspace(workspace).filter(archived_at=None, pk=_id(asked)).first()
    if found is None:
        raise BulkRefused(_("Choose one of the lists."), fields={"list": [_("Choose one.")]})
    return {"list": found.pk, "name": found.name}


def _checked_attribute(workspace: Workspace, detail: Mapping[str, Any]) -> dict[str, Any]:
    key = str(detail.get("attribute") or "")
    if not key:
        raise BulkRefused(_("Choose an attribute."), fields={"attribute": [_("Choose one.")]})
    value = checked_attributes(workspace, {key: detail.get("value")})[key]
    definition = current_attributes(workspace)[key]
    shown = "" if value is None else shown_value(definition, value)
    return {"attribute": key, "value": value, "name": definition.shown_label, "shown": shown}


def _checked_seller(workspace: Workspace, asked: Any) -> dict[str, Any]:
    if asked in (None, "", "none"):
        return {"seller": None}
    found = Member.objects.for_workspace(workspace).active().filter(pk=_id(asked)).first()
    if found is None:
        raise BulkRefused(_("Choose a colleague who is still here."), fields={"seller": [_("Choose one.")]})
    return {"seller": found.pk, "name": str(found)}


def _id(asked: Any) -> int:
    return min(int(asked), 2**63 - 1) if str(asked).isdecimal() else 0


@transaction.atomic
def cancel_bulk(*, edit: BulkEdit, by: Member, now: datetime) -> None:
    """Stop where it is; what was done stays, and can be taken back. Repeating is harmless."""
    _require_ones_own(edit, by)
    stopped = BulkEdit.objects.filter(pk=edit.pk, state__in=(BulkState.WAITING, BulkState.RUNNING))
    if stopped.update(state=BulkState.CANCELLED, finished_at=now, lease_until=None):
        record("bulk.cancelled", edit, by=by, now=now)


@transaction.atomic
def undo_bulk(*, edit: BulkEdit, by: Member, now: datetime) -> None:
    """Have workers give every contact back what it had before. What was changed again since then stays.

    Repeating is harmless. Raises `BulkRefused` for what cannot be taken back, while it runs, and after seven days.
    """
    _require_ones_own(edit, by)
    row = BulkEdit.objects.select_for_update().get(pk=edit.pk)
    if row.state in {BulkState.UNDOING, BulkState.UNDONE}:
        return
    if not can_undo(row, now):
        raise BulkRefused(_("This cannot be taken back, or not any more. Make the opposite change instead."))
    row.state, row.next_id, row.lease_until, row.finished_at = BulkState.UNDOING, 0, None, None
    row.save(update_fields=["state", "next_id", "lease_until", "finished_at"])
    record("bulk.undo_started", row, by=by, now=now)
    enqueue("audience.run_bulk", edit_id=row.pk)


def can_undo(edit: BulkEdit, now: datetime) -> bool:
    """Whether there is a way back. Never from a suppression: meanwhile the person may have asked for it too."""
    is_over = edit.state not in {*AT_WORK, BulkState.UNDONE}
    is_undoable = edit.action != BulkAction.SUPPRESS and edit.changed_count > 0
    return is_over and is_undoable and now <= undo_until(edit)


def undo_until(edit: BulkEdit) -> datetime:
    """The last moment at which it can be taken back, if it can at all."""
    return edit.at + UNDO_WITHIN


def undo_limits(edit: BulkEdit, now: datetime) -> list[str]:
    """What a way back would not do, or why there is none; sentences for whoever thinks of taking it."""
    if edit.action == BulkAction.SUPPRESS:
        return [_("This cannot be taken back: meanwhile people may have asked for it themselves.")]
    if edit.state in {*AT_WORK, BulkState.UNDONE} or not edit.changed_count:
        return []
    if now > undo_until(edit):
        return [_("The seven days in which it could be taken back are over. Make the opposite change instead.")]
    said = [_STAYS[BulkAction(edit.action)], _("Whoever was erased or merged away since then is left out.")]
    if edit.by.role == Role.SELLER:
        said.append(_("So is whoever %(person)s no longer looks after.") % {"person": edit.by})
    return [str(sentence) for sentence in said]


_STAYS: dict[BulkAction, Promise] = {
    BulkAction.ADD_TAG: _lazy("The tag goes from whoever got it here, even where somebody set it again since then."),
    BulkAction.REMOVE_TAG: _lazy("The tag comes back to whoever lost it here and does not have it again."),
    BulkAction.ADD_TO_LIST: _lazy("Whoever came onto the list here leaves it, even if somebody put them on it again."),
    BulkAction.REMOVE_FROM_LIST: _lazy("Whoever left the list here comes back with the day they came; no one twice."),
    BulkAction.SET_ATTRIBUTE: _lazy("A value that was changed again since then stays."),
    BulkAction.HAND_OVER: _lazy("Whoever was handed over again since then stays where they are."),
}
"""What taking back does where somebody changed the same again."""


def _require_ones_own(edit: BulkEdit, by: Member) -> None:
    """A seller stops and takes back what he or she did; who edits the audience, what anybody did."""
    if edit.by_id != by.pk and not by.may(Can.EDIT_AUDIENCE):
        raise BulkRefused(_("Only the person who did this can change it."))
