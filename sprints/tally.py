"""What the turned cards of a vote say: how they lie, the middle, how far the team agrees, and who speaks first."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from sprints.decks import PASS, UNSURE, Card


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes of one dimension. `median` and `spread` are in points; `agreement` is the share on the commonest card.

    `lowest` and `highest` are those who chose the outermost cards, by name; empty when all chose the same one.
    `proposed` is the card nearest to the median, the higher of two that are as near.
    """

    counts: tuple[tuple[str, int], ...]
    voters: int
    passed: int
    unsure: int
    median: float | None
    agreement: float | None
    spread: float | None
    low_card: str
    high_card: str
    lowest: tuple[str, ...]
    highest: tuple[str, ...]
    proposed: str

    @property
    def is_unanimous(self) -> bool:
        return self.agreement == 1.0

    @property
    def most(self) -> int:
        return max((count for _label, count in self.counts), default=0)


def tally(votes: Iterable[tuple[str, str]], cards: Sequence[Card]) -> Tally:
    """`votes` are pairs of a name and a card; cards that are in no deck count as no vote."""
    votes, points = list(votes), dict(cards)
    voted = [(name, card) for name, card in votes if card in points]
    chosen = Counter(card for _name, card in voted)
    figures = sorted(points[card] for _name, card in voted)
    low, high = (_card_of(figures[0], cards), _card_of(figures[-1], cards)) if figures else ("", "")
    differ = low != high
    middle = median(figures) if figures else None
    return Tally(
        counts=tuple((label, chosen[label]) for label, _points in cards),
        voters=len(voted),
        passed=sum(card == PASS for _name, card in votes),
        unsure=sum(card == UNSURE for _name, card in votes),
        median=middle,
        agreement=max(chosen.values()) / len(voted) if voted else None,
        spread=figures[-1] - figures[0] if figures else None,
        low_card=low,
        high_card=high,
        lowest=tuple(name for name, card in voted if differ and card == low),
        highest=tuple(name for name, card in voted if differ and card == high),
        proposed=nearest(middle, cards) if middle is not None else "",
    )


def _card_of(points: float, cards: Sequence[Card]) -> str:
    return next(label for label, worth in cards if worth == points)


def nearest(points: float, cards: Sequence[Card]) -> str:
    """The card nearest to some points; of two that are as near the higher one, because work is seldom less."""
    return min(cards, key=lambda card: (abs(card[1] - points), -card[1]))[0]
