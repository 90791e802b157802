"""Which installation this is, how far its clock has come, and the doubts about that."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workspaces.models import Member, Owned, ScopedQuerySet


class Installation(models.Model):
    """The one row that says which installation this database belongs to and when it was last at work.

    A file outside the database says the same; a database that is older than its file was restored from a backup.
    """

    deployment = models.UUIDField(default=uuid.uuid4)
    born_at = models.DateTimeField()
    clock = models.DateTimeField()
    was_idle_from = models.DateTimeField(null=True)
    was_idle_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_installation")]

    def __str__(self) -> str:
        return str(self.deployment)


class Doubt(models.TextChoices):
    """Why a database may not know everything that was sent."""

    OLDER = "older", _("The database is older than what this machine has done")
    STRANGER = "stranger", _("The database comes from another installation")
    MOVED = "moved", _("The database was moved to a machine that never worked with it")
    BACKWARDS = "backwards", _("The clock went backwards")


class RestoreHoldQuerySet(ScopedQuerySet["RestoreHold"]):
    """Doubts."""

    def open(self) -> "RestoreHoldQuerySet":
        return self.filter(confirmed_at=None)


class RestoreHold(Owned):
    """Nothing is sent for a workspace until somebody has confirmed that the database is the right one.

    `known_until` is how far the database's own memory goes, `seen_at` how far it should go.
    """

    doubt = models.CharField(max_length=9, choices=Doubt)
    known_until = models.DateTimeField()
    seen_at = models.DateTimeField()
    since = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")

    objects = RestoreHoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(confirmed_at=None), name="one_open_hold_a_workspace"
            )
        ]

    def __str__(self) -> str:
        return self.get_doubt_display()
