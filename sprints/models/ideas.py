"""Raw ideas before they are stories, and the links by which they come in."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audience.models import Contact
from sprints.models.sprints import Sprint
from sprints.models.stories import Story
from workspaces.models import Member, Owned, ScopedQuerySet

LONGEST_IDEA = 4000


class IntakeLink(Owned):
    """A page on which anybody who has its address can leave an idea, until it is switched off.

    `nonce` is sealed in the address, so the next link of the same place is another one.
    """

    label = models.CharField(_("for whom"), max_length=80)
    welcome = models.CharField(_("what the page says"), max_length=300, blank=True)
    nonce = models.PositiveBigIntegerField()
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.label


class IdeaSource(models.TextChoices):
    """How an idea came in."""

    TEAM = "team", _("The team")
    LINK = "link", _("The idea page")
    API = "api", _("A program")
    ANSWER = "answer", _("A reader’s answer")
    RETRO = "retro", _("A retrospective")


class IdeaState(models.TextChoices):
    """What became of an idea."""

    NEW = "new", _("New")
    SNOOZED = "snoozed", _("Snoozed")
    ACCEPTED = "accepted", _("Became a story")
    MERGED = "merged", _("Added to a story")
    DECLINED = "declined", _("Declined")


OPEN_IDEAS = (IdeaState.NEW, IdeaState.SNOOZED)


class IdeaQuerySet(ScopedQuerySet["Idea"]):
    """Ideas."""

    def waiting(self, today: date) -> Self:
        """Those to look at now: new ones, and snoozed ones whose day has come."""
        return self.filter(Q(state=IdeaState.NEW) | Q(state=IdeaState.SNOOZED, snoozed_until__lte=today))

    def asleep(self, today: date) -> Self:
        return self.filter(state=IdeaState.SNOOZED, snoozed_until__gt=today)

    def decided(self) -> Self:
        return self.exclude(state__in=OPEN_IDEAS)


class Idea(Owned):
    """Something that somebody thinks the team should do. `reference` is the sender’s own name for it, used once."""

    title = models.CharField(_("in one line"), max_length=160)
    text = models.TextField(_("more about it"), blank=True, max_length=LONGEST_IDEA)
    sender_name = models.CharField(_("name"), max_length=120, blank=True)
    sender_email = models.EmailField(_("e-mail address"), blank=True)
    language = models.CharField(max_length=10, blank=True)
    source = models.CharField(max_length=8, choices=IdeaSource)
    link = models.ForeignKey(IntakeLink, on_delete=models.PROTECT, null=True, related_name="ideas")
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    sprint = models.ForeignKey(Sprint, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    sent_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    reference = models.CharField(max_length=120, blank=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=IdeaState, default=IdeaState.NEW)
    snoozed_until = models.DateField(null=True, blank=True)
    story = models.ForeignKey(Story, on_delete=models.PROTECT, null=True, related_name="ideas")
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    decided_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    objects = IdeaQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "state", "received_at"], name="idea_inbox")]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "reference"], condition=~Q(reference=""), name="idea_told_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="snoozed") | Q(snoozed_until__isnull=False), name="snoozed_idea_has_a_day"
            ),
        ]

    def __str__(self) -> str:
        return self.title
