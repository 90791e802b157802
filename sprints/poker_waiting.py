"""How many poker sessions wait for a member's vote: the number in the menu."""

from django.db.models import Exists, OuterRef

from sprints.models import ItemState, PokerItem, PokerSession, PokerVote
from workspaces.models import Member


def poker_count(member: Member) -> int:
    """Open sessions in which this member sits and owes a vote. One query."""
    seats = PokerSession.objects.for_workspace(member.workspace).open()
    mine = seats.filter(seats__member=member, seats__left_at=None)
    voted = PokerVote.objects.filter(item=OuterRef("pk"), round=OuterRef("round"), seat__member=member)
    owed = PokerItem.objects.filter(session=OuterRef("pk"), state=ItemState.VOTING)
    return mine.filter(Exists(owed.exclude(Exists(voted)))).count()
