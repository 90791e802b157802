"""How stories flow: how many stand in which column at the end of each day, and how long one takes to be done."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from sprints.forecast import quantile
from sprints.models import ScopeChange, ScopeEntry, StatusChange, Story, StoryStatus
from sprints.owner_waiting import Wait, time_waited, waits_of
from workspaces.models import Workspace

DAY = timedelta(days=1)
PERCENTILES = (0.5, 0.85, 0.95)
TAKEN = {ScopeChange.COMMITTED, ScopeChange.ADDED}

Moment = tuple[datetime, str]
"""When, and the column from then on; an empty one is out of the flow."""


@dataclass(frozen=True, slots=True)
class FlowDay:
    """How many stories stand in each column at the end of a day."""

    day: date
    counts: Mapping[str, int]


def cumulative_flow(stories: Iterable[Story], days: Sequence[date], zone: ZoneInfo) -> list[FlowDay]:
    """The columns at the end of each of the days, oldest first, for stories taken into a sprint; two queries.

    A story comes in when it is committed or added, and leaves when it is taken out or dropped unless it is done. The
    figures of a day follow from what happened up to its end.
    """
    ends = [datetime.combine(day + DAY, datetime.min.time(), zone).timestamp() for day in days]
    more: list[dict[str, int]] = [defaultdict(int) for _day in days]
    for moments in _histories(list(stories)):
        for column, first, after in _stays(moments, ends):
            more[first][column] += 1
            if after < len(days):
                more[after][column] -= 1
    counts: dict[str, int] = defaultdict(int)
    found = []
    for day, changes in zip(days, more, strict=True):
        for column, change in changes.items():
            counts[column] += change
        found.append(FlowDay(day, {column: count for column, count in counts.items() if count}))
    return found


def _histories(stories: list[Story]) -> list[list[Moment]]:
    """Each story's moments, oldest first."""
    scope, moves = _scope_of(stories), _moves_of(stories)
    return [_moments(story, scope[story.pk], moves[story.pk]) for story in stories]


def _stays(moments: list[Moment], ends: Sequence[float]) -> Iterator[tuple[str, int, int]]:
    """Each column a story stood in at the end of a day: the place of its first such day, and of the first without."""
    places = [bisect_right(ends, at.timestamp()) for at, _column in moments]
    for (_at, column), first, after in zip(moments, places, [*places[1:], len(ends)], strict=True):
        if column and first < after:
            yield column, first, after


def _moments(story: Story, scope: list[Moment], moves: list[tuple[datetime, str, str]]) -> list[Moment]:
    """The column after each thing that happened to a story, from when it was first taken in."""
    column = moves[0][1] if moves else story.status
    is_in, found = False, []
    events = [(at, "scope", change) for at, change in scope] + [(at, "column", new) for at, _old, new in moves]
    if story.dropped_at is not None and story.status != StoryStatus.DONE:
        events.append((story.dropped_at, "scope", ScopeChange.REMOVED))
    for at, kind, what in sorted(events, key=lambda event: event[0]):
        if kind == "scope":
            is_in = what in TAKEN
        else:
            column = what
        found.append((at, column if is_in else ""))
    return found


def _scope_of(stories: Sequence[Story]) -> dict[int, list[Moment]]:
    changes = (*TAKEN, ScopeChange.REMOVED)
    rows = ScopeEntry.objects.filter(story__in=stories, change__in=changes).order_by("at", "pk")
    found: dict[int, list[Moment]] = defaultdict(list)
    for story, at, change in rows.values_list("story_id", "at", "change"):
        found[story].append((at, change))
    return found


def _moves_of(stories: Sequence[Story]) -> dict[int, list[tuple[datetime, str, str]]]:
    rows = StatusChange.objects.filter(story__in=stories).order_by("at", "pk")
    found: dict[int, list[tuple[datetime, str, str]]] = defaultdict(list)
    for story, at, old, new in rows.values_list("story_id", "at", "old", "new"):
        found[story].append((at, old, new))
    return found


def flowing(workspace: Workspace, since: datetime) -> list[Story]:
    """The stories that were not done or dropped before a moment and were ever in a sprint. One query."""
    alive = (Q(done_at=None) | Q(done_at__gte=since)) & (Q(dropped_at=None) | Q(dropped_at__gte=since))
    taken = ScopeEntry.objects.for_workspace(workspace).values("story")
    return list(Story.objects.for_workspace(workspace).filter(alive, pk__in=taken).order_by("pk"))


@dataclass(frozen=True, slots=True)
class CycleTime:
    """How long a story took from when it was first begun until it was done, in days; `waited` of them for the owner."""

    story: Story
    day: date
    days: float
    waited: float


@dataclass(frozen=True, slots=True)
class CycleTimes:
    """Those of some stories, oldest first, with the days within which half, 85 and 95 of 100 were done."""

    stories: list[CycleTime]

    @property
    def percentiles(self) -> list[tuple[int, float]]:
        """Share in percent and days; empty without a story."""
        days = [each.days for each in self.stories]
        return [(round(share * 100), quantile(days, share)) for share in PERCENTILES] if days else []

    @property
    def waited(self) -> float:
        """Days that the owner let them wait, taken together."""
        return sum(each.waited for each in self.stories)


def cycle_times(stories: Iterable[Story], zone: ZoneInfo) -> CycleTimes:
    """Cycle times of those of the stories that are done and whose beginning was written down. Two queries."""
    done = {story: story.done_at for story in stories if story.status == StoryStatus.DONE and story.done_at}
    begun = {pk: moves[0][0] for pk, moves in _moves_of(list(done)).items()}
    waits = waits_of(list(done), max(done.values())) if done else {}
    found = [_cycle(story, begun[story.pk], waits[story.pk], zone) for story in done if story.pk in begun]
    return CycleTimes(sorted(found, key=lambda each: (each.day, each.story.pk)))


def _cycle(story: Story, begun: datetime, waits: Sequence[Wait], zone: ZoneInfo) -> CycleTime:
    ended = story.done_at or begun
    waited = time_waited(waits, begun, ended)
    return CycleTime(story, ended.astimezone(zone).date(), (ended - begun) / DAY, waited / DAY)
