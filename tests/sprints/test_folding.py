"""Burndown and burnup fold the scope log: what comes later never changes an earlier day."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from sprints.charts import burndown, burnup
from sprints.folding import folded
from sprints.models import ScopeChange, StoryStatus
from sprints.pace import days_from
from sprints.services.sprints import start_sprint
from sprints.services.stories import move_story, plan_story, rewrite_story
from tests.factories.sprints import SprintFactory, StoryFactory
from workspaces.models import Member, Workspace

MONDAY = date(2026, 5, 18)
SOFIA = ZoneInfo("Europe/Sofia")
DAYS = days_from(MONDAY, MONDAY + timedelta(days=11))


@dataclass(frozen=True)
class Entry:
    """A line of a scope log that was never written."""

    change: str
    points: int
    at: datetime


def on(day: int, hour: int) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=day), time(hour), SOFIA)


LATER = st.builds(
    Entry,
    change=st.sampled_from([change for change in ScopeChange if change != ScopeChange.COMMITTED]),
    points=st.integers(-20, 20),
    at=st.builds(on, st.integers(0, 11), st.integers(0, 23)),
)
COMMITTED = st.builds(Entry, st.just(ScopeChange.COMMITTED), st.integers(0, 20), st.just(on(0, 9)))


@given(log=st.lists(COMMITTED | LATER), more=st.lists(LATER), day=st.integers(0, 11))
def test_whatever_happens_later_leaves_the_days_before_as_they_were(
    log: list[Entry], more: list[Entry], day: int
) -> None:
    later = [entry for entry in more if entry.at.date() > DAYS[day]]

    before, after = folded(log, DAYS, SOFIA), folded([*log, *later], DAYS, SOFIA)

    assert after[: day + 1] == before[: day + 1]


@given(log=st.lists(COMMITTED | LATER))
def test_at_the_end_everything_is_counted_once_whatever_the_order(log: list[Entry]) -> None:
    last = folded(log, DAYS, SOFIA)[-1]

    done = sum(entry.points for entry in log if entry.change in {ScopeChange.DONE, ScopeChange.REOPENED})
    assert last.done == done
    assert last.scope == sum(entry.points for entry in log) - done
    assert folded(log[::-1], DAYS, SOFIA)[-1] == last


def test_added_scope_is_a_line_of_its_own(workspace: Workspace, lead: Member) -> None:
    sprint = SprintFactory.create(workspace=workspace, start_date=MONDAY, end_date=DAYS[-1])
    first = StoryFactory.create(workspace=workspace, sprint=sprint, points=5)
    start_sprint(sprint=sprint, by=lead, now=on(0, 10))
    late = StoryFactory.create(workspace=workspace, points=8)
    plan_story(story=late, sprint=sprint, by=lead, now=on(2, 10))
    rewrite_story(story=late, points=6, by=lead, now=on(3, 10))
    move_story(story=first, status=StoryStatus.DONE, by=lead, now=on(3, 12))
    sprint.refresh_from_db()

    down, up = burndown(sprint, DAYS[3], with_scope=True), burnup(sprint, DAYS[3])

    assert down is not None
    assert up is not None
    assert [list(series.values) for series in down.series[1:]] == [[5, 5, 13, 6], [0, 0, 8, 6]]
    assert [list(series.values) for series in up.series[1:]] == [[5, 5, 13, 11], [0, 0, 0, 5]]


def test_a_sprint_that_has_not_started_has_neither(workspace: Workspace) -> None:
    sprint = SprintFactory.create(workspace=workspace)

    assert burnup(sprint, MONDAY) is None
    assert burndown(sprint, MONDAY, with_scope=True) is None
