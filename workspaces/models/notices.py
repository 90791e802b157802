"""What a member is told of what others did, what of it is not wanted, and when it is mailed."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workspaces.models.people import Member, Owned, ScopedQuerySet, SystemMail
from workspaces.permissions import Can

FIRST_HOUR, LAST_HOUR = 0, 23
MORNING = 8  # o'clock, where the person lives


class DigestPace(models.TextChoices):
    """How often a member is mailed what was not read in the app."""

    DAILY = "daily", _("One mail a day")
    NEVER = "never", _("No mail")


class NoticeQuerySet(ScopedQuerySet["Notice"]):
    """Notices, by who may read them and what became of them."""

    def for_member(self, member: Member) -> Self:
        """Those of one member, without what the role may no longer read."""
        mine = self.filter(member=member)
        return mine if member.may(Can.SEE_TEAM) else mine.filter(is_team_only=False)

    def unread(self) -> Self:
        return self.filter(read_at=None)

    def about(self, about_type: str, about_id: int) -> Self:
        return self.filter(about_type=about_type, about_id=about_id)

    def due(self, now: datetime) -> Self:
        """Those to be mailed by now that were not read in the app before."""
        return self.filter(mail=None, read_at=None, mail_at__lte=now)


class Notice(Owned):
    """One thing that somebody (None: the system) did, told to one member.

    It names its object and holds ids only: words are found when it is read, by who reads it. `mail_at` is when it goes
    into a mail unless it was read before (None: never), `mail` the one into which it went.
    """

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    about_type = models.CharField(max_length=60)
    about_id = models.BigIntegerField()
    detail = models.JSONField(default=dict)
    is_team_only = models.BooleanField(default=False)
    by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mail_at = models.DateTimeField(null=True)
    mail = models.ForeignKey(SystemMail, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["member", "-at", "-id"], name="notice_by_time"),
            models.Index(
                fields=["member", "about_type", "about_id"], condition=Q(read_at=None), name="notice_unread_by_object"
            ),
            models.Index(fields=["mail_at"], condition=Q(mail=None, read_at=None), name="notice_to_mail"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.member_id}"


class NoticeMute(Owned):
    """What a member does not want to be told of: an object (kind empty), or a kind (object 0) of notices."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="notice_mutes")
    kind = models.CharField(max_length=40, blank=True)
    about_type = models.CharField(max_length=60, blank=True)
    about_id = models.BigIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "kind", "about_type", "about_id"], name="notice_mute_once"),
            models.CheckConstraint(
                condition=~Q(kind="") & Q(about_id=0) | Q(kind="") & ~Q(about_type=""), name="notice_mute_of_one_thing"
            ),
        ]

    def __str__(self) -> str:
        return self.kind or f"{self.about_type} {self.about_id}"


class NoticeSettings(Owned):
    """When a member is mailed: the hour of the day, in the person's own time zone, and the kinds mailed at once."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="notice_settings")
    digest = models.CharField(_("mail"), max_length=10, choices=DigestPace, default=DigestPace.DAILY)
    hour = models.PositiveSmallIntegerField(_("at"), default=MORNING)
    at_once = ArrayField(models.CharField(max_length=40), default=list)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(hour__gte=FIRST_HOUR, hour__lte=LAST_HOUR), name="digest_hour_of_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.digest} at {self.hour}"
