"""Did it leave: one row a person and run, and the workers that hold rows."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audience.models import AboutContactQuerySet, Contact
from delivery.models.runs import Run
from workspaces.models import Owned

ERASED_ADDRESS = "erased:"
"""Before the number of the row, in place of the address of a person who was erased."""


class DeliveryState(models.TextChoices):
    """Where one person's message stands. Queued, sending and deferred are on their way; the others final."""

    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Being handed over")
    DEFERRED = "deferred", _("To be tried again")
    SENT = "sent", _("Sent")
    SKIPPED = "skipped", _("Left out")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Not known")


PENDING = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED)
DOUBTFUL = (DeliveryState.UNKNOWN, DeliveryState.DEFERRED)
"""A server answered not at all, or that it did not take the message; a reader who has it knows better."""


class Reason(models.TextChoices):
    """Why a message was left out, failed, or is not known to have arrived."""

    NO_CONSENT = "no_consent", _("No consent")
    CONSENT_WITHDRAWN = "withdrawn", _("Consent withdrawn")
    SUPPRESSED = "suppressed", _("On the list of those never to write to")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    PAUSED = "paused", _("Wants no mail before a later day")
    TOO_OFTEN = "too_often", _("Had a mail lately, and wants them rarely")
    TOPIC_DECLINED = "topic_declined", _("Wants nothing about this topic")
    CONTACT_GONE = "contact_gone", _("The contact was removed")
    CANCELLED = "cancelled", _("The campaign was cancelled")
    REFUSED = "refused", _("The receiving server refused the address")
    CONTENT_REFUSED = "content_refused", _("The receiving server refused the message")
    GAVE_UP = "gave_up", _("Tried too often")
    RENDER_FAILED = "render_failed", _("The text could not be filled in")
    NEEDS_SMTPUTF8 = "needs_smtputf8", _("The mail server cannot write to this kind of address")
    NEEDS_8BITMIME = "needs_8bitmime", _("The mail server takes plain ASCII text only")
    TOO_BIG = "too_big", _("The message is larger than the mail server takes")
    CONNECTION_LOST = "connection_lost", _("The connection broke before the answer came")
    WORKER_LOST = "worker_lost", _("The worker stopped before the answer came")


class DeliveryQuerySet(AboutContactQuerySet["Delivery"]):
    """Rows of the ledger."""

    def pending(self) -> Self:
        return self.filter(state__in=PENDING)


class Delivery(Owned):
    """The ledger: one row per run and person, each ending as sent, left out, failed or not known, with a reason.

    A row that was never tried waits in a `Chunk`, whose mark says whether it is being handed over. One that is to be
    tried again has `next_attempt_at`, and `lane` while it is being handed over. `attempt` counts conversations begun.

    No index holds what the outcome of a first attempt changes, so that writing it is a heap-only update.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="deliveries")
    address = models.CharField(max_length=254)
    state = models.CharField(max_length=8, choices=DeliveryState, default=DeliveryState.QUEUED)
    reason = models.CharField(max_length=16, choices=Reason, blank=True)
    lane = models.BigIntegerField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    reply_code = models.PositiveSmallIntegerField(null=True)
    reply_text = models.CharField(max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "contact"], name="one_message_a_person"),
            models.UniqueConstraint(fields=["run", "address"], name="one_message_an_address"),
        ]
        indexes = [
            models.Index(fields=["run", "id"], name="delivery_of_run"),
            models.Index(
                fields=["run", "next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="delivery_again"
            ),
            models.Index(fields=["lane"], condition=Q(lane__isnull=False), name="delivery_in_hand"),
            models.Index(fields=["run", "reason", "id"], condition=~Q(reason=""), name="delivery_by_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} to {self.address}: {self.state}"

    @property
    def is_of_erased(self) -> bool:
        return self.address.startswith(ERASED_ADDRESS)

    @property
    def is_doubtful(self) -> bool:
        return self.state in DOUBTFUL


class Chunk(models.Model):
    """Up to a thousand rows of one domain group that wait, from `first_id` to `last_id`.

    `lane` holds it. Rows up to `mark` have their intent committed: they are being handed over while they are queued and
    a lane holds the chunk. `size` counts the rows, `taken` those up to the mark.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="chunks")
    domain_group = models.CharField(max_length=16)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    mark = models.BigIntegerField()
    size = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    lane = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["lane"], condition=Q(lane__isnull=False), name="chunk_in_hand")]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.first_id} to {self.last_id}"


class Lane(models.Model):
    """A worker process that sends. It holds a session advisory lock on its key for as long as it lives.

    When the process dies, PostgreSQL drops the lock with the session, so the reaper knows at once and needs no timeout.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="lanes")
    opened_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"lane {self.pk}"
