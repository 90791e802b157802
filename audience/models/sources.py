"""By which door a fact came in."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Source(models.TextChoices):
    """Who reported an event or an order. What a page in a browser says can be forged, so all others win over it."""

    API = "api", _("API")
    FILE = "file", _("File")
    SITE = "site", _("Web site")
