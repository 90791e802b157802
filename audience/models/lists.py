"""Named sets of contacts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import AboutContactQuerySet, Contact
from workspaces.models import Owned, ScopedQuerySet, Workspace


class ContactList(Owned):
    """A named set of contacts, kept by hand, by import or by a form."""

    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("what it is for"), blank=True)
    archived_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="list_name_once")]

    def __str__(self) -> str:
        return self.name


class ListMembership(Owned):
    """A contact on a list, since when and how.

    Triggers hold contact, list and workspace together, a statement at a time (migration 0011): a key checked for every
    row would double what an import costs. `on_list_once` is the index by list.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    contact_list = models.ForeignKey(
        ContactList, on_delete=models.CASCADE, related_name="memberships", db_index=False, db_constraint=False
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="memberships")
    added_at = models.DateTimeField()
    source = models.CharField(max_length=60)

    objects = AboutContactQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact_list", "contact"], name="on_list_once")]

    def __str__(self) -> str:
        return f"{self.contact_id} on {self.contact_list_id}"
