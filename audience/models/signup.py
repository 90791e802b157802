"""Forms by which people ask for mail: a page of their own, a part of another page, or a pop-up."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audience.models.lists import ContactList
from workspaces.models import Language, Member, Owned, ScopedQuerySet

FORM_FIELDS = ("first_name", "last_name", "language", "city", "country", "phone")
"""Fields of a contact that a form can ask for, besides the address and the attributes."""


class SignupKind(models.TextChoices):
    """Where a form stands."""

    HOSTED = "hosted", _("A page of its own")
    EMBED = "embed", _("Part of your own page")
    POPUP = "popup", _("Pop-up on your own page")


class SignupForm(Owned):
    """What people fill in to hear from the workspace. Its words and questions are frozen as a version at each change.

    `fields` holds, in their order, `{"key": "first_name" or "attribute.<key>", "required": bool}`; the address is
    always asked for first. `topics` holds the ids of the topics it offers. `shown_count` counts page views, people and
    programs alike.
    """

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("where it stands"), max_length=8, choices=SignupKind, default=SignupKind.HOSTED)
    language = models.CharField(_("language"), max_length=5, choices=Language)
    fields = models.JSONField(default=list)
    contact_list = models.ForeignKey(
        ContactList, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("list")
    )
    topics = models.JSONField(default=list)
    title = models.CharField(_("title"), max_length=120)
    intro = models.TextField(_("words above"), blank=True)
    button = models.CharField(_("words on the button"), max_length=40)
    thanks = models.TextField(_("words after sending"))
    consent_wording = models.TextField(_("what people agree to"))
    tracking_wording = models.TextField(_("consent to being followed"), blank=True)
    is_double_opt_in = models.BooleanField(_("ask by mail before anything is sent"), default=True)
    confirm_subject = models.CharField(_("subject of the mail that asks"), max_length=160)
    confirm_body = models.TextField(_("words of the mail that asks"))
    welcome_subject = models.CharField(_("subject of the welcome mail"), max_length=160, blank=True)
    welcome_body = models.TextField(_("words of the welcome mail"), blank=True)
    redirect_url = models.URLField(_("where to go afterwards"), max_length=500, blank=True)
    popup_delay = models.PositiveSmallIntegerField(_("seconds before it shows"), default=8)
    version = models.PositiveIntegerField(default=1)
    shown_count = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=models.Q(archived_at=None), name="signup_form_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def version_name(self) -> str:
        """How consent entries name the wording: the form and its version."""
        return f"form {self.pk}, version {self.version}"


class SignupFormVersion(Owned):
    """Everything a form said and asked between two changes. Never changed afterwards."""

    form = models.ForeignKey(SignupForm, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form", "number"], name="signup_form_version_once")]

    def __str__(self) -> str:
        return f"{self.form_id}, version {self.number}"
