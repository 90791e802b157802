"""Web sites that report what their visitors do, and visitors who have not said who they are."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import AboutContactQuerySet, Contact
from workspaces.models import Member, Owned, ScopedQuerySet

LONGEST_VISITOR = 36  # characters of a UUID


class Site(Owned):
    """A web site with our script. `key` is public: it stands in the site's pages and permits nothing but reporting.

    `origins` are what a browser sends as `Origin`: scheme, host and port. `deed_count` counts events and orders that
    were taken, `seen_at` is when the last one came.
    """

    name = models.CharField(_("name"), max_length=120)
    key = models.CharField(max_length=32, unique=True)
    origins = ArrayField(models.CharField(max_length=200), verbose_name=_("addresses"))
    counts_pages = models.BooleanField(_("page views too"), default=False)
    is_on = models.BooleanField(_("takes reports"), default=True)
    deed_count = models.PositiveBigIntegerField(default=0)
    seen_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="site_name_once")]

    def __str__(self) -> str:
        return self.name


class SiteVisitor(Owned):
    """A browser whose reader agreed to being followed on the site. `contact` is empty until we know who it is."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="visitors")
    key = models.CharField(max_length=LONGEST_VISITOR)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, related_name="+")
    seen_at = models.DateTimeField()

    objects = AboutContactQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "key"], name="site_visitor_once")]
        indexes = [models.Index(fields=["seen_at"], name="site_visitor_by_time")]

    def __str__(self) -> str:
        return self.key


class SiteDeed(Owned):
    """What an unknown visitor did: an event or an order as it was reported. It waits until we know whose it is."""

    visitor = models.ForeignKey(SiteVisitor, on_delete=models.CASCADE, related_name="deeds")
    content = models.JSONField()
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.content.get('kind')} of visitor {self.visitor_id}"
