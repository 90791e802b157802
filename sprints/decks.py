"""Decks of planning poker: the usual ones, and how a workspace writes its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from emailops.lib.errors import DomainError
from sprints.models import LONGEST_CARD, PokerDeck
from workspaces.models import Workspace

UNSURE = "?"
PASS = "pass"  # noqa: S105  a card, shown as a cup of coffee
SPECIAL = (UNSURE, PASS)
"""Cards that belong to every deck and count as no points."""

FEWEST_CARDS, MOST_CARDS = 2, 16
HIGHEST_CARD = 100
Card = tuple[str, float]


class DeckRefused(DomainError):
    """The deck cannot be written or used as asked."""

    code = "deck_refused"


@dataclass(frozen=True, slots=True)
class Deck:
    """Cards in the order in which they lie, each a label with its points. `key` chooses it in forms and by API."""

    key: str
    name: "str | Promise"
    cards: Sequence[Card]

    @property
    def labels(self) -> str:
        return ", ".join(label for label, _points in self.cards)


def _numbers(*points: int) -> list[Card]:
    return [(str(number), float(number)) for number in points]


BUILT_IN = (
    Deck("fibonacci", gettext_lazy("Fibonacci"), _numbers(0, 1, 2, 3, 5, 8, 13, 21)),
    Deck(
        "modified",
        gettext_lazy("Modified Fibonacci"),
        [("0", 0.0), ("½", 0.5), *_numbers(1, 2, 3, 5, 8, 13, 20, 40, 100)],
    ),
    Deck(
        "shirts",
        gettext_lazy("T-shirt sizes"),
        [("XS", 1.0), ("S", 2.0), ("M", 3.0), ("L", 5.0), ("XL", 8.0), ("XXL", 13.0)],
    ),
    Deck("powers", gettext_lazy("Powers of two"), _numbers(0, 1, 2, 4, 8, 16, 32, 64)),
)


def decks_of(workspace: Workspace) -> list[Deck]:
    """The usual decks, then the workspace's own by name. One query."""
    own = PokerDeck.objects.for_workspace(workspace).order_by("name", "pk")
    return [*BUILT_IN, *(Deck(f"own-{deck.pk}", deck.name, as_cards(deck.cards)) for deck in own)]


def find_deck(workspace: Workspace, key: str) -> Deck:
    """Raises `DeckRefused` for a deck that this workspace does not have."""
    for deck in decks_of(workspace):
        if deck.key == key:
            return deck
    raise DeckRefused(_("This deck does not exist any more. Choose another one."))


def as_cards(stored: Sequence[Sequence[str | float]]) -> list[Card]:
    return [(str(label), float(points)) for label, points in stored]


def whole_points(points: float) -> int:
    """A story's points are whole: half a point is a point, because nobody plans half of one."""
    return ceil(points)


def read_cards(text: str) -> list[Card]:
    """Cards as people write them, one a line: `XL = 8`, or `8` alone. Raises `DeckRefused` and says which line."""
    cards = [_card(line.strip()) for line in text.splitlines() if line.strip()]
    return checked_cards(cards)


def _card(line: str) -> Card:
    label, equals, points = (part.strip() for part in line.partition("="))
    try:
        return label, float((points if equals else label).replace(",", "."))
    except ValueError:
        raise _refused(_("“%(line)s” has no points. Write it as in: XL = 8") % {"line": line}) from None


def checked_cards(cards: Sequence[Card]) -> list[Card]:
    """The cards, if they make a deck: 2 to 16, short and different words, points that rise from 0 to at most 100."""
    if not FEWEST_CARDS <= len(cards) <= MOST_CARDS:
        raise _refused(_("A deck has %(fewest)d to %(most)d cards.") % {"fewest": FEWEST_CARDS, "most": MOST_CARDS})
    for label, points in cards:
        _require_card(label, points)
    if len({label.casefold() for label, _points in cards}) < len(cards):
        raise _refused(_("Two cards say the same."))
    values = [points for _label, points in cards]
    if values != sorted(set(values)):
        raise _refused(_("The points must rise from card to card, so that the nearest one can be found."))
    return list(cards)


def _require_card(label: str, points: float) -> None:
    if not label or len(label) > LONGEST_CARD:
        raise _refused(_("A card says 1 to %(most)d letters.") % {"most": LONGEST_CARD})
    if label.casefold() in SPECIAL:
        raise _refused(_("The cards “?” and pass belong to every deck; leave them out."))
    if not (0 <= points <= HIGHEST_CARD) or points * 2 % 1:
        raise _refused(
            _("“%(card)s”: points are 0 to %(most)d, in halves at most.") % {"card": label, "most": HIGHEST_CARD}
        )


def _refused(words: str) -> DeckRefused:
    return DeckRefused(words, fields={"cards": [words]})
