"""Where and when the story is told: the calendar of its sprints, the diary of what happens, what was made so far."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from audience.models import ContactList, Segment
from campaigns.models import Campaign
from sprints.models import RetroAction, Sprint, Story
from strategy.models import Goal, Kpi
from workspaces.models import Member, Workspace
from workspaces.permissions import Role

ZONE = ZoneInfo("Europe/Sofia")
FIRST_SPRINT = 10  # the earlier ones were planned on a wall
RUNNING_SPRINT = 15
SPRINT_DAYS = 14  # from Monday to Monday; the work ends on the second Friday
LATEST_START_OF_WEEK = 2  # Wednesday: from Thursday on the sprint began this week, so that it is about half over
WEEKS_OF_HISTORY = 28  # from the first day in the product to the start of the running sprint


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of the story, counted from now.

    A moment of a sprint reads "4 10:00": on its fourth working day, at ten; "-9 15:00" is on the ninth of the sprint
    before, "next 09:30" on the next working day from now.
    """

    now: datetime
    running: int = RUNNING_SPRINT

    @property
    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    @property
    def founded(self) -> date:
        return self.start_of(self.running) - timedelta(weeks=WEEKS_OF_HISTORY)

    @property
    def ends(self) -> datetime:
        """The end of the running sprint: lives are thought up until then, the same ones on each of its days."""
        return at(self.day_of(self.running, 10), "20:00")

    def start_of(self, number: int) -> date:
        """The Monday on which a sprint begins. The running one is on its fourth to eighth working day now."""
        monday = self.today - timedelta(days=self.today.weekday())
        if self.today.weekday() <= LATEST_START_OF_WEEK:
            monday -= timedelta(weeks=1)
        return monday + timedelta(days=SPRINT_DAYS) * (number - self.running)

    def day_of(self, number: int, working_day: int) -> date:
        weekend = 2 if working_day > 5 else 0
        return self.start_of(number) + timedelta(days=working_day - 1 + weekend)

    def in_sprint(self, number: int, moment: str) -> datetime:
        day, clock = moment.split()
        if day == "next":
            return at(self.next_working_day(), clock)
        return at(self.day_of(number - 1 if day.startswith("-") else number, abs(int(day))), clock)

    def after_founding(self, days: int, clock: str) -> datetime:
        return at(self.founded + timedelta(days=days), clock)

    def next_working_day(self) -> date:
        return next(day for n in range(1, 4) if (day := self.today + timedelta(days=n)).weekday() < 5)

    def last_working_moment(self, *clocks: str) -> datetime:
        """The latest of these times of day on a weekday that is at least half an hour ago."""
        past = self.now - timedelta(minutes=30)
        days = [self.today - timedelta(days=n) for n in range(4)]
        moments = [at(day, clock) for day in days if day.weekday() < 5 for clock in clocks]
        return max(moment for moment in moments if moment <= past)


def at(day: date, clock: str) -> datetime:
    """A time of day in the shop's time zone."""
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=ZONE)


Happening = Callable[[datetime], None]


class Diary:
    """What happens when. Played in the order of time; what happens may write down what follows from it."""

    def __init__(self) -> None:
        self._pages: list[tuple[datetime, int, Happening]] = []
        self._order = itertools.count()

    def on(self, moment: datetime, happening: Happening) -> None:
        heapq.heappush(self._pages, (moment, next(self._order), happening))

    def play(self, until: datetime) -> None:
        """Let everything happen that is written down up to a moment, each at its own time."""
        while self._pages and self._pages[0][0] <= until:
            moment, _order, happening = heapq.heappop(self._pages)
            happening(moment)


@dataclass(slots=True)
class Stage:
    """A workspace with the people in it, and everything made so far under short names."""

    workspace: Workspace
    calendar: Calendar
    cast: dict[str, Member]
    diary: Diary = field(default_factory=Diary)
    lists: dict[str, ContactList] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)
    kpis: dict[str, Kpi] = field(default_factory=dict)
    goals: dict[str, Goal] = field(default_factory=dict)
    sprints: dict[int, Sprint] = field(default_factory=dict)
    stories: dict[str, Story] = field(default_factory=dict)
    actions: dict[str, RetroAction] = field(default_factory=dict)
    campaigns: dict[str, Campaign] = field(default_factory=dict)

    @property
    def lead(self) -> Member:
        return self.cast["elena"]

    @property
    def owner(self) -> Member:
        return next(member for member in self.cast.values() if member.role == Role.OWNER)
