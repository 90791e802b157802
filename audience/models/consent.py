"""What people said about marketing mail, one row a word."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import Consent, Contact
from workspaces.models import Member, Owned, ScopedQuerySet


class ConsentEntry(Owned):
    """One thing a person said about consent. Append-only: GDPR article 7(1) asks us to be able to show it."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consent_log")
    consent = models.CharField(max_length=10, choices=Consent)
    source = models.CharField(_("how"), max_length=60)
    wording = models.TextField(_("exact wording"), blank=True)
    evidence = models.JSONField(default=dict)
    by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["contact", "-at", "-id"], name="consent_log_of_contact")]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.consent}"
