"""Files that belong to a story."""

from uuid import uuid4

from django.db import models

from sprints.models.stories import Story
from workspaces.models import Member, Owned, ScopedQuerySet


def place_of(attachment: "Attachment", _name: str) -> str:
    """Where a file is kept: under a name of ours, so that nothing of what people call it reaches the disk."""
    return f"attachments/{attachment.workspace_id}/{uuid4().hex}"


class Attachment(Owned):
    """A file as it was uploaded. `media_type` is what its content says, never its name."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="attachments")
    file = models.FileField(upload_to=place_of, max_length=120)
    name = models.CharField(max_length=150)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    uploaded_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["story", "-uploaded_at", "-id"], name="attachments_by_time")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        """Whether a browser may show it: pictures that can hold no script."""
        return self.media_type in {"image/png", "image/jpeg", "image/gif", "image/webp"}
