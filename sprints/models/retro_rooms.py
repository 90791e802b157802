"""How a team holds a retrospective: step and timer, who is there, topics, votes, and what became of earlier actions."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sprints.models.retros import ActionState, NoteKind, RetroAction
from sprints.models.sprints import Sprint
from workspaces.models import Member, Owned, ScopedQuerySet, Workspace

USUAL_VOTES = 5
MOST_VOTES = 20
MOST_PROMPTS = 5
STARS = 5
ENOUGH_ANSWERS = 3
"""Fewer answers to “worth our time?” would tell who gave which."""


class RetroPhase(models.TextChoices):
    """The steps in their usual order. None is forced: the facilitator goes to any of them."""

    LAST = "last", _("Last time")
    DATA = "data", _("Data")
    WRITE = "write", _("Write")
    GROUP = "group", _("Group")
    VOTE = "vote", _("Vote")
    DISCUSS = "discuss", _("Discuss")
    ACT = "act", _("Agree")
    CLOSE = "close", _("Close")

    @property
    def place(self) -> int:
        return list(RetroPhase).index(self)

    @property
    def hides_notes(self) -> bool:
        """Whether what somebody writes now is that person's alone for the time being."""
        return self.place <= RetroPhase.WRITE.place

    @property
    def names_authors(self) -> bool:
        return self.place >= RetroPhase.DISCUSS.place


class RetroWays(models.Model):
    """How a team does it: its own prompts (none: ours), the votes each has, and whether authors stay unknown."""

    prompts = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    votes_each = models.PositiveSmallIntegerField(_("votes each"), default=USUAL_VOTES)
    may_stack = models.BooleanField(_("several votes on one topic"), default=True)
    is_anonymous = models.BooleanField(_("never show who wrote a note"), default=False)

    class Meta:
        abstract = True


class RetroHabit(RetroWays):
    """The ways that a workspace's next retrospective begins with, and whether its report is mailed when it closes."""

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT, related_name="retro_habit")
    mails_report = models.BooleanField(_("mail the report to the owner when it closes"), default=False)

    def __str__(self) -> str:
        return f"{self.workspace}: {self.votes_each} votes"


class RetroQuerySet(ScopedQuerySet["Retro"]):
    """Retrospectives."""

    def closed(self) -> Self:
        return self.filter(closed_at__isnull=False)


class Retro(RetroWays, Owned):
    """The retrospective of a sprint: there from the first note on, begun by whoever leads it, frozen when closed.

    `ends_at` is when the time for this step is over, nothing more. `reopened_at` is when it was last opened again.
    `worth` counts the answers from one to five stars:
    nothing says who gave which.
    """

    sprint = models.OneToOneField(Sprint, on_delete=models.CASCADE, related_name="retro")
    facilitator = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    phase = models.CharField(max_length=8, choices=RetroPhase, default=RetroPhase.LAST)
    ends_at = models.DateTimeField(null=True)
    timer_minutes = models.PositiveSmallIntegerField(null=True)
    topic = models.ForeignKey("RetroGroup", on_delete=models.SET_NULL, null=True, related_name="+")
    revealed_at = models.DateTimeField(null=True)
    worth = ArrayField(models.PositiveIntegerField(), default=list)
    created_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reopened_at = models.DateTimeField(null=True)

    objects = RetroQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(votes_each__gte=1) & Q(votes_each__lte=MOST_VOTES), name="retro_votes_in_bounds"
            )
        ]

    def __str__(self) -> str:
        return f"retro of {self.sprint_id}"

    @property
    def step(self) -> RetroPhase:
        return RetroPhase(self.phase)

    @property
    def is_under_way(self) -> bool:
        return self.begun_at is not None and self.closed_at is None

    @property
    def names_authors(self) -> bool:
        return not self.is_anonymous and self.step.names_authors

    @property
    def kinds(self) -> dict[str, str]:
        """The columns: what each is stored as, and what it is called."""
        if self.prompts:
            return {f"p{number}": prompt for number, prompt in enumerate(self.prompts, start=1)}
        return {kind.value: str(kind.label) for kind in NoteKind}

    @property
    def was_closed(self) -> bool:
        """Whether it is closed, or was before it was opened again: what was shown then stays shown."""
        return self.closed_at is not None or self.reopened_at is not None

    @property
    def takes_answers(self) -> bool:
        """Whether “worth our time?” can still be answered.

        Once the counts were shown, one more would tell whose it is.
        """
        return self.closed_at is None and not (self.was_closed and sum(self.worth) >= ENOUGH_ANSWERS)

    def time_is_up(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now


class RetroPerson(Owned):
    """Somebody who takes part. `ready_in` is the step in which the person said to be ready."""

    retro = models.ForeignKey(Retro, on_delete=models.CASCADE, related_name="people")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    ready_in = models.CharField(max_length=8, choices=RetroPhase, blank=True)
    has_rated = models.BooleanField(default=False)
    joined_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["retro", "member"], name="retro_person_once")]

    def __str__(self) -> str:
        return f"{self.member_id} in {self.retro_id}"


class RetroReportMail(Owned):
    """The report as it was mailed to a business owner, and that person's own answer to “worth our time?”.

    Other than those of the team, the answer has a name: it was asked for in a mail to one person.
    """

    retro = models.ForeignKey(Retro, on_delete=models.CASCADE, related_name="report_mails")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    stars = models.PositiveSmallIntegerField(null=True)
    answered_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["retro", "member"], name="retro_report_once_a_reader"),
            models.CheckConstraint(
                condition=Q(stars=None, answered_at=None)
                | Q(stars__gte=1, stars__lte=STARS, answered_at__isnull=False),
                name="retro_report_answer_in_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"report of {self.retro_id} to {self.member_id}"


class RetroGroup(Owned):
    """A topic: notes that say the same. A note that nobody grouped is a topic by itself."""

    retro = models.ForeignKey(Retro, on_delete=models.CASCADE, related_name="groups")
    name = models.CharField(_("name"), max_length=120, blank=True)
    decision = models.CharField(_("what we take from it"), max_length=500, blank=True)
    discussed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name or f"topic {self.pk}"


class RetroVote(Owned):
    """How many votes a person gave to a topic."""

    group = models.ForeignKey(RetroGroup, on_delete=models.CASCADE, related_name="votes")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    count = models.PositiveSmallIntegerField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "member"], name="retro_vote_once"),
            models.CheckConstraint(condition=Q(count__gte=1), name="retro_vote_counts"),
        ]

    def __str__(self) -> str:
        return f"{self.count} for {self.group_id}"


class ActionCheck(Owned):
    """What a later retrospective said of something that was agreed before."""

    action = models.ForeignKey(RetroAction, on_delete=models.CASCADE, related_name="checks")
    sprint = models.ForeignKey(Sprint, on_delete=models.CASCADE, related_name="+")
    answer = models.CharField(max_length=7, choices=ActionState)
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["action", "sprint"], name="action_checked_once_a_retro")]

    def __str__(self) -> str:
        return f"{self.action_id}: {self.answer}"
