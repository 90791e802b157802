"""How a workspace looks to the people it writes to."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from workspaces.models.people import Owned, ScopedQuerySet

HEX_COLOUR = r"^#[0-9a-f]{6}$"


class Brand(Owned):
    """Name, colour and logo on readers' pages and mails. What is empty is the workspace's name, our colour, no logo.

    The logo is kept as a PNG of our own making, `logo_width` and `logo_height` are its pixels. `version` changes with
    what readers' browsers keep: the colour and the logo.
    """

    name = models.CharField(_("name readers know"), max_length=120, blank=True)
    colour = models.CharField(
        _("colour"), max_length=7, blank=True, validators=[RegexValidator(HEX_COLOUR, _("Write it as #2f4fd6."))]
    )
    logo = models.BinaryField(null=True)
    logo_width = models.PositiveSmallIntegerField(default=0)
    logo_height = models.PositiveSmallIntegerField(default=0)
    version = models.CharField(max_length=12, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_brand")]

    def __str__(self) -> str:
        return self.name or f"brand of {self.workspace_id}"
