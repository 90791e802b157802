"""One change to many contacts at once: what to do, to whom, how far it is, and what was before."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import AboutContactQuerySet, Contact
from workspaces.models import Member, Owned, ScopedQuerySet
from workspaces.permissions import Role


class BulkAction(models.TextChoices):
    """What can be done to many contacts."""

    ADD_TAG = "add_tag", _("Add a tag")
    REMOVE_TAG = "remove_tag", _("Remove a tag")
    ADD_TO_LIST = "add_to_list", _("Put on a list")
    REMOVE_FROM_LIST = "remove_list", _("Take off a list")
    SET_ATTRIBUTE = "set_attribute", _("Set an attribute")
    HAND_OVER = "hand_over", _("Hand over to a colleague")
    SUPPRESS = "suppress", _("Never write again")


class BulkState(models.TextChoices):
    """Where a change stands. An undone one was done before."""

    WAITING = "waiting", _("Waiting for a worker")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Stopped by an error")
    UNDOING = "undoing", _("Taking it back")
    UNDONE = "undone", _("Taken back")


AT_WORK = (BulkState.WAITING, BulkState.RUNNING, BulkState.UNDOING)


class BulkEditQuerySet(ScopedQuerySet["BulkEdit"]):
    """Changes to many."""

    def seen_by(self, member: Member) -> Self:
        """A seller sees what he or she did."""
        ours = super().seen_by(member)
        return ours.filter(by=member) if member.role == Role.SELLER else ours

    def unfinished(self) -> Self:
        return self.filter(state__in=AT_WORK)

    def idle(self, now: datetime) -> Self:
        """No worker holds them."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=now))


class BulkEdit(Owned):
    """One thing done to many contacts. `detail` says to what end: `tag`, `list`, `attribute` and `value`, or `seller`.

    Who is meant: `chosen` holds ids, or is null and `narrowed` holds a `ContactFilter`. Workers go through them in the
    order of ids up to `last_id`; `next_id` is where the next chunk begins, and moves in the same transaction as the
    chunk before it. `total` is what was expected at the start.
    """

    action = models.CharField(max_length=14, choices=BulkAction)
    detail = models.JSONField(default=dict)
    chosen = ArrayField(models.BigIntegerField(), null=True)
    narrowed = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=BulkState, default=BulkState.WAITING)
    message = models.TextField(blank=True)
    total = models.PositiveIntegerField(default=0)
    seen_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    restored_count = models.PositiveIntegerField(default=0)
    next_id = models.PositiveBigIntegerField(default=0)
    last_id = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = BulkEditQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-at", "-id"], name="bulk_edits_newest"),
            models.Index(fields=["state"], condition=Q(state__in=AT_WORK), name="bulk_edits_at_work"),
        ]

    def __str__(self) -> str:
        return self.get_action_display()

    @property
    def is_unfinished(self) -> bool:
        return self.state in AT_WORK

    @property
    def rate(self) -> float:
        """How far it is, 0..1."""
        whole = self.changed_count if self.state in {BulkState.UNDOING, BulkState.UNDONE} else self.total
        done = self.restored_count if self.state in {BulkState.UNDOING, BulkState.UNDONE} else self.seen_count
        if not self.is_unfinished and self.state != BulkState.CANCELLED:
            return 1.0
        return min(1.0, done / whole) if whole else 0.0


class BulkEditPast(Owned):
    """What one contact had before a change: `{"value": ...}` where something was overwritten, else nothing."""

    edit = models.ForeignKey(BulkEdit, on_delete=models.CASCADE, related_name="past")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    before = models.JSONField(default=dict)

    objects = AboutContactQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edit", "contact"], name="bulk_edit_past_once")]

    def __str__(self) -> str:
        return f"{self.contact_id} before {self.edit_id}"
