"""What people ask of us about their data, what was erased, and how long things are kept."""

from datetime import date, datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import Contact
from audience.models.orders import CENTS, MONEY_DIGITS, OrderStatus
from emailops.lib.vault import SealedField
from workspaces.models import Member, Owned, ScopedQuerySet
from workspaces.permissions import Role

COPY_DAYS = 7  # for so long the link to a copy works


class ErasureState(models.TextChoices):
    """How far an erasure is. The person is gone from the first moment; texts that name the person take longer."""

    SEARCHING = "searching", _("Looking for what names the person")
    DONE = "done", _("Done")


class ErasureQuerySet(ScopedQuerySet["ErasureRecord"]):
    """Erasures."""

    def unfinished(self) -> Self:
        return self.filter(state=ErasureState.SEARCHING)

    def idle(self, now: datetime) -> Self:
        """No worker holds them."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=now))


class ErasureRecord(Owned):
    """The receipt of an erasure: when, by whom, how many of what, and nothing of the person but a keyed hash.

    `contact_number` is the id that the contact had. `counts` holds a number by part, `proof` what is kept to show that
    there was consent: `{"to", "consent", "on", "digest"}`. `clues` are the words that are still looked for, sealed, and
    gone with the last of them. `step` and `next_id` are where a worker goes on.
    """

    contact_number = models.BigIntegerField(null=True)
    address_hash = models.CharField(max_length=64)
    by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(null=True)
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ErasureState, default=ErasureState.SEARCHING)
    counts = models.JSONField(default=dict)
    proof = models.JSONField(default=list)
    clues = SealedField(default=b"")
    step = models.PositiveIntegerField(default=0)
    step_count = models.PositiveIntegerField(default=0)
    next_id = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ErasureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "contact_number"],
                condition=Q(contact_number__isnull=False),
                name="contact_erased_once",
            ),
            models.CheckConstraint(condition=~Q(state="done") | Q(clues=b""), name="erased_means_no_clue"),
        ]
        indexes = [
            models.Index(fields=["workspace", "-at", "-id"], name="erasures_newest"),
            models.Index(fields=["state"], condition=Q(state="searching"), name="erasures_unfinished"),
        ]

    def __str__(self) -> str:
        return f"{self.address_hash[:12]}…"

    @property
    def is_unfinished(self) -> bool:
        return self.state == ErasureState.SEARCHING

    @property
    def rate(self) -> float:
        """How far it is, 0..1."""
        return min(1.0, self.step / self.step_count) if self.is_unfinished and self.step_count else 1.0


class RequestKind(models.TextChoices):
    """What a person asks for."""

    COPY = "copy", _("A copy of the data")
    ERASURE = "erasure", _("To be forgotten")


class RequestState(models.TextChoices):
    """Where a request stands."""

    OPEN = "open", _("Waiting")
    DONE = "done", _("Done")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Taken back by the person")


class PrivacyRequestQuerySet(ScopedQuerySet["PrivacyRequest"]):
    """Requests."""

    def seen_by(self, member: Member) -> Self:
        """Those of people that this member sees: a seller those that he or she looks after."""
        ours = self.for_workspace(member.workspace)
        return ours.filter(contact__seller=member) if member.role == Role.SELLER else ours

    def waiting(self) -> Self:
        """Erasures that somebody has to decide on; a copy needs nobody."""
        return self.filter(kind=RequestKind.ERASURE, state=RequestState.OPEN)


class PrivacyRequest(Owned):
    """A person asked for a copy of the data, or to be forgotten.

    `due_on` is a month later (GDPR article 12(3)). `confirmed_at`: the reader of the address's mail said that it was
    meant. `mailed_on` is the day, by UTC, of the mail about it: one of a kind a day.
    """

    kind = models.CharField(max_length=8, choices=RequestKind)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="privacy_requests")
    state = models.CharField(max_length=10, choices=RequestState, default=RequestState.OPEN)
    asked_at = models.DateTimeField()
    due_on = models.DateField()
    mailed_on = models.DateField(null=True)
    evidence = models.JSONField(default=dict)
    confirmed_at = models.DateTimeField(null=True)
    handled_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    handled_at = models.DateTimeField(null=True)
    note = models.CharField(_("why"), max_length=300, blank=True)

    objects = PrivacyRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "kind"], condition=Q(state="open", kind="erasure"), name="one_open_erasure_request"
            ),
            models.UniqueConstraint(
                fields=["contact", "kind", "mailed_on"],
                condition=Q(mailed_on__isnull=False),
                name="one_privacy_mail_a_day",
            ),
        ]
        indexes = [models.Index(fields=["workspace", "state", "due_on"], name="privacy_requests_due")]

    def __str__(self) -> str:
        return self.get_kind_display()

    def is_late(self, today: date) -> bool:
        return self.state == RequestState.OPEN and self.due_on < today

    def copy_works(self, now: datetime) -> bool:
        """Whether the link to the copy still opens it."""
        fresh = now < self.asked_at + timedelta(days=COPY_DAYS)
        return self.kind == RequestKind.COPY and self.contact_id is not None and fresh


class AnonymousSale(Owned):
    """An order whose buyer was erased, for the books: day, money and products, and no way back to a person.

    `credit` is the number of the send that earned it, as insights would say it of the order; many people got that send.
    `lines` holds `{"sku", "name", "category", "quantity", "price"}`, numbers as text.
    """

    placed_on = models.DateField()
    status = models.CharField(max_length=10, choices=OrderStatus)
    total = models.DecimalField(max_digits=MONEY_DIGITS, decimal_places=CENTS)
    lines = models.JSONField(default=list)
    credit = models.BigIntegerField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "placed_on"], name="anonymous_sales_by_day"),
            models.Index(
                fields=["workspace", "credit"],
                name="anonymous_sales_by_credit",
                condition=models.Q(credit__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.total} on {self.placed_on}"


class PrivacySettings(Owned):
    """What a workspace itself says about the data it keeps (GDPR article 30). Without a row nothing is said yet."""

    keeps_books = models.BooleanField(
        _("Keep the money of erased people’s orders"),
        default=True,
        help_text=_("Day, products and amounts stay for the books, without any way back to the person."),
    )
    controller = models.TextField(_("controller, and who represents it"), blank=True)
    officer = models.TextField(_("data protection officer"), blank=True)
    purposes = models.TextField(_("further purposes"), blank=True)
    processors = models.TextField(_("processors and other recipients"), blank=True)
    transfers = models.TextField(_("transfers to other countries"), blank=True)
    measures = models.TextField(_("further technical and organisational measures"), blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_privacy_settings")]

    def __str__(self) -> str:
        return f"privacy of {self.workspace_id}"
