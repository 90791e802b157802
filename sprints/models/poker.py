"""Planning poker: sessions with their queue, who sits at the table, what each voted, and what was agreed."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from sprints.models.stories import Story
from workspaces.models import Member, Owned, ScopedQuerySet

LONGEST_CARD = 12
"""Letters on a card."""


class PokerMode(models.TextChoices):
    """How a team votes."""

    LIVE = "live", _("Live, one story after the other")
    WINDOW = "window", _("Each when it suits, until a deadline")


class PokerState(models.TextChoices):
    """A session's life."""

    OPEN = "open", _("Open")
    ENDED = "ended", _("Ended")


class ItemState(models.TextChoices):
    """Where a story of the queue stands."""

    WAITING = "waiting", _("Waiting")
    VOTING = "voting", _("Being voted on")
    REVEALED = "revealed", _("Cards are turned")
    AGREED = "agreed", _("Agreed")
    SKIPPED = "skipped", _("Skipped")


ITEM_MOVES: dict[str, set[str]] = {
    ItemState.WAITING: {ItemState.VOTING, ItemState.SKIPPED},
    ItemState.VOTING: {ItemState.WAITING, ItemState.REVEALED, ItemState.SKIPPED},
    ItemState.REVEALED: {ItemState.VOTING, ItemState.AGREED, ItemState.SKIPPED},
    ItemState.AGREED: {ItemState.VOTING},
    ItemState.SKIPPED: {ItemState.VOTING},
}


class PokerDeck(Owned):
    """A deck of the workspace's own. `cards` are `[label, points]` in the order in which they lie."""

    name = models.CharField(_("name"), max_length=60)
    cards = models.JSONField()
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("workspace", Lower("name"), name="poker_deck_name_once")]

    def __str__(self) -> str:
        return self.name


class PokerSessionQuerySet(ScopedQuerySet["PokerSession"]):
    """Sessions."""

    def open(self) -> Self:
        return self.filter(state=PokerState.OPEN)

    def with_people(self) -> Self:
        return self.select_related("workspace", "leader__user")


class PokerSession(Owned):
    """Some stories that a team estimates together.

    The cards are those of the decks when the session was opened: a deck that is changed later changes no vote.
    `effort_cards` and `value_cards` are `[label, points]`; null means that the dimension is not voted on.
    `link_nonce` is sealed in the link for guests; another one ends the link and what was opened through it.
    """

    name = models.CharField(_("name"), max_length=120)
    leader = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("led by"))
    mode = models.CharField(_("how to vote"), max_length=6, choices=PokerMode, default=PokerMode.LIVE)
    state = models.CharField(max_length=5, choices=PokerState, default=PokerState.OPEN)
    effort_deck = models.CharField(max_length=60, blank=True)
    effort_cards = models.JSONField(null=True)
    value_deck = models.CharField(max_length=60, blank=True)
    value_cards = models.JSONField(null=True)
    reveals_by_itself = models.BooleanField(default=True)
    current = models.ForeignKey("PokerItem", on_delete=models.SET_NULL, null=True, related_name="+")
    deadline_at = models.DateTimeField(_("vote until"), null=True, blank=True)
    window_closed_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    link_nonce = models.PositiveBigIntegerField(null=True)
    link_expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = PokerSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(effort_cards__isnull=False) | Q(value_cards__isnull=False), name="poker_votes_on_something"
            ),
            models.CheckConstraint(
                condition=Q(mode="live") | Q(deadline_at__isnull=False), name="poker_window_has_deadline"
            ),
        ]
        indexes = [
            models.Index(
                fields=["deadline_at"], condition=Q(state="open", window_closed_at=None), name="poker_window_due"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state == PokerState.OPEN

    @property
    def dimensions(self) -> list[str]:
        """What is voted on: effort, value, or both."""
        return [name for name in ("effort", "value") if getattr(self, f"{name}_cards") is not None]

    def cards_of(self, dimension: str) -> list[tuple[str, float]]:
        """Label and points of each card, in order."""
        found: Any = getattr(self, f"{dimension}_cards") or []
        return [(str(label), float(points)) for label, points in found]

    def window_is_open(self, now: datetime) -> bool:
        """Whether everybody who was asked still has time to vote."""
        return self.mode == PokerMode.WINDOW and self.deadline_at is not None and now < self.deadline_at

    def link_works(self, now: datetime) -> bool:
        return (
            self.is_open
            and self.link_nonce is not None
            and self.link_expires_at is not None
            and now < self.link_expires_at
        )


class PokerItem(Owned):
    """A story in the queue of a session. `reveal_at` is the moment at which its cards turn unless a vote changes.

    `shown` is the fingerprint of the story's words when the vote on it began.
    """

    session = models.ForeignKey(PokerSession, on_delete=models.CASCADE, related_name="items")
    story = models.ForeignKey(Story, on_delete=models.PROTECT, related_name="poker_items")
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=ItemState, default=ItemState.WAITING)
    round = models.PositiveSmallIntegerField(default=1)
    reveal_at = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)
    shown = models.CharField(max_length=64, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "story"], name="poker_story_once")]
        indexes = [models.Index(fields=["reveal_at"], condition=Q(state="voting"), name="poker_reveal_due")]

    def __str__(self) -> str:
        return self.story.title

    def may_become(self, state: ItemState) -> bool:
        return state in ITEM_MOVES[self.state]


class PokerSeatQuerySet(ScopedQuerySet["PokerSeat"]):
    """Seats."""

    def taken(self) -> Self:
        """Those of people who did not get up and did not leave the workspace: they are waited for."""
        return self.filter(Q(member=None) | Q(member__left_at=None), left_at=None)


class PokerSeat(Owned):
    """Somebody at the table: a member, or a guest who has only a name. `seen_at` is when the person last looked in."""

    session = models.ForeignKey(PokerSession, on_delete=models.CASCADE, related_name="seats")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="poker_seats")
    guest_name = models.CharField(max_length=60, blank=True)
    joined_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)

    objects = PokerSeatQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(member__isnull=False, guest_name="") | (Q(member__isnull=True) & ~Q(guest_name="")),
                name="poker_seat_is_somebodys",
            ),
            models.UniqueConstraint(fields=["session", "member"], name="poker_member_sits_once"),
            models.UniqueConstraint(
                "session", Lower("guest_name"), condition=Q(member=None, left_at=None), name="poker_guest_name_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.member) if self.member else self.guest_name


class PokerVote(Owned):
    """What somebody chose in one round, as the words on the cards; empty where nothing is chosen yet.

    `is_absent` marks the pass that was laid down for somebody who had not voted when the cards turned.
    """

    item = models.ForeignKey(PokerItem, on_delete=models.CASCADE, related_name="votes")
    seat = models.ForeignKey(PokerSeat, on_delete=models.CASCADE, related_name="votes")
    round = models.PositiveSmallIntegerField()
    effort = models.CharField(max_length=LONGEST_CARD, blank=True)
    value = models.CharField(max_length=LONGEST_CARD, blank=True)
    is_absent = models.BooleanField(default=False)
    voted_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "round", "seat"], name="poker_vote_once_a_round")]

    def __str__(self) -> str:
        return f"vote of {self.seat_id} on {self.item_id}"  # never the card: logs are read by others


class PokerResult(Owned):
    """What was agreed about a story. Spreads are in points, between the highest and the lowest vote of the last round.

    `points_before` is the estimate that it replaces.
    """

    item = models.OneToOneField(PokerItem, on_delete=models.CASCADE, related_name="result")
    story = models.ForeignKey(Story, on_delete=models.PROTECT, related_name="poker_results")
    effort = models.CharField(max_length=LONGEST_CARD, blank=True)
    effort_points = models.FloatField(null=True)
    effort_spread = models.FloatField(null=True)
    value = models.CharField(max_length=LONGEST_CARD, blank=True)
    value_points = models.FloatField(null=True)
    value_spread = models.FloatField(null=True)
    rounds = models.PositiveSmallIntegerField()
    points_before = models.PositiveSmallIntegerField(null=True)
    agreed_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "story"], name="poker_result_by_story")]

    def __str__(self) -> str:
        return f"result of {self.item_id}"
