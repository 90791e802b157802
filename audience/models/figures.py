"""Numbers that cost too much to count for everybody who looks."""

from django.db import models

from workspaces.models import Owned, ScopedQuerySet


class KeptFigures(Owned):
    """What a worker counted last for a workspace with very many people: `numbers` by what they are of.

    Told and never acted on: whoever sends, exports or changes something asks the rows themselves.
    """

    kind = models.SlugField(max_length=40)
    numbers = models.JSONField(default=dict)
    counted_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "kind"], name="figures_of_a_kind_once")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.workspace_id}"
