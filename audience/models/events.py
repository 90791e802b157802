"""What contacts did elsewhere."""

from django.db import models
from django.db.models import Q

from audience.models.contacts import AboutContactQuerySet, Contact
from workspaces.models import Owned


class Event(Owned):
    """Something a contact did elsewhere: an order, a visit, a survey. `value` is money in the workspace's currency."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="events")
    name = models.SlugField(max_length=60)
    occurred_at = models.DateTimeField()
    value = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    properties = models.JSONField(default=dict)
    external_id = models.CharField(max_length=100, blank=True)

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
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.contact_id}"
