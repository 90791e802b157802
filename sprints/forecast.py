"""What the past says about what is to come: velocity with its range, and when a list of stories will be done.

The forecast draws from what past sprints delivered, with replacement, again and again (Monte Carlo); the seed is fixed,
so the same past gives the same days.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import groupby
from random import Random
from statistics import median
from typing import NamedTuple

from django.db.models import Q

from sprints.calendar import ends_ahead
from sprints.models import Sprint, SprintState, Story, StoryStatus
from strategy.models import Goal
from workspaces.models import Workspace

FEWEST_SPRINTS = 3  # fewer have no spread worth the name
MOST_SPRINTS = 8  # older ones tell of another team
RUNS = 2000
SEED = 20260522
FURTHEST = 52  # sprints; beyond that nobody plans
EARLY, LIKELY, SAFE = 0.15, 0.5, 0.85  # of all runs were done by then
RARE = 0.01  # less than one run in a hundred says nothing
MOST_CHANCES = 8


@dataclass(frozen=True, slots=True)
class VelocityRange:
    """What the last sprints delivered: the middle, and between what the middle half of them lies."""

    sprints: list[Sprint]
    median: float
    low: float
    high: float


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies, straight between neighbours. Needs at least one value.

    R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", Am. Stat. 50 (1996), definition 7.
    """
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def past_sprints(workspace: Workspace) -> list[Sprint]:
    """The last closed sprints, oldest first. One query."""
    closed = Sprint.objects.for_workspace(workspace).closed().order_by("-number")
    return list(closed[:MOST_SPRINTS])[::-1]


def velocity_range(sprints: Sequence[Sprint]) -> VelocityRange | None:
    """Median and interquartile range of what was delivered; None for fewer than three sprints."""
    if len(sprints) < FEWEST_SPRINTS:
        return None
    delivered = [float(sprint.delivered_points or 0) for sprint in sprints]
    return VelocityRange(list(sprints), median(delivered), quantile(delivered, 0.25), quantile(delivered, 0.75))


@dataclass(frozen=True, slots=True)
class Work:
    """What is left to do: points, and stories without an estimate, which count as `guess` points each."""

    stories: int
    points: int
    unestimated: int = 0
    guess: float = 0.0

    @property
    def total(self) -> float:
        return self.points + self.unestimated * self.guess


@dataclass(frozen=True, slots=True)
class Chance:
    """How sure it is, 0..1, that a list is done by the end of a sprint; `sprints` counts from now on."""

    day: date
    sprints: int
    sure: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a list is done: between `early` and `safe`, so in the share `sure` of all runs, and `likely` as not by then.

    15 of 100 runs were done by `early`, half by `likely` and 85 of 100 by `safe`. None: beyond a horizon. `chances`
    says for each sprint in question how sure it is by its end. `enough` is False while fewer than three sprints have
    ended; then there is no date.
    """

    work: Work
    past: list[Sprint] = field(default_factory=list)
    early: date | None = None
    likely: date | None = None
    safe: date | None = None
    early_sprints: int | None = None
    likely_sprints: int | None = None
    safe_sprints: int | None = None
    sure: float = 0.0
    chances: list[Chance] = field(default_factory=list)
    runs: int = RUNS

    @property
    def enough(self) -> bool:
        return len(self.past) >= FEWEST_SPRINTS


def sprints_needed(points: float, delivered: Sequence[int], *, credit: int = 0, runs: int = RUNS) -> list[int]:
    """How many sprints it takes in each of so many runs, fewest first; `FURTHEST` + 1 where it takes longer.

    `credit` is what the running sprint has delivered already: the first draw counts only beyond it.
    """
    return list(_drawn(points, tuple(delivered), credit, runs))


@lru_cache(maxsize=500)  # the same figures give the same answer, and most pages ask about them again
def _drawn(points: float, delivered: tuple[int, ...], credit: int, runs: int) -> tuple[int, ...]:
    random = Random(SEED)  # noqa: S311  a forecast that anybody can repeat, no secret
    return tuple(sorted(_one_run(points, delivered, credit, random) for _run in range(runs)))


def _one_run(points: float, delivered: Sequence[int], credit: int, random: Random) -> int:
    drawn, known = random.random, len(delivered)  # a third of what `choice` costs, and this is done 100,000 times
    points -= max(0, delivered[int(drawn() * known)] - credit)
    for count in range(1, FURTHEST):
        if points <= 0:
            return count
        points -= delivered[int(drawn() * known)]
    return FURTHEST if points <= 0 else FURTHEST + 1


def forecast(workspace: Workspace, today: date, of: Goal | Story | None = None) -> Forecast:
    """When everything ahead is done or, of a goal or a story, that and all that stands before it.

    Seven queries.
    """
    past, ahead = past_sprints(workspace), _ahead(workspace)
    work = _work(_up_to_the_last(ahead, of))
    if len(past) < FEWEST_SPRINTS or not work.stories:
        return Forecast(work, past)
    delivered = [sprint.delivered_points or 0 for sprint in past]
    needed = sprints_needed(work.total, delivered, credit=_done_in(_running(workspace)))
    early, likely, safe = (needed[min(len(needed) - 1, int(len(needed) * share))] for share in (EARLY, LIKELY, SAFE))
    ends = ends_ahead(workspace, today, min(needed[-1], FURTHEST))
    return Forecast(
        work,
        past,
        early=_end(ends, _known(early)),
        likely=_end(ends, _known(likely)),
        safe=_end(ends, _known(safe)),
        early_sprints=_known(early),
        likely_sprints=_known(likely),
        safe_sprints=_known(safe),
        sure=sum(early <= count <= safe for count in needed) / len(needed),
        chances=_chances(needed, ends),
    )


def _chances(needed: Sequence[int], ends: Sequence[date]) -> list[Chance]:
    """By the end of each sprint, from the first that is not out of the question to the first that is all but sure."""
    found: list[Chance] = []
    done = 0
    for count, runs in groupby(needed):
        done += len(list(runs))
        if done / len(needed) < RARE or count > len(ends) or len(found) == MOST_CHANCES:
            continue
        found.append(Chance(ends[count - 1], count, done / len(needed)))
        if done / len(needed) > 1 - RARE:
            break
    return found


def _running(workspace: Workspace) -> Sprint | None:
    return Sprint.objects.for_workspace(workspace).running().first()


def _done_in(running: Sprint | None) -> int:
    if running is None:
        return 0
    done = running.stories.filter(status=StoryStatus.DONE, dropped_at=None)
    return sum(points or 0 for points in done.values_list("points", flat=True))


class _Left(NamedTuple):
    """What of a story that is left to do the forecast asks about."""

    story: int
    goal: int | None
    points: int | None
    state: str | None
    begins: date | None
    sprint: int | None


def _ahead(workspace: Workspace) -> list[_Left]:
    """What is not done, in the order in which it will be: the running sprint, those planned, the backlog."""
    open_ones = Q(sprint=None) | Q(sprint__state__in=(SprintState.PLANNING, SprintState.RUNNING))
    found = Story.objects.for_workspace(workspace).filter(open_ones, dropped_at=None).exclude(status=StoryStatus.DONE)
    of_sprint = ("sprint__state", "sprint__start_date", "sprint__number")
    rows = found.order_by("rank", "pk").values_list("pk", "goal_id", "points", *of_sprint)
    return sorted((_Left(*row) for row in rows), key=_turn)


def _turn(story: _Left) -> tuple[int, date, int]:
    if story.sprint is None or story.begins is None:
        return 2, date.max, 0
    return (0, date.min, 0) if story.state == SprintState.RUNNING else (1, story.begins, story.sprint)


def _up_to_the_last(ahead: list[_Left], of: Goal | Story | None) -> list[_Left]:
    if of is None:
        return ahead
    wanted = ((story.story if isinstance(of, Story) else story.goal) == of.pk for story in ahead)
    last = max((place for place, is_wanted in enumerate(wanted) if is_wanted), default=-1)
    return ahead[: last + 1]


def _work(stories: Sequence[_Left]) -> Work:
    known = [story.points for story in stories if story.points is not None]
    return Work(len(stories), sum(known), len(stories) - len(known), float(median(known)) if known else 1.0)


def _known(count: int) -> int | None:
    return count if count <= FURTHEST else None


def _end(ends: Sequence[date], count: int | None) -> date | None:
    return ends[count - 1] if count and count <= len(ends) else None
