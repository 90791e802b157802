"""Who answers instead of an owner, and what an owner chose about being asked."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sprints.models.approvals import ApprovalSubject
from sprints.models.stories import AMOUNT_DIGITS, CENTS
from workspaces.models import Member, Owned, ScopedQuerySet


class DelegationScope(models.TextChoices):
    """What somebody may decide instead of the owner."""

    ALL = "all", _("Everything")
    SPRINT = "sprint", _("Sprint plans")
    LAUNCH = "launch", _("Finished mails and launches")
    GOAL = "goal", _("Goals, principles and the plan of them")


SCOPES_OF: dict[str, tuple[str, ...]] = {
    ApprovalSubject.SPRINT: (DelegationScope.ALL, DelegationScope.SPRINT),
    ApprovalSubject.CONTENT: (DelegationScope.ALL, DelegationScope.LAUNCH),
    ApprovalSubject.LAUNCH: (DelegationScope.ALL, DelegationScope.LAUNCH),
    ApprovalSubject.GOAL: (DelegationScope.ALL, DelegationScope.GOAL),
    ApprovalSubject.PRINCIPLE: (DelegationScope.ALL, DelegationScope.GOAL),
    ApprovalSubject.PLAN: (DelegationScope.ALL, DelegationScope.GOAL),
}
"""The scopes that cover a subject."""


class DelegationQuerySet(ScopedQuerySet["Delegation"]):
    """Delegations, with the people in them."""

    def on(self, day: date) -> Self:
        """Those that hold on a day of the workspace's calendar."""
        return self.filter(revoked_at=None, start_date__lte=day, end_date__gte=day)

    def with_people(self) -> Self:
        return self.select_related("giver__user", "receiver__user", "workspace")


class Delegation(Owned):
    """A member decides instead of an owner, from the first day to the last, up to a cost (None: any)."""

    giver = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("who decides"))
    scope = models.CharField(_("what"), max_length=8, choices=DelegationScope, default=DelegationScope.ALL)
    limit = models.DecimalField(_("up to"), max_digits=AMOUNT_DIGITS, decimal_places=CENTS, null=True, blank=True)
    start_date = models.DateField(_("first day"))
    end_date = models.DateField(_("last day"))
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="delegation_ends_after_start"),
            models.CheckConstraint(condition=~Q(giver=F("receiver")), name="delegation_to_another"),
            models.CheckConstraint(condition=Q(limit__gte=0) | Q(limit=None), name="delegation_limit_not_negative"),
        ]
        indexes = [models.Index(fields=["workspace", "giver", "end_date"], name="delegation_by_giver")]

    def __str__(self) -> str:
        return f"{self.giver} → {self.receiver}"


class OwnerRules(models.Model):
    """What an owner chose about being asked. Silence is a no unless chosen otherwise before the question was asked.

    Hours are by the owner's own clock; equal ends mean no quiet hours. `silence_below` is the highest cost, in the
    workspace's currency, at which no answer within `silence_days` counts as a yes.
    """

    member = models.OneToOneField(Member, on_delete=models.PROTECT, related_name="owner_rules")
    quiet_from = models.TimeField(_("no reminder from"), default="20:00")
    quiet_until = models.TimeField(_("until"), default="08:00")
    quiet_weekends = models.BooleanField(_("no reminder on weekends"), default=True)
    silence_is_yes = models.BooleanField(_("my silence is a yes"), default=False)
    silence_below = models.DecimalField(_("up to a cost of"), max_digits=AMOUNT_DIGITS, decimal_places=CENTS, default=0)
    silence_days = models.PositiveSmallIntegerField(_("after so many days"), default=5)
    chosen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(silence_below__gte=0), name="silence_below_not_negative"),
            models.CheckConstraint(condition=Q(silence_days__gte=1), name="silence_takes_a_day"),
        ]

    def __str__(self) -> str:
        return f"rules of {self.member_id}"
