"""What people can choose to hear about."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import AboutContactQuerySet, Consent, Contact
from workspaces.models import Owned, ScopedQuerySet


class Topic(Owned):
    """Something that mails are about, and that a reader can choose or leave: “new products”, “tips for the skin”.

    `names` and `descriptions` hold other languages' words by language. A public topic stands in the preference centre.
    """

    name = models.CharField(_("name"), max_length=80)
    names = models.JSONField(default=dict)
    description = models.CharField(_("what readers get"), max_length=200, blank=True)
    descriptions = models.JSONField(default=dict)
    is_public = models.BooleanField(_("readers can choose it"), default=True)
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="topic_name_once")]

    def __str__(self) -> str:
        return self.name

    def name_in(self, language: str) -> str:
        """What readers of this language see; the name itself where there are no words of theirs."""
        return str(self.names.get(language) or self.name)

    def description_in(self, language: str) -> str:
        return str(self.descriptions.get(language) or self.description)


class TopicConsent(Owned):
    """What a contact last said about a topic. Without a row, nothing; the log says when, how, in which words."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="consents")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="topics")
    consent = models.CharField(max_length=10, choices=Consent)
    at = models.DateTimeField()

    objects = AboutContactQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "contact"], name="topic_consent_once")]
        indexes = [models.Index(fields=["contact"], name="topics_of_contact")]

    def __str__(self) -> str:
        return f"{self.contact_id}, {self.topic_id}: {self.consent}"
