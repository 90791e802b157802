"""What the page shows on which readers choose what they get."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import Consent
from workspaces.models import Owned, ScopedQuerySet


class Following(models.TextChoices):
    """Of whom a workspace keeps, with the name, what is opened and clicked."""

    UNLESS_NO = "unless_no", _("Everybody who does not say no")
    IF_YES = "if_yes", _("Only those who said yes")
    NOBODY = "nobody", _("Nobody")


ALLOWED = {
    Following.UNLESS_NO: (Consent.GIVEN, Consent.UNKNOWN),
    Following.IF_YES: (Consent.GIVEN,),
    Following.NOBODY: (),
}
"""With which word to being followed somebody is."""


class PreferencePage(Owned):
    """A workspace's own words for the page, and what of a person it lets that person change.

    `attributes` holds keys of attributes, in their order. Without a row the page has the product's words and asks for
    no attribute.
    """

    intro = models.TextField(_("words above"), blank=True)
    attributes = models.JSONField(default=list)
    tracking_wording = models.TextField(_("consent to being followed"), blank=True)
    following = models.CharField(
        _("whose opens and clicks are kept with the name"),
        max_length=9,
        choices=Following,
        default=Following.UNLESS_NO,
        db_default=Following.UNLESS_NO,
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_preference_page")]

    def follows(self, tracking: str) -> bool:
        """Whether somebody with this word to it is followed as a person."""
        return tracking in ALLOWED[Following(self.following)]

    def __str__(self) -> str:
        return f"page of {self.workspace_id}"
