"""What the page shows on which readers choose what they get."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from workspaces.models import Owned, ScopedQuerySet


class PreferencePage(Owned):
    """A workspace's own words for the page, and what of a person it lets that person change.

    `attributes` holds keys of attributes, in their order. Without a row the page has the product's words and asks for
    no attribute.
    """

    intro = models.TextField(_("words above"), blank=True)
    attributes = models.JSONField(default=list)
    tracking_wording = models.TextField(_("consent to being followed"), blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_preference_page")]

    def __str__(self) -> str:
        return f"page of {self.workspace_id}"
