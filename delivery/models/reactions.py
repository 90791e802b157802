"""What readers, and machines, did."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from audience.models import AboutContactQuerySet, Contact
from delivery.models.ledger import Delivery
from delivery.models.runs import Run
from workspaces.models import Owned


class HitKind(models.TextChoices):
    """What a reader, or a machine, did."""

    OPEN = "open", _("Opened")
    CLICK = "click", _("Clicked")
    UNSUBSCRIBE = "unsubscribe", _("Unsubscribed")


class Nature(models.TextChoices):
    """Who did it, as far as the signals tell."""

    HUMAN = "human", _("A person")
    MACHINE = "machine", _("A machine")


class HitQuerySet(AboutContactQuerySet["Hit"]):
    """Reactions."""

    def human(self) -> Self:
        return self.filter(nature=Nature.HUMAN)


class Hit(Owned):
    """One reaction, kept as it came, beside what we make of it and by which version of the rules.

    `network` is the sender's network, cut to /24 or /48; the address itself is not kept.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="hits")
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="hits")
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="hits")
    kind = models.CharField(max_length=11, choices=HitKind)
    url = models.TextField(blank=True)
    at = models.DateTimeField()
    nature = models.CharField(max_length=7, choices=Nature)
    signals = models.JSONField(default=list)
    rules_version = models.PositiveSmallIntegerField()
    user_agent = models.CharField(max_length=300, blank=True)
    network = models.CharField(max_length=50, blank=True)

    objects = HitQuerySet.as_manager()

    class Meta:
        indexes = [
            # With all that "who reacted to this mail" asks, so that it is answered without a look at the hits.
            models.Index(fields=["run", "kind", "at"], include=["contact", "nature", "workspace"], name="hit_of_run"),
            models.Index(fields=["contact", "-at"], name="hit_of_contact"),
            models.Index(fields=["workspace", "kind", "at"], name="hit_by_time"),
            models.Index(fields=["delivery", "kind"], name="hit_of_delivery"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.delivery_id}"
