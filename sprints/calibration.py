"""Estimates and what became of them: how long stories of so many points took from production to done.

The time comes from the history of a story, so it counts also for stories that were finished before anybody looked.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sprints.models import PokerResult, Story, StoryStatus
from workspaces.charts import Chart, Series
from workspaces.models import AuditEntry, Workspace

MOST_STORIES = 200
"""The newest ones: a team estimates otherwise than a year ago."""

FEWEST = 3  # stories of a size from which on its median is compared
TWICE = 2.0  # so many times the usual is worth a word
DAY = 86_400.0  # seconds


@dataclass(frozen=True, slots=True)
class Finished:
    """A story that is done: the days it took, and what is `usual` for its points; `rounds` and `spread` of poker."""

    story: Story
    points: int
    days: float
    usual: float
    rounds: int | None
    spread: float | None

    @property
    def ratio(self) -> float:
        return self.days / self.usual if self.usual else 1.0

    @property
    def verdict(self) -> str:
        """`slow` or `quick` where it was at least twice or at most half of what is usual."""
        if self.ratio >= TWICE:
            return "slow"
        return "quick" if self.ratio <= 1 / TWICE else ""


@dataclass(frozen=True, slots=True)
class Size:
    """All stories of so many points: in days the median, the quickest and the slowest."""

    points: int
    count: int
    median: float
    quickest: float
    slowest: float

    @property
    def per_point(self) -> float | None:
        return self.median / self.points if self.points else None


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the team can learn. `unknown` stories are done without ever having been in production."""

    sizes: list[Size]
    stories: list[Finished]
    unknown: int

    @property
    def advice(self) -> list[str]:
        """Pairs of sizes that took the wrong way round, in words."""
        known = [size for size in self.sizes if size.count >= FEWEST]
        words = _("Stories of %(small)d points took longer than those of %(large)d: look at what they had in common.")
        return [
            words % {"small": small.points, "large": large.points}
            for small, large in pairwise(known)
            if small.median > large.median
        ]


def calibration(workspace: Workspace) -> Calibration:
    """The newest stories that are done and have an estimate, newest first. Three queries."""
    done = Story.objects.for_workspace(workspace).filter(status=StoryStatus.DONE, points__isnull=False)
    stories = list(done.exclude(done_at=None).order_by("-done_at", "-pk")[:MOST_STORIES])
    begun = _begun(workspace, stories)
    days = {story.pk: _days(begun[story.pk], story) for story in stories if story.pk in begun}
    timed = [story for story in stories if story.pk in days]
    sizes = _sizes(timed, days)
    usual = {size.points: size.median for size in sizes}
    played = {result.story_id: result for result in _results(workspace, timed)}
    finished = [_finished(story, days[story.pk], usual[story.points or 0], played.get(story.pk)) for story in timed]
    return Calibration(sizes, finished, len(stories) - len(timed))


def _begun(workspace: Workspace, stories: Sequence[Story]) -> dict[int, datetime]:
    """When each story first came into production."""
    moves = AuditEntry.objects.for_workspace(workspace).filter(
        target_type="story", target_id__in=[story.pk for story in stories], action="story.moved"
    )
    found: dict[int, datetime] = {}
    for pk, new, at in moves.order_by("at", "pk").values_list("target_id", "detail__new", "at"):
        if new == StoryStatus.DOING:
            found.setdefault(pk, at)
    return found


def _days(begun: datetime, story: Story) -> float:
    if story.done_at is None:
        raise ValueError("a story that is not done has no length")
    return max(0.0, (story.done_at - begun).total_seconds() / DAY)


def _results(workspace: Workspace, stories: Sequence[Story]) -> Iterable[PokerResult]:
    results = PokerResult.objects.for_workspace(workspace).filter(story__in=stories)
    return results.order_by("agreed_at", "pk")


def _finished(story: Story, days: float, usual: float, result: PokerResult | None) -> Finished:
    return Finished(
        story=story,
        points=story.points or 0,
        days=days,
        usual=usual,
        rounds=result.rounds if result else None,
        spread=result.effort_spread if result else None,
    )


def _sizes(stories: Sequence[Story], days: dict[int, float]) -> list[Size]:
    by_points: dict[int, list[float]] = defaultdict(list)
    for story in stories:
        by_points[story.points or 0].append(days[story.pk])
    return [Size(points, len(took), median(took), min(took), max(took)) for points, took in sorted(by_points.items())]


def calibration_chart(found: Calibration) -> Chart | None:
    """Days from production to done by points; None while nothing is known."""
    if not found.sizes:
        return None
    return Chart(
        label=_("Days from production to done, by points: the median and the slowest"),
        labels=[
            ngettext("%(count)d point", "%(count)d points", size.points) % {"count": size.points}
            for size in found.sizes
        ],
        series=[
            Series(_("Median"), "accent", [size.median for size in found.sizes]),
            Series(_("Slowest"), "soft", [size.slowest for size in found.sizes]),
        ],
    )
