"""What people asked for before we know that the address is theirs."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q

from audience.models.contacts import AboutContactQuerySet, Contact
from audience.models.signup import SignupForm
from workspaces.models import Language, Owned

OPT_IN_DAYS = 7  # for so long the link in the mail works


class OptInRequestQuerySet(AboutContactQuerySet["OptInRequest"]):
    """Requests to be written to."""

    def open(self, now: datetime) -> Self:
        """Those that can still be confirmed."""
        return self.filter(confirmed_at=None, asked_at__gt=now - timedelta(days=OPT_IN_DAYS))


class OptInRequest(Owned):
    """Somebody asked for mail to an address; whoever reads its mail confirms it, or nothing ever comes of it.

    `values` is what was filled in: `{"fields": {...}, "attributes": {...}}`; nothing of it is written to a contact
    before the confirmation. `mailed_on` is the day of the confirmation mail, by UTC: one a day, whatever is asked.
    """

    email = models.CharField(max_length=254)
    address = models.CharField(max_length=254)
    form = models.ForeignKey(SignupForm, on_delete=models.PROTECT, null=True, related_name="requests")
    form_version = models.CharField(max_length=60, blank=True)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, related_name="opt_ins")
    source = models.CharField(max_length=60)
    wording = models.TextField()
    tracking_wording = models.TextField(blank=True)
    language = models.CharField(max_length=5, choices=Language)
    values = models.JSONField(default=dict)
    topics = models.JSONField(default=list)
    evidence = models.JSONField(default=dict)
    asked_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)
    mailed_on = models.DateField(null=True)
    confirmed_at = models.DateTimeField(null=True)

    objects = OptInRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "address", "mailed_on"],
                condition=Q(mailed_on__isnull=False),
                name="one_confirmation_mail_a_day",
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "address", "-asked_at"], name="opt_ins_of_address"),
            models.Index(fields=["form", "-asked_at"], name="opt_ins_of_form"),
        ]

    def __str__(self) -> str:
        return f"{self.email}, {self.source}"
