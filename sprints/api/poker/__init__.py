"""REST: planning poker; one module a noun."""

from rest_framework.routers import SimpleRouter

from sprints.api.poker.decks import DeckViewSet
from sprints.api.poker.sessions import PokerViewSet


def register(router: SimpleRouter) -> None:
    router.register("poker-sessions", PokerViewSet, basename="poker-session")
    router.register("poker-decks", DeckViewSet, basename="poker-deck")
