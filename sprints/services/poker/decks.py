"""Verbs on a workspace's own decks."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from sprints.decks import BUILT_IN, Card, DeckRefused, checked_cards
from sprints.models import PokerDeck
from workspaces.audit import record
from workspaces.models import Member, Workspace

MOST_DECKS = 20


@transaction.atomic
def write_deck(
    *, workspace: Workspace, name: str, cards: Sequence[Card], by: Member, now: datetime, deck: PokerDeck | None = None
) -> PokerDeck:
    """Make a deck, or change one (`deck`). Sessions that were opened keep the cards they have. Raises `DeckRefused`."""
    name, cards = _checked_name(name), checked_cards(cards)
    if deck is None and PokerDeck.objects.for_workspace(workspace).count() >= MOST_DECKS:
        raise DeckRefused(_("A workspace has at most %(most)d decks of its own.") % {"most": MOST_DECKS})
    written = deck or PokerDeck(workspace=workspace, created_by=by, created_at=now)
    written.name, written.cards = name, [list(card) for card in cards]
    try:
        with transaction.atomic():
            written.save()
    except IntegrityError as error:
        raise _taken() from error
    record("poker.deck_written", written, by=by, now=now, cards=written.cards)
    return written


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name:
        raise DeckRefused(_("Give the deck a name."), fields={"name": [_("Empty.")]})
    if name.casefold() in {str(deck.name).casefold() for deck in BUILT_IN}:
        raise _taken()
    return name


def _taken() -> DeckRefused:
    return DeckRefused(_("There is a deck of this name already."), fields={"name": [_("Taken.")]})


@transaction.atomic
def remove_deck(*, deck: PokerDeck, by: Member, now: datetime) -> None:
    """Throw a deck away. Sessions that use it keep its cards."""
    record("poker.deck_removed", deck, by=by, now=now, cards=deck.cards)
    deck.delete()
