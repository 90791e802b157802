"""The mail servers of a workspace, and the trials of them."""

from datetime import datetime
from typing import Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from emailops.lib.vault import SealedField
from workspaces.models import Member, Owned, ScopedQuerySet

MOST_WEIGHT = 100
MOST_CONNECTIONS = 100


class TransportKind(models.TextChoices):
    """What speaks to the mail server."""

    SMTP = "smtp", _("SMTP")
    PROVIDER = "provider", _("A provider’s API")


class Security(models.TextChoices):
    """How the conversation is protected."""

    STARTTLS = "starttls", _("STARTTLS (usually port 587)")
    TLS = "tls", _("TLS from the start (usually port 465)")
    NONE = "none", _("None: only inside a private network")


class SignIn(models.TextChoices):
    """How one signs in."""

    NONE = "none", _("Without signing in")
    PASSWORD = "password", _("User name and password")
    TOKEN = "xoauth2", _("OAuth 2 token (XOAUTH2)")


class TransportQuerySet(ScopedQuerySet["Transport"]):
    """Mail servers."""

    def enabled(self) -> Self:
        return self.filter(is_enabled=True)


class Transport(Owned):
    """A way out for a workspace's mail.

    Of the healthy ones each gets mail in proportion to its `weight`; those with weight 0 only while no other is
    healthy. `failures` in a row put it to rest until `retry_at`; with `needs_attention` it rests until somebody changes
    it or a trial succeeds. `version` rises with every change, so that trouble with former settings is not laid to new
    ones.
    """

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(max_length=10, choices=TransportKind, default=TransportKind.SMTP)
    host = models.CharField(_("server"), max_length=253, blank=True)
    port = models.PositiveIntegerField(
        _("port"), default=587, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    security = models.CharField(_("encryption"), max_length=10, choices=Security, default=Security.STARTTLS)
    sign_in = models.CharField(_("signing in"), max_length=10, choices=SignIn, default=SignIn.PASSWORD)
    username = models.CharField(_("user name"), max_length=254, blank=True)
    password = SealedField(default=b"")
    access_token = SealedField(default=b"")
    refresh_token = SealedField(default=b"")
    token_url = models.CharField(_("token endpoint"), max_length=500, blank=True)
    client_id = models.CharField(_("client ID"), max_length=500, blank=True)
    client_secret = SealedField(default=b"")
    provider = models.CharField(_("provider"), max_length=40, blank=True)
    provider_settings = SealedField(default=b"")
    weight = models.PositiveSmallIntegerField(_("weight"), default=MOST_WEIGHT, validators=[MaxValueValidator(100)])
    connections = models.PositiveSmallIntegerField(
        _("connections"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MOST_CONNECTIONS)]
    )
    signs_itself = models.BooleanField(_("the server signs with DKIM"), default=False)
    is_enabled = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    failures = models.PositiveIntegerField(default=0)
    trouble = models.TextField(blank=True)
    needs_attention = models.BooleanField(default=False)
    retry_at = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(null=True)

    objects = TransportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="transport_name_once"),
            models.CheckConstraint(condition=Q(weight__lte=MOST_WEIGHT), name="transport_weight_in_range"),
            models.CheckConstraint(
                condition=Q(kind="smtp", port__range=(1, 65535)) & ~Q(host="") | Q(kind="provider") & ~Q(provider=""),
                name="transport_leads_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_smtp(self) -> bool:
        return self.kind == TransportKind.SMTP

    @property
    def where(self) -> str:
        """Host and port, or the provider's name for itself in the product."""
        return f"{self.host}:{self.port}" if self.is_smtp else self.provider

    @property
    def is_encrypted(self) -> bool:
        return not self.is_smtp or self.security != Security.NONE

    @property
    def is_in_trouble(self) -> bool:
        return self.needs_attention or self.failures > 0

    def is_usable(self, now: datetime) -> bool:
        """Whether mail may leave this way now."""
        rests = self.needs_attention or (self.retry_at is not None and self.retry_at > now)
        return self.is_enabled and not rests


class TransportTrial(Owned):
    """One trial of a mail server: what was tried, in order, and how each step ended.

    `steps` is a list of `{"stage", "about", "state", "cause", "words"}`; see `delivery.transports.trial`.
    """

    transport = models.ForeignKey(Transport, on_delete=models.CASCADE, related_name="trials")
    asked_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    with_mail = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    steps: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(default=list)

    objects = ScopedQuerySet["TransportTrial"].as_manager()

    class Meta:
        indexes = [models.Index(fields=["transport", "-id"], name="trial_newest")]

    def __str__(self) -> str:
        return f"trial of {self.transport_id}"
