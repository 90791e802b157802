"""What the menu counts beside its entries, and the things that are counted."""

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from sprints.models import (
    ApprovalRequest,
    ApprovalRequestQuerySet,
    Idea,
    IdeaQuerySet,
    ItemState,
    PokerItem,
    PokerSession,
    PokerVote,
    Story,
    StoryQuerySet,
)
from workspaces.models import Member


def in_backlog(member: Member) -> StoryQuerySet:
    return Story.objects.for_workspace(member.workspace).in_backlog()


def ideas_waiting(member: Member) -> IdeaQuerySet:
    today = timezone.now().astimezone(member.workspace.zone).date()
    return Idea.objects.for_workspace(member.workspace).waiting(today)


def approvals_waiting(member: Member) -> ApprovalRequestQuerySet:
    return ApprovalRequest.objects.for_workspace(member.workspace).open()


def poker_waiting(member: Member) -> "QuerySet[PokerSession]":
    """Open sessions in which this member sits and owes a vote."""
    seats = PokerSession.objects.for_workspace(member.workspace).open()
    mine = seats.filter(seats__member=member, seats__left_at=None)
    voted = PokerVote.objects.filter(item=OuterRef("pk"), round=OuterRef("round"), seat__member=member)
    owed = PokerItem.objects.filter(session=OuterRef("pk"), state=ItemState.VOTING)
    return mine.filter(Exists(owed.exclude(Exists(voted))))
