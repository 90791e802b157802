"""What contacts bought."""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import AboutContactQuerySet, Contact
from audience.models.properties import known_in_words
from audience.models.sources import Source
from workspaces.models import Owned, ScopedQuerySet

MONEY_DIGITS, CENTS = 14, 2


class OrderStatus(models.TextChoices):
    """How far an order is. Only paid and sent ones count as money earned."""

    OPEN = "open", _("Not paid yet")
    PAID = "paid", _("Paid")
    SENT = "sent", _("Sent")
    RETURNED = "returned", _("Sent back")
    CANCELLED = "cancelled", _("Cancelled")


EARNING = (OrderStatus.PAID, OrderStatus.SENT)


class Order(Owned):
    """One order, by the shop's own id. Money is in the workspace's currency; `total` is what was paid in the end."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="orders")
    external_id = models.CharField(_("number in the shop"), max_length=100)
    status = models.CharField(_("status"), max_length=10, choices=OrderStatus, default=OrderStatus.PAID)
    placed_at = models.DateTimeField()
    total = models.DecimalField(_("total"), max_digits=MONEY_DIGITS, decimal_places=CENTS)
    properties = models.JSONField(default=dict)
    source = models.CharField(_("reported by"), max_length=4, choices=Source, default=Source.API, db_default=Source.API)
    updated_at = models.DateTimeField()

    objects = AboutContactQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "external_id"], name="order_once")]
        indexes = [
            models.Index(fields=["contact", "-placed_at"], name="orders_of_contact"),
            models.Index(
                fields=["workspace", "placed_at"], include=["contact", "status", "total"], name="order_sums_by_day"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def known(self) -> list[tuple[str, str]]:
        """What the shop said of it besides: names and values, as people read them."""
        return known_in_words(self.properties)


class OrderLine(Owned):
    """One product of an order. `price` is what one piece cost."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    sku = models.CharField(_("product number"), max_length=100, blank=True)
    name = models.CharField(_("product"), max_length=200)
    category = models.CharField(_("category"), max_length=100, blank=True)
    quantity = models.DecimalField(max_digits=12, decimal_places=3, default=1)
    price = models.DecimalField(max_digits=MONEY_DIGITS, decimal_places=CENTS)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "sku"], name="order_line_by_product"),
            models.Index(fields=["workspace", "category"], name="order_line_by_category"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.name}"

    @property
    def amount(self) -> Decimal:
        """What all pieces cost together."""
        return (self.quantity * self.price).quantize(Decimal("0.01"))
