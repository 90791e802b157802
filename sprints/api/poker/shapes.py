"""What sessions of planning poker look like over REST, and what is sent to them."""

from typing import Any

from rest_framework import serializers

from sprints.models import LONGEST_CARD, SPRINT_OVER, ItemState, PokerMode, PokerSession, Story, StoryStatus
from workspaces.api import InWorkspace, MemberByEmail

ESTIMABLE = (
    Story.objects.filter(dropped_at=None).exclude(status=StoryStatus.DONE).exclude(sprint__state__in=SPRINT_OVER)
)


class PersonSerializer(serializers.Serializer[Any]):
    """Somebody at the table; `cards` are empty until they are turned, but for one's own."""

    name = serializers.CharField()
    is_me = serializers.BooleanField()
    is_leader = serializers.BooleanField()
    is_guest = serializers.SerializerMethodField()
    is_there = serializers.BooleanField()
    has_voted = serializers.BooleanField()
    was_absent = serializers.BooleanField()
    cards = serializers.ListField(child=serializers.CharField())

    def get_is_guest(self, person: Any) -> bool:
        return person.member is None


class TallySerializer(serializers.Serializer[Any]):
    """How the cards lie. `agreement` is the share on the commonest card; `median` and `spread` are in points."""

    counts = serializers.ListField(child=serializers.ListField(), help_text="Pairs of a card and its votes.")
    voters = serializers.IntegerField()
    passed = serializers.IntegerField()
    unsure = serializers.IntegerField()
    median = serializers.FloatField(allow_null=True)
    agreement = serializers.FloatField(allow_null=True)
    spread = serializers.FloatField(allow_null=True)
    lowest = serializers.ListField(child=serializers.CharField(), help_text="Who chose the lowest card.")
    highest = serializers.ListField(child=serializers.CharField(), help_text="Who chose the highest card.")
    proposed = serializers.CharField()


class DimensionSerializer(serializers.Serializer[Any]):
    """Effort or value: the cards, one's own choice, and the count once the cards are turned."""

    key = serializers.CharField()
    cards = serializers.ListField(child=serializers.ListField())
    mine = serializers.CharField()
    tally = TallySerializer(allow_null=True)


class QueueSerializer(serializers.Serializer[Any]):
    """A story of the queue; `item` names it in requests."""

    item = serializers.IntegerField()
    story = serializers.IntegerField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=ItemState.choices)
    voted = serializers.IntegerField()
    is_mine_missing = serializers.BooleanField()
    agreed = serializers.ListField(child=serializers.CharField())


class TableSerializer(serializers.Serializer[Any]):
    """A session as the member behind the key sees it."""

    id = serializers.IntegerField(source="session.pk")
    name = serializers.CharField(source="session.name")
    mode = serializers.ChoiceField(choices=PokerMode.choices, source="session.mode")
    is_open = serializers.BooleanField(source="session.is_open")
    leader = serializers.EmailField(source="session.leader.user.email")
    deadline_at = serializers.DateTimeField(source="session.deadline_at", allow_null=True)
    item = serializers.IntegerField(source="table.item", allow_null=True)
    round = serializers.IntegerField(source="table.round")
    has_changed = serializers.BooleanField(source="table.has_changed")
    reveal_at = serializers.DateTimeField(source="table.reveal_at", allow_null=True)
    people = PersonSerializer(many=True, source="table.people")
    dimensions = DimensionSerializer(many=True, source="table.dimensions")
    queue = QueueSerializer(many=True, source="table.queue")


class SessionSerializer(serializers.ModelSerializer[PokerSession]):
    """A session in a list."""

    leader = serializers.EmailField(source="leader.user.email")
    is_open = serializers.BooleanField()

    class Meta:
        model = PokerSession
        fields = ("id", "name", "mode", "is_open", "leader", "deadline_at", "created_at", "ended_at")


class SessionWriteSerializer(serializers.Serializer[Any]):
    """A session to open."""

    name = serializers.CharField(max_length=120)
    stories: Any = InWorkspace(queryset=ESTIMABLE, many=True)
    team: Any = MemberByEmail(many=True, required=False, default=list, help_text="Who votes, besides you.")
    mode = serializers.ChoiceField(choices=PokerMode.choices, default=PokerMode.LIVE)
    deadline_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    effort_deck = serializers.CharField(default="fibonacci", allow_blank=True, help_text="Empty: no vote on effort.")
    value_deck = serializers.CharField(default="", allow_blank=True, help_text="Empty: no vote on value.")
    reveals_by_itself = serializers.BooleanField(default=True)


class StoriesSerializer(serializers.Serializer[Any]):
    """More stories."""

    stories: Any = InWorkspace(queryset=ESTIMABLE, many=True)


class ItemSerializer(serializers.Serializer[Any]):
    """A story of the queue, by its `item`."""

    item = serializers.IntegerField()


class CardsSerializer(ItemSerializer):
    """Cards for a story, as their labels; `?` and `pass` are in every deck. What is left out stays."""

    effort = serializers.CharField(required=False, max_length=LONGEST_CARD)
    value = serializers.CharField(required=False, max_length=LONGEST_CARD)


class LeaderSerializer(serializers.Serializer[Any]):
    """Who leads from now on."""

    leader: Any = MemberByEmail(help_text="E-mail address of a member.")


class DeadlineSerializer(serializers.Serializer[Any]):
    """A new deadline."""

    deadline_at = serializers.DateTimeField()


class GuestLinkSerializer(serializers.Serializer[Any]):
    """The link for guests."""

    token = serializers.CharField(help_text="Stands in `/poker/{token}/`.")
    expires_at = serializers.DateTimeField()
