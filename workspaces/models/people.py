"""Workspaces, the people in them, the keys programs use, and what everybody did."""

import zoneinfo
from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from workspaces.permissions import Can, Role, may, scope_for

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(zone)s” is not a time zone. Example: Europe/Sofia."), params={"zone": value})


class Language(models.TextChoices):
    """Languages of the interface and of what subscribers see."""

    ENGLISH = "en", _("English")
    RUSSIAN = "ru", _("Russian")
    BULGARIAN = "bg", _("Bulgarian")


class UserManager(BaseUserManager["User"]):
    """Makes people; an address is one person however it is spelt in case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with an e-mail address. What the person may do is said by `Member`, per workspace."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=5, choices=Language, default=Language.ENGLISH)
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC", validators=[validate_time_zone])
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in str(self).split()[:2]).upper()

    @property
    def tone(self) -> int:
        """One of six colours of the avatar, the same for ever."""
        return self.pk % 6 + 1


class ScopedQuerySet(models.QuerySet[Row_co]):
    """The first call on anything that belongs to a workspace."""

    def for_workspace(self, workspace: "Workspace") -> Self:
        return self.filter(workspace=workspace)

    def seen_by(self, member: "Member") -> Self:
        """What this member gets to see: all of the workspace, unless a kind of rows says otherwise."""
        return self.for_workspace(member.workspace)


class Workspace(models.Model):
    """One business. Everything else belongs to exactly one of these and is invisible from the others."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("address in the browser"), max_length=60, unique=True)
    language = models.CharField(_("language"), max_length=5, choices=Language, default=Language.ENGLISH)
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC", validators=[validate_time_zone])
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        help_text=_("For phone numbers that are written without the code of their country."),
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR", help_text=_("Three letters, as in EUR."))
    postal_address = models.TextField(
        _("postal address"),
        blank=True,
        help_text=_(
            "Stands in every campaign: the law asks for it (CAN-SPAM, 16 CFR 316.2), and so do mailbox providers."
        ),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


class Owned(models.Model):
    """Base of every row that belongs to a workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class MemberQuerySet(ScopedQuerySet["Member"]):
    """Members, with the user at hand."""

    def active(self) -> Self:
        return self.filter(left_at=None).select_related("user")

    def deciders(self) -> Self:
        return self.active().filter(role=Role.OWNER)


class Member(Owned):
    """A person in a workspace, with one role. Leaving keeps the row: history goes on naming the person."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role)
    title = models.CharField(_("title"), max_length=120, blank=True)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    objects = MemberQuerySet.as_manager()

    acting_through: "ApiKey | None" = None
    """The key by which a program acts for this member, set for the length of a request; the audit log names it."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="member_once_per_workspace")]

    def __str__(self) -> str:
        return str(self.user)

    def may(self, can: Can) -> bool:
        """Whether the role allows it, and, for a program, also the key's scopes."""
        through = self.acting_through
        return may(self.role, can) and (through is None or scope_for(can) in through.scopes)


class InvitationQuerySet(ScopedQuerySet["Invitation"]):
    """Invitations by what can still happen to them."""

    def open(self, now: datetime) -> Self:
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)


class Invitation(Owned):
    """A place in the workspace for whoever holds the mailed link. `nonce` is sealed in the link; a new one ends it."""

    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=10, choices=Role)
    invited_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    nonce = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("email"),
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once",
            )
        ]

    def __str__(self) -> str:
        return self.email

    def is_open(self, now: datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and now < self.expires_at


class ApiKeyQuerySet(ScopedQuerySet["ApiKey"]):
    """Keys of programs."""

    def valid(self, now: datetime) -> Self:
        return self.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=now))


class ApiKey(Owned):
    """A program's way in. It acts as the member who made it, narrowed to its scopes; only a hash is kept."""

    name = models.CharField(_("name"), max_length=80)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="api_keys")
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=30))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AuditEntry(Owned):
    """Who did what to which object, and when. Written by every service, changed by none."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    via = models.CharField(max_length=100, blank=True)
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60)
    target_id = models.BigIntegerField()
    target_label = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-at", "-id"], name="audit_by_time"),
            models.Index(fields=["workspace", "target_type", "target_id"], name="audit_by_target"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_type} {self.target_id}"


class SystemMailState(models.TextChoices):
    """Where a system mail stands."""

    WAITING = "waiting", _("waiting")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")


class SystemMail(Owned):
    """A mail from the product itself (invitation, request for approval), written when decided, built when sent.

    `kind` names the builder that the owning app registered, `object_id` the row it is about. No link or secret is
    kept here: the builder makes them at the moment of sending.
    """

    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    to = models.EmailField()
    state = models.CharField(max_length=8, choices=SystemMailState, default=SystemMailState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(state="waiting"), name="system_mail_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"
