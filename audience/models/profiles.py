"""What follows from a contact's behaviour: narrow rows that segments read instead of millions of events."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import AboutContactQuerySet, Contact
from audience.models.orders import CENTS, MONEY_DIGITS
from workspaces.models import Owned


class Lifecycle(models.IntegerChoices):
    """Where somebody stands with us."""

    NEW = 1, _("New")
    ACTIVE = 2, _("Active")
    QUIET = 3, _("Quiet")
    LOST = 4, _("Lost")
    CUSTOMER = 5, _("Customer")
    LOYAL = 6, _("Loyal customer")
    LAPSED = 7, _("Former customer")


class ContactProfile(Owned):
    """The engagement and the purchases of one contact in one row, kept by the batches that write the facts.

    Opens and clicks are those of people, not of machines. `order_sum` is earned money in the workspace's currency.
    `rfm` is recency, frequency and money in fifths, 111 to 555; 0 without an order.
    """

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, primary_key=True, related_name="profile")
    last_sent_at = models.DateTimeField(null=True)
    last_open_at = models.DateTimeField(null=True)
    last_click_at = models.DateTimeField(null=True)
    last_event_at = models.DateTimeField(null=True)
    sent_count = models.PositiveIntegerField(default=0)
    open_count = models.PositiveIntegerField(default=0)
    click_count = models.PositiveIntegerField(default=0)
    order_count = models.PositiveIntegerField(default=0)
    order_sum = models.DecimalField(max_digits=MONEY_DIGITS, decimal_places=CENTS, default=0)
    first_order_at = models.DateTimeField(null=True)
    last_order_at = models.DateTimeField(null=True)
    lifecycle = models.PositiveSmallIntegerField(choices=Lifecycle, default=Lifecycle.NEW)
    rfm = models.PositiveSmallIntegerField(default=0)

    objects = AboutContactQuerySet.as_manager()

    class Meta:
        indexes = [
            # With the contact in them, so that whoever did something is found without a look at the profiles.
            models.Index(fields=["workspace", "last_open_at"], include=["contact"], name="profile_opened"),
            models.Index(fields=["workspace", "last_click_at"], include=["contact"], name="profile_clicked"),
            models.Index(fields=["workspace", "last_order_at"], include=["contact"], name="profile_ordered"),
            models.Index(fields=["workspace", "lifecycle"], name="profile_lifecycle"),
        ]

    def __str__(self) -> str:
        return str(self.contact_id)


class ContactDay(Owned):
    """What one contact got and did on one day (UTC): counts in windows of days are sums over these."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    sent = models.PositiveSmallIntegerField(default=0)
    opens = models.PositiveSmallIntegerField(default=0)
    clicks = models.PositiveSmallIntegerField(default=0)

    objects = AboutContactQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "day"], name="contact_day_once")]
        indexes = [
            models.Index(fields=["workspace", "day"], name="contact_days"),
            models.Index(
                fields=["workspace", "day"],
                include=["contact", "clicks"],
                condition=models.Q(clicks__gt=0),
                name="contact_days_clicked",
            ),
            models.Index(
                fields=["workspace", "day"],
                include=["contact", "opens"],
                condition=models.Q(opens__gt=0),
                name="contact_days_opened",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} on {self.day}"
