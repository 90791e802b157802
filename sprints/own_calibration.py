"""One person's own first cards, and what the stories turned out to be. Nobody but that person is shown them."""

from collections.abc import Mapping
from dataclasses import dataclass

from sprints.calibration import FEWEST, Calibration, Size
from sprints.models import PokerVote, Story
from workspaces.models import Member


@dataclass(frozen=True, slots=True)
class OwnEstimate:
    """A story: one's card before any was turned, what the team agreed on, and the points of the stories it was like.

    `turned_out` are the points whose median length was nearest to its own.
    """

    story: Story
    mine: float
    agreed: int
    days: float
    turned_out: int

    @property
    def verdict(self) -> str:
        """`low`, `high` or `right`, compared with what it turned out to be."""
        if self.mine == self.turned_out:
            return "right"
        return "low" if self.mine < self.turned_out else "high"

    @property
    def was_nearer(self) -> bool:
        """Whether one's own card was nearer to it than what the team agreed on."""
        return abs(self.mine - self.turned_out) < abs(self.agreed - self.turned_out)


@dataclass(frozen=True, slots=True)
class OwnCalibration:
    """All of them, the newest first."""

    lines: list[OwnEstimate]

    def _count(self, verdict: str) -> int:
        return sum(line.verdict == verdict for line in self.lines)

    @property
    def low(self) -> int:
        return self._count("low")

    @property
    def high(self) -> int:
        return self._count("high")

    @property
    def right(self) -> int:
        return self._count("right")

    @property
    def nearer(self) -> int:
        """How often one should have insisted."""
        return sum(line.was_nearer for line in self.lines)


def own_calibration(member: Member, found: Calibration) -> OwnCalibration:
    """What one chose before the others were seen, for the stories of the team's calibration. One query.

    Sizes of which there are too few stories to have a usual length are compared with no one.
    """
    known = [size for size in found.sizes if size.count >= FEWEST]
    mine = _first_cards(member, [line.story for line in found.stories]) if known else {}
    return OwnCalibration(
        [
            OwnEstimate(line.story, mine[line.story.pk], line.points, line.days, _nearest(known, line.days))
            for line in found.stories
            if line.story.pk in mine
        ]
    )


def _nearest(sizes: list[Size], days: float) -> int:
    return min(sizes, key=lambda size: (abs(size.median - days), size.points)).points


def _first_cards(member: Member, stories: list[Story]) -> Mapping[int, float]:
    """The points of the member's card of the first round, by story; of several sessions the last."""
    votes = PokerVote.objects.for_workspace(member.workspace).filter(
        seat__member=member, round=1, is_absent=False, item__story__in=stories, item__revealed_at__isnull=False
    )
    found = {}
    for vote in votes.select_related("item__session").order_by("voted_at", "pk"):
        points = dict(vote.item.session.cards_of("effort")).get(vote.effort)
        if points is not None:
            found[vote.item.story_id] = points
    return found
