"""What is said about a request for approval, beside the answer to it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from sprints.models.approvals import ApprovalRequest, DecidedVia
from workspaces.models import Member, Owned, ScopedQuerySet


class ApprovalMessage(Owned):
    """A question or an answer about a version, in a subset of Markdown. It stands in the log, so it never changes."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("message"))
    mentioned = models.ManyToManyField(Member, related_name="+")
    via = models.CharField(max_length=8, choices=DecidedVia, default=DecidedVia.MEMBER)
    written_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["request", "-written_at", "-id"], name="approval_message_by_time")]

    def __str__(self) -> str:
        return f"message {self.pk} on {self.request_id}"
