"""What people said about marketing mail, one row a word."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import AboutContactQuerySet, Consent, Contact
from audience.models.topics import Topic
from workspaces.models import Member, Owned, Workspace


class ConsentTo(models.TextChoices):
    """What somebody says yes or no to."""

    MAIL = "mail", _("Marketing mail")
    TRACKING = "tracking", _("Being followed as a person")
    TOPIC = "topic", _("Mails about a topic")
    PACE = "pace", _("How often, and from when on")


class ConsentEntry(Owned):
    """One thing a person said about consent. Append-only: GDPR article 7(1) asks us to be able to show it.

    A trigger refuses an entry of another workspace than its contact's (migration 0011).
    `topic` is set for what was said about one. `form_version` names the wording's form and its version.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consent_log", db_index=False)
    to = models.CharField(
        _("to what"), max_length=8, choices=ConsentTo, default=ConsentTo.MAIL, db_default=ConsentTo.MAIL
    )
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, null=True, related_name="+")
    consent = models.CharField(max_length=10, choices=Consent)
    source = models.CharField(_("how"), max_length=60)
    wording = models.TextField(_("exact wording"), blank=True)
    form_version = models.CharField(_("form"), max_length=60, blank=True, db_default="")
    evidence = models.JSONField(default=dict)
    by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()

    objects = AboutContactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(to="topic", topic__isnull=False) | ~models.Q(to="topic") & models.Q(topic=None),
                name="consent_to_a_topic_names_it",
            )
        ]
        indexes = [
            models.Index(fields=["contact", "-at", "-id"], name="consent_log_of_contact"),
            models.Index(fields=["workspace", "at", "id"], name="consent_log_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.consent}"
