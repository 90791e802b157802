"""REST: planning poker. What a key sees of a session is what its member would see at the table."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from emailops.lib.clock import server_now
from sprints.decks import Card, DeckRefused, checked_cards, decks_of, find_deck
from sprints.models import (
    LONGEST_CARD,
    SPRINT_OVER,
    ItemState,
    PokerDeck,
    PokerItem,
    PokerMode,
    PokerSeat,
    PokerSession,
    Story,
    StoryStatus,
)
from sprints.poker_table import Table, table_of
from sprints.services.poker import decks, guests, rounds, seats, sessions, votes
from sprints.services.poker.sessions import Rules
from sprints.services.poker.table import PokerRefused
from workspaces.api import InWorkspace, MemberByEmail, ScopedViewSet
from workspaces.models import Member
from workspaces.permissions import Can

ESTIMABLE = (
    Story.objects.filter(dropped_at=None).exclude(status=StoryStatus.DONE).exclude(sprint__state__in=SPRINT_OVER)
)


class DeckSerializer(serializers.ModelSerializer[PokerDeck]):
    """A deck of the workspace's own. `key` chooses it for a session."""

    key = serializers.SerializerMethodField(help_text="Chooses the deck for a session.")
    cards = serializers.ListField(
        child=serializers.ListField(min_length=2, max_length=2), help_text="Pairs of a label and its points, rising."
    )

    class Meta:
        model = PokerDeck
        fields = ("id", "key", "name", "cards", "created_at")

    def get_key(self, deck: PokerDeck) -> str:
        return f"own-{deck.pk}"


class DeckWriteSerializer(serializers.Serializer[Any]):
    """A deck as it is sent."""

    name = serializers.CharField(max_length=60)
    cards = serializers.ListField(
        child=serializers.ListField(min_length=2, max_length=2), help_text="Pairs of a label and its points, rising."
    )

    def validate_cards(self, cards: list[list[Any]]) -> list[Card]:
        try:
            return checked_cards([(str(label).strip(), float(points)) for label, points in cards])
        except (DeckRefused, TypeError, ValueError) as refusal:
            raise serializers.ValidationError(str(refusal)) from refusal


class UsableDeckSerializer(serializers.Serializer[Any]):
    """A deck that a session can be opened with."""

    key = serializers.CharField()
    name = serializers.CharField()
    cards = serializers.ListField(child=serializers.ListField())


class DeckViewSet(ScopedViewSet[PokerDeck], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Decks of the workspace's own; `usable` adds those that are always there."""

    queryset = PokerDeck.objects.select_related("workspace")
    serializer_class = DeckSerializer
    can: ClassVar = {
        "list": Can.SEE_SPRINTS,
        "retrieve": Can.SEE_SPRINTS,
        "usable": Can.SEE_SPRINTS,
        "create": Can.MANAGE_WORKSPACE,
        "update": Can.MANAGE_WORKSPACE,
        "destroy": Can.MANAGE_WORKSPACE,
    }

    @extend_schema(request=DeckWriteSerializer, responses={201: DeckSerializer})
    def create(self, request: Request) -> Response:
        """Make a deck."""
        return self.shown(self._written(None), status=201)

    @extend_schema(request=DeckWriteSerializer, responses={200: DeckSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change a deck; sessions that were opened keep their cards."""
        return self.shown(self._written(self.get_object()))

    def _written(self, deck: PokerDeck | None) -> PokerDeck:
        data = self.checked(DeckWriteSerializer)
        return decks.write_deck(workspace=self.workspace, deck=deck, by=self.member, now=self.now, **data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Throw a deck away."""
        decks.remove_deck(deck=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(responses={200: UsableDeckSerializer(many=True)})
    @action(detail=False, methods=["get"], pagination_class=None)
    def usable(self, request: Request) -> Response:
        """All decks that a session can be opened with."""
        return Response(UsableDeckSerializer(decks_of(self.workspace), many=True).data)


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


SEE, PLAY = Can.SEE_SPRINTS, Can.EDIT_STORIES
PLAYED = (
    "create", "sit", "leave", "vote", "withdraw", "put_on_table", "reveal", "again", "agree", "skip", "stories",
    "hand_over", "deadline", "link", "end",
)  # fmt: skip


class PokerViewSet(ScopedViewSet[PokerSession], mixins.ListModelMixin):
    """Sessions of planning poker. Every move answers the table as it stands then."""

    queryset = PokerSession.objects.with_people()
    serializer_class = SessionSerializer
    can: ClassVar = {"list": SEE, "retrieve": SEE, **dict.fromkeys(PLAYED, PLAY)}

    def _table(self, session: PokerSession, *, status: int = 200) -> Response:
        session = self.get_queryset().get(pk=session.pk)
        table: Table = table_of(session, self._seat(session), server_now())
        return Response(TableSerializer({"session": session, "table": table}).data, status=status)

    def _seat(self, session: PokerSession) -> PokerSeat | None:
        return session.seats.select_related("member__user").filter(member=self.member, left_at=None).first()

    def _sitting(self, session: PokerSession) -> PokerSeat:
        seat = self._seat(session)
        if seat is None:
            raise PokerRefused(_("Take a seat first: only those at the table vote."))
        return seat

    def _move(self, verb: Callable[..., Any], **more: Any) -> Response:
        """Something the leader does with a story of the queue."""
        session, item = self._named(ItemSerializer)
        verb(item=item, by=self.member, now=server_now(), **more)
        return self._table(session)

    def _named(self, serializer: type[ItemSerializer]) -> tuple[PokerSession, PokerItem]:
        session = self.get_object()
        pk = self.checked(serializer)["item"]
        return session, get_object_or_404(PokerItem.objects.for_workspace(self.workspace), pk=pk, session=session)

    @extend_schema(request=SessionWriteSerializer, responses={201: TableSerializer})
    def create(self, request: Request) -> Response:
        """Open a session that you lead."""
        data = self.checked(SessionWriteSerializer)
        chosen = [find_deck(self.workspace, data[key]) if data[key] else None for key in ("effort_deck", "value_deck")]
        rules = Rules(
            effort=chosen[0],
            value=chosen[1],
            mode=PokerMode(data["mode"]),
            deadline_at=data["deadline_at"],
            reveals_by_itself=data["reveals_by_itself"],
        )
        session = sessions.open_session(
            workspace=self.workspace,
            name=data["name"],
            rules=rules,
            stories=data["stories"],
            team=data["team"],
            by=self.member,
            now=server_now(),
        )
        return self._table(session, status=201)

    @extend_schema(responses={200: TableSerializer})
    def retrieve(self, request: Request, pk: str) -> Response:
        """The table as you see it."""
        return self._table(self.get_object())

    @extend_schema(request=None, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def sit(self, request: Request, pk: str) -> Response:
        """Take a seat."""
        session = self.get_object()
        seats.take_seat(session=session, member=self.member, now=server_now())
        return self._table(session)

    @extend_schema(request=None, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: str) -> Response:
        """Get up. Repeating changes nothing."""
        session = self.get_object()
        if seat := self._seat(session):
            seats.leave_table(seat=seat, now=server_now())
        return self._table(session)

    @extend_schema(request=CardsSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def vote(self, request: Request, pk: str) -> Response:
        """Lay cards."""
        session, item = self._named(CardsSerializer)
        votes.cast_vote(item=item, seat=self._sitting(session), cards=self._cards(), now=server_now())
        return self._table(session)

    def _cards(self) -> dict[str, str]:
        data = self.checked(CardsSerializer)
        return {name: data[name] for name in ("effort", "value") if name in data}

    @extend_schema(request=ItemSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take the cards back."""
        session, item = self._named(ItemSerializer)
        votes.withdraw_vote(item=item, seat=self._sitting(session), now=server_now())
        return self._table(session)

    @extend_schema(request=ItemSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"], url_path="put-on-table")
    def put_on_table(self, request: Request, pk: str) -> Response:
        """Have the team vote on a story."""
        return self._move(rounds.put_on_table)

    @extend_schema(request=ItemSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def reveal(self, request: Request, pk: str) -> Response:
        """Turn the cards at once."""
        return self._move(rounds.reveal_now)

    @extend_schema(request=ItemSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def again(self, request: Request, pk: str) -> Response:
        """Another round."""
        return self._move(rounds.vote_again)

    @extend_schema(request=CardsSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def agree(self, request: Request, pk: str) -> Response:
        """Write down what was agreed on; effort becomes the story's points."""
        return self._move(rounds.agree, cards=self._cards())

    @extend_schema(request=ItemSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def skip(self, request: Request, pk: str) -> Response:
        """Leave a story without an estimate."""
        return self._move(rounds.pass_over)

    @extend_schema(request=StoriesSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def stories(self, request: Request, pk: str) -> Response:
        """Put more stories into the queue."""
        session = self.get_object()
        more = self.checked(StoriesSerializer)["stories"]
        sessions.add_stories(session=session, stories=more, by=self.member, now=self.now)
        return self._table(session)

    @extend_schema(request=LeaderSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: Request, pk: str) -> Response:
        """Let somebody else lead."""
        session = self.get_object()
        to: Member = self.checked(LeaderSerializer)["leader"]
        sessions.hand_over(session=session, to=to, by=self.member, now=self.now)
        return self._table(session)

    @extend_schema(request=DeadlineSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def deadline(self, request: Request, pk: str) -> Response:
        """Move the deadline."""
        session, until = self.get_object(), self.checked(DeadlineSerializer)["deadline_at"]
        sessions.move_deadline(session=session, deadline_at=until, by=self.member, now=server_now())
        return self._table(session)

    @extend_schema(methods=["post"], request=None, responses={201: GuestLinkSerializer})
    @extend_schema(methods=["delete"], request=None, responses={204: None})
    @action(detail=True, methods=["post", "delete"])
    def link(self, request: Request, pk: str) -> Response:
        """Make a link for guests, which ends the one before; DELETE withdraws it."""
        session, now = self.get_object(), server_now()
        if request.method == "DELETE":
            guests.withdraw_link(session=session, by=self.member, now=now)
            return Response(status=204)
        session = guests.open_link(session=session, by=self.member, now=now)
        made = {"token": guests.guest_token(session), "expires_at": session.link_expires_at}
        return Response(GuestLinkSerializer(made).data, status=201)

    @extend_schema(request=None, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """Close the table."""
        session = self.get_object()
        sessions.end_session(session=session, by=self.member, now=self.now)
        return self._table(session)


def register(router: SimpleRouter) -> None:
    router.register("poker-sessions", PokerViewSet, basename="poker-session")
    router.register("poker-decks", DeckViewSet, basename="poker-deck")
