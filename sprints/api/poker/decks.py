"""REST: decks of cards for planning poker."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from sprints.decks import Card, DeckRefused, checked_cards, decks_of
from sprints.models import PokerDeck
from sprints.services.poker import decks
from workspaces.api import ScopedViewSet
from workspaces.permissions import Can


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
