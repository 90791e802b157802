"""What follows from an answer: conditions to tick, codes that confirm it, and the log that nobody can rewrite."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from sprints.models.approvals import ApprovalRequest, Verdict
from sprints.models.stories import Story
from workspaces.models import Member, Owned, ScopedQuerySet, Workspace


class ItemDecision(Owned):
    """What the owner said of one goal or principle in a request. `item` is its id in the frozen version."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="item_decisions")
    item = models.PositiveIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict)
    comment = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "item"], name="item_decided_once_a_request")]

    def __str__(self) -> str:
        return f"{self.item}: {self.verdict}"


class ApprovalCondition(Owned):
    """Something the owner's yes depends on. `story` None: it concerns everything that was approved with it.

    `named` is who sees to it, and may say that it is met; the link mailed to that person is good from `named_at` on.
    """

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="conditions")
    story = models.ForeignKey(Story, on_delete=models.PROTECT, null=True, related_name="conditions")
    text = models.CharField(_("condition"), max_length=300)
    position = models.PositiveSmallIntegerField()
    met_at = models.DateTimeField(null=True)
    met_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    named = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    named_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "position"], name="condition_position_once")]

    def __str__(self) -> str:
        return self.text


class ApprovalCode(Owned):
    """Six digits mailed to one who decides. Only a keyed hash is kept, and only once the mail is being built."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="codes")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    code_hash = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["request", "member", "-asked_at"], name="code_newest")]

    def __str__(self) -> str:
        return f"code for {self.request_id}"

    def works(self, now: datetime) -> bool:
        return self.used_at is None and now < self.expires_at


class ApprovalEvent(models.TextChoices):
    """What the log of approvals tells."""

    ASKED = "asked", _("asked")
    REMINDED = "reminded", _("reminded")
    ESCALATED = "escalated", _("asked a second person")
    CODE_MAILED = "code_mailed", _("had a code mailed")
    CODE_REFUSED = "code_refused", _("gave a wrong code")
    DECIDED = "decided", _("decided")
    CHANGED = "changed", _("found a change in a plan")
    NOT_ASKED = "not_asked", _("could not ask again by itself")
    WITHDRAWN = "withdrawn", _("withdrew a question that had become pointless")
    SAID = "said", _("said")
    CONDITION_TICKED = "condition_ticked", _("ticked a condition")
    CONDITION_UNTICKED = "condition_unticked", _("took back the tick of a condition")
    CONDITION_NAMED = "condition_named", _("named who sees to a condition")
    DELEGATED = "delegated", _("delegated")
    DELEGATION_ENDED = "delegation_ended", _("ended a delegation")
    RULES_SET = "rules_set", _("chose rules of being asked")
    POLICY_SET = "policy_set", _("changed the policy")


class ApprovalLogEntry(Owned):
    """One line of a log that only grows: a trigger in the database refuses to change or delete it.

    `digest` is the SHA-256 of the line's canonical form, which holds the `previous` one; the first follows zeros.
    """

    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    event = models.CharField(max_length=20, choices=ApprovalEvent)
    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, null=True, related_name="log")
    subject = models.CharField(max_length=200)
    actor = models.CharField(max_length=200, blank=True)
    through = models.CharField(max_length=100, blank=True)
    detail = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="approval_log_number_once")]

    def __str__(self) -> str:
        return f"{self.number}: {self.event}"


class ApprovalLogHead(models.Model):
    """The last line of a workspace's log: what the next one follows, and what shows that the end was cut off."""

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.number}: {self.digest}"
