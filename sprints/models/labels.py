"""Labels of a workspace: a word in a colour, for what the other fields do not say."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from sprints.models.stories import Story
from workspaces.models import Owned, ScopedQuerySet

LONGEST_LABEL = 40


class LabelTone(models.TextChoices):
    """The colours of the design language; each also has a word."""

    GREY = "grey", _("Grey")
    BLUE = "accent", _("Blue")
    MOSS = "ok", _("Green")
    MARIGOLD = "warn", _("Yellow")
    BRICK = "bad", _("Red")
    PLUM = "plum", _("Plum")
    TEAL = "teal", _("Teal")
    ROSE = "rose", _("Rose")


class Label(Owned):
    """A word in a colour. A name is one label however it is spelt in case."""

    name = models.CharField(_("name"), max_length=LONGEST_LABEL)
    tone = models.CharField(_("colour"), max_length=10, choices=LabelTone, default=LabelTone.GREY)
    stories = models.ManyToManyField(Story, related_name="labels")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("workspace", Lower("name"), name="label_once")]

    def __str__(self) -> str:
        return self.name
