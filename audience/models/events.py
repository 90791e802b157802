"""What contacts did elsewhere."""

from django.db import models
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import AboutContactQuerySet, Contact
from audience.models.properties import known_in_words
from audience.models.sources import Source
from workspaces.models import Owned

ORDER_EVENT = "order_placed"
"""The event that says that an order earned money; its `external_id` is the order's and its `value` what was paid."""


class Event(Owned):
    """Something a contact did elsewhere: an order, a visit, a survey. `value` is money in the workspace's currency."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="events")
    name = models.SlugField(max_length=60)
    occurred_at = models.DateTimeField()
    value = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    properties = models.JSONField(default=dict)
    external_id = models.CharField(max_length=100, blank=True)
    source = models.CharField(_("reported by"), max_length=4, choices=Source, default=Source.API, db_default=Source.API)

    objects = AboutContactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name", "external_id"], condition=~Q(external_id=""), name="event_counted_once"
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "name", "occurred_at"], name="event_by_name"),
            models.Index(fields=["contact", "-occurred_at", "-id"], name="event_of_contact"),
            models.Index(fields=["workspace", "occurred_at", "id"], name="event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.contact_id}"

    @property
    def shown_name(self) -> str:
        return event_words(self.name)

    @property
    def known(self) -> list[tuple[str, str]]:
        """What the reporter said of it besides: names and values, as people read them."""
        return known_in_words(self.properties)


def event_words(name: str) -> str:
    """The name of an event as people read it."""
    return capfirst(name.replace("_", " "))
