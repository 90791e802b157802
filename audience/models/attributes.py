"""What a workspace knows about its contacts beyond the fixed fields."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from emailops.lib.languages import readers_language
from workspaces.models import Owned, ScopedQuerySet


class AttributeKind(models.TextChoices):
    """The type of an attribute's values."""

    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    MONEY = "money", _("Money")
    DATE = "date", _("Date")
    BOOLEAN = "boolean", _("Yes or no")
    CHOICE = "choice", _("One of a list")
    LIST = "list", _("Several of a list")


class AttributeDefinition(Owned):
    """What a workspace knows about its contacts beyond the fixed fields. Values live in `Contact.attributes`.

    Values are stored as JSON of their kind: dates as ISO 8601 text, money as a number in the workspace's currency, one
    choice as its key, several as an array of keys. `labels` holds the label by language, where it has one; `choices`
    holds, in their order, `{"key": ..., "label": ..., "labels": {language: ...}}`. An archived attribute keeps its
    values, but rules on it no longer work. `asked_at` is when a segment was last seen to ask about it; while that is
    not long ago, it has an index of its own where there are many contacts (audience/segments/indexes.py).
    """

    key = models.SlugField(_("key"), max_length=40)
    label = models.CharField(_("label"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=AttributeKind, default=AttributeKind.TEXT)
    labels = models.JSONField(default=dict)
    description = models.CharField(_("what it means"), max_length=200, blank=True)
    choices = models.JSONField(default=list)
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="attribute_key_once")]

    def __str__(self) -> str:
        return self.label

    @property
    def shown_label(self) -> str:
        """The label in the reader's language, where there is one."""
        return str(self.labels.get(readers_language()) or self.label)

    @property
    def offered_values(self) -> list[str]:
        """How its values are written, in the reader's language, where they are few."""
        if self.kind == AttributeKind.BOOLEAN:
            return [gettext("Yes"), gettext("No")]
        return [self.choice_label(choice["key"]) for choice in self.choices]

    def choice_label(self, key: str) -> str:
        """A choice in the reader's language; one that is gone is named by its key."""
        found = next((choice for choice in self.choices if choice["key"] == key), None)
        return str(found.get("labels", {}).get(readers_language()) or found["label"]) if found else key
