"""People in a workspace."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Self, cast

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.expressions import Col
from django.utils.translation import gettext_lazy as _

from audience.models.suppression import SuppressionReason
from workspaces.models import Language, Member, Owned, ScopedQuerySet, validate_time_zone
from workspaces.models.people import Row_co
from workspaces.permissions import Role

MOST_WORDS = 8  # of one search
PHONE_TYPED = re.compile(r"\+?\d{5,15}")


class Consent(models.TextChoices):
    """What the person last said about marketing mail. The log says when, how and in which words."""

    UNKNOWN = "unknown", _("Not asked")
    GIVEN = "given", _("Given")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Frequency(models.TextChoices):
    """How often somebody wants to hear from us at most."""

    ALWAYS = "", _("Whenever there is something")
    WEEKLY = "weekly", _("Once a week at most")
    MONTHLY = "monthly", _("Once a month at most")


Meanings = Callable[[str], Iterable[str]]
"""What else a typed word, in small letters, may stand for: the keys of choices that are called so."""


def prefix_query(text: str, meanings: Meanings | None = None) -> str | None:
    """The tsquery for what somebody typed: each word as a beginning. None when nothing was typed, "" when no word.

    Splits as the column `search` does. A national number, with its leading zero, finds phones in E.164.
    """
    if not text.replace("\0", "").strip():
        return None
    words = re.findall(r"[^\W_]+", _joined_phone(text).lower())[:MOST_WORDS]
    return " & ".join(_either(word, meanings(word) if meanings else ()) for word in words)


def _either(word: str, keys: Iterable[str]) -> str:
    meant = [" & ".join(f"'{part}'" for part in re.findall(r"[^\W_]+", key)) for key in keys]
    return f"('{word}':* | {' | '.join(f'({each})' for each in meant)})" if meant else f"'{word}':*"


def _joined_phone(text: str) -> str:
    """A phone number without the spaces and marks in it, and without the zero of a national number."""
    digits = re.sub(r"[\s()./-]", "", text)
    return digits.removeprefix("+").lstrip("0") if PHONE_TYPED.fullmatch(digits) else text


class Found(Func):
    """Whether a contact has words as a tsquery asks. `search` is a column that PostgreSQL generates (migration 0004).

    The model does not know it, so that nobody reads or writes it by accident.
    """

    output_field = models.BooleanField()
    conditional = True

    def __init__(self, key: F, wanted: str) -> None:
        super().__init__(key)
        self.wanted = wanted

    def as_sql(self, compiler: Any, connection: Any, **_context: Any) -> tuple[str, tuple[str, ...]]:  # type: ignore[override]  # narrower
        alias = compiler.quote_name_unless_alias(cast("Col", self.source_expressions[0]).alias)
        return f'{alias}."search" @@ %s::tsquery', (self.wanted,)


class Mailbox(Func):
    """The mailbox that an address leads to where dots and what follows a plus do not count."""

    output_field = models.TextField()
    template = "(replace(split_part(split_part(%(expressions)s, '@', 1), '+', 1), '.', '') || '@' || split_part(%(expressions)s, '@', 2))"  # noqa: E501  one expression
    arity = 1


class Domain(Func):
    """What follows the @."""

    output_field = models.TextField()
    template = "split_part(%(expressions)s, '@', 2)"
    arity = 1


class FullName(Func):
    """First and last name in small letters."""

    output_field = models.TextField()
    template = "lower(%(expressions)s)"
    arg_joiner = " || ' ' || "

    def __init__(self) -> None:
        super().__init__("first_name", "last_name")


class AboutContactQuerySet(ScopedQuerySet[Row_co]):
    """Rows about a contact: who does not see the contact does not see them."""

    def seen_by(self, member: Member) -> Self:
        ours = super().seen_by(member)
        return ours.filter(contact__seller=member) if member.role == Role.SELLER else ours


class ContactQuerySet(ScopedQuerySet["Contact"]):
    """Contacts by what we may do with them."""

    def consenting(self) -> Self:
        return self.filter(consent=Consent.GIVEN)

    def reachable(self) -> Self:
        """Who gave consent and is not suppressed."""
        return self.consenting().filter(suppression="")

    def seen_by(self, member: Member) -> Self:
        """A seller sees those that he or she looks after."""
        ours = super().seen_by(member)
        return ours.filter(seller=member) if member.role == Role.SELLER else ours

    def matching(self, text: str, meanings: Meanings | None = None) -> Self:
        """Contacts who have words that begin with each of these: in name, address, city, ids, phone, attributes."""
        wanted = prefix_query(text, meanings)
        if wanted is None:
            return self
        return self.filter(Found(F("pk"), wanted)) if wanted else self.none()


class Contact(Owned):
    """One person in one workspace. `email` is as written, `address` is what makes it unique.

    `suppression` repeats what the `Suppression` table says, for lists and segments; the table decides when sending.
    `tracking` is the consent to being followed as a person (opens, clicks, visits), which is not that to mail.
    `country` is ISO 3166-1 alpha-2, `phone` is E.164. `paused_until` is the day from which on we may write again.
    What follows from behaviour stands in `ContactProfile`.
    """

    email = models.CharField(_("e-mail address"), max_length=254)
    address = models.CharField(max_length=254)
    external_id = models.CharField(_("id in your CRM"), max_length=100, blank=True)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=Language, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True, validators=[validate_time_zone])
    country = models.CharField(_("country"), max_length=2, blank=True, db_default="")
    city = models.CharField(_("city"), max_length=100, blank=True, db_default="")
    phone = models.CharField(_("phone"), max_length=20, blank=True, db_default="")
    attributes = models.JSONField(default=dict)
    tags = ArrayField(models.CharField(max_length=40), default=list, db_default=[], verbose_name=_("tags"))
    seller = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("looked after by")
    )
    consent = models.CharField(_("consent"), max_length=10, choices=Consent, default=Consent.UNKNOWN)
    consent_at = models.DateTimeField(null=True)
    tracking = models.CharField(
        _("consent to tracking"), max_length=10, choices=Consent, default=Consent.UNKNOWN, db_default=Consent.UNKNOWN
    )
    tracking_at = models.DateTimeField(null=True)
    frequency = models.CharField(_("how often"), max_length=8, choices=Frequency, blank=True, db_default="")
    paused_until = models.DateField(_("not before"), null=True)
    suppression = models.CharField(_("never write"), max_length=14, choices=SuppressionReason, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "address"], name="contact_address_once"),
            models.UniqueConstraint(
                fields=["workspace", "external_id"], condition=~Q(external_id=""), name="contact_external_id_once"
            ),
        ]
        indexes = [
            # Ascending, so that newcomers are added at the end; a list of the newest reads it backwards.
            models.Index(fields=["workspace", "created_at", "id"], name="contact_newest"),
            # Holds all that "may we write to them" asks, so that counting those who did something reads no contact.
            models.Index(fields=["workspace", "consent", "suppression", "id"], name="contact_reachable"),
            models.Index(
                fields=["workspace", "suppression", "created_at", "id"],
                condition=~Q(suppression=""),
                name="contact_suppressed",
            ),
            GinIndex(fields=["attributes"], opclasses=["jsonb_path_ops"], name="contact_attributes"),
            GinIndex(fields=["tags"], name="contact_tags"),
            models.Index(fields=["workspace", "seller"], condition=Q(seller__isnull=False), name="contact_seller"),
            models.Index(fields=["workspace", "-created_at"], condition=~Q(tags=[]), name="contact_tagged"),
            models.Index(fields=["workspace", "phone"], condition=~Q(phone=""), name="contact_same_phone"),
            models.Index(F("workspace"), Mailbox("address"), name="contact_same_mailbox"),
            models.Index(
                F("workspace"), FullName(), Domain("address"), condition=~Q(last_name=""), name="contact_same_name"
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def is_seen_by(self, member: Member) -> bool:
        """As the queryset's `seen_by` says, of one of the member's workspace."""
        return member.role != Role.SELLER or self.seller_id == member.pk


class AddressChange(Owned):
    """An address that a contact had before. Append-only.

    `merged_id` is the number of the contact that brought it and is gone since: links in old mails hold that number.
    """

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="former_addresses")
    merged_id = models.BigIntegerField(null=True)
    email = models.CharField(max_length=254)
    address = models.CharField(max_length=254)
    by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = AboutContactQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "address"], name="former_address"),
            models.Index(fields=["contact", "-at"], name="former_address_of_contact"),
            models.Index(fields=["merged_id"], condition=Q(merged_id__isnull=False), name="merged_contact"),
        ]

    def __str__(self) -> str:
        return self.email


class ContactNote(Owned):
    """What a member wrote down about a contact, for colleagues."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField(_("note"))
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = AboutContactQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["contact", "-at", "-id"], name="notes_of_contact")]

    def __str__(self) -> str:
        return self.text[:60]
