"""Verbs on sprints: open, change, start, close."""

from datetime import date, datetime, timedelta

import pytest

from sprints.models import ScopeChange, ScopeEntry, Sprint, SprintState, Story, StoryStatus
from sprints.services.sprints import (
    MOST_CAPACITY,
    SprintRefused,
    change_sprint,
    close_sprint,
    open_sprint,
    start_sprint,
)
from sprints.services.stories import move_story, plan_story
from tests.factories.sprints import SprintFactory, StoryFactory
from workspaces.models import AuditEntry, Member, Workspace

MONDAY = date(2026, 5, 25)


def _open(
    workspace: Workspace, lead: Member, now: datetime, days: int = 12, name: str = "Replenish", weeks_later: int = 0
) -> Sprint:
    first = MONDAY + timedelta(weeks=weeks_later)
    return open_sprint(
        workspace=workspace,
        name=name,
        start_date=first,
        end_date=first + timedelta(days=days - 1),
        by=lead,
        now=now,
    )


def _later(dates: dict[str, date], weeks: int) -> dict[str, date]:
    return {name: day + timedelta(weeks=weeks) for name, day in dates.items()}


class TestDays:
    """Two sprints that are planned or run never share a day."""

    @pytest.mark.parametrize(("shift", "at_fault"), [(-10, "end_date"), (0, "start_date"), (11, "start_date")])
    def test_days_that_another_one_has_are_refused(
        self, workspace: Workspace, lead: Member, now: datetime, shift: int, at_fault: str
    ) -> None:
        _open(workspace, lead, now)
        first = MONDAY + timedelta(days=shift)

        with pytest.raises(SprintRefused, match="1: Replenish") as refused:
            open_sprint(
                workspace=workspace, name="B", start_date=first, end_date=first + timedelta(days=11), by=lead, now=now
            )

        assert set(refused.value.fields) == {at_fault}
        assert Sprint.objects.count() == 1

    def test_neighbours_and_other_workspaces_are_no_obstacle(
        self, workspace: Workspace, lead: Member, outsider: Member, now: datetime
    ) -> None:
        _open(workspace, lead, now, days=14)

        _open(workspace, lead, now, weeks_later=2)
        _open(outsider.workspace, outsider, now)

        assert Sprint.objects.count() == 3

    @pytest.mark.parametrize("over", [{"closed": True}, {"state": SprintState.CANCELLED}])
    def test_what_is_over_takes_no_days(
        self, workspace: Workspace, lead: Member, now: datetime, over: dict[str, object]
    ) -> None:
        SprintFactory.create(workspace=workspace, start_date=MONDAY, end_date=MONDAY + timedelta(days=11), **over)

        assert _open(workspace, lead, now).start_date == MONDAY

    def test_a_sprint_is_not_moved_onto_another_but_its_name_is_free(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        first, _second = _open(workspace, lead, now), _open(workspace, lead, now, weeks_later=2)

        change_sprint(sprint=first, name="Other", by=lead, now=now)
        with pytest.raises(SprintRefused, match="move that one first"):
            change_sprint(sprint=first, end_date=MONDAY + timedelta(days=14), by=lead, now=now)

        first.refresh_from_db()
        assert (first.name, first.end_date) == ("Other", MONDAY + timedelta(days=11))


class TestOpening:
    def test_sprints_are_numbered_in_their_workspace(
        self, workspace: Workspace, lead: Member, outsider: Member, now: datetime
    ) -> None:
        first, second = _open(workspace, lead, now), _open(workspace, lead, now, name=" Protect ", weeks_later=2)

        assert (first.number, second.number, second.name) == (1, 2, "Protect")
        assert _open(outsider.workspace, outsider, now).number == 1
        assert AuditEntry.objects.filter(action="sprint.opened").count() == 3

    @pytest.mark.parametrize("days", [1, 28])
    def test_a_day_and_four_weeks_are_fine(self, workspace: Workspace, lead: Member, now: datetime, days: int) -> None:
        assert _open(workspace, lead, now, days=days).day_count == days

    @pytest.mark.parametrize("days", [0, -5, 29])
    def test_no_day_and_more_than_four_weeks_are_refused(
        self, workspace: Workspace, lead: Member, now: datetime, days: int
    ) -> None:
        with pytest.raises(SprintRefused) as refused:
            _open(workspace, lead, now, days=days)

        assert set(refused.value.fields) == {"end_date"}

    def test_a_team_that_counted_elsewhere_goes_on_with_its_number(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        dates = {"start_date": MONDAY, "end_date": MONDAY + timedelta(days=4)}

        tenth = open_sprint(workspace=workspace, name="Tenth", number=10, by=lead, now=now, **dates)
        eleventh = open_sprint(workspace=workspace, name="Eleventh", by=lead, now=now, **_later(dates, 1))

        assert (tenth.number, eleventh.number) == (10, 11)
        with pytest.raises(SprintRefused, match="last sprint was number 11"):
            open_sprint(workspace=workspace, name="Again", number=11, by=lead, now=now, **_later(dates, 2))

    def test_a_sprint_needs_a_name(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        with pytest.raises(SprintRefused, match="name"):
            _open(workspace, lead, now, name="  ")

    def test_a_capacity_beyond_all_teams_is_refused(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        sprint = _open(workspace, lead, now)

        with pytest.raises(SprintRefused) as refused:
            change_sprint(sprint=sprint, by=lead, now=now, capacity_points=MOST_CAPACITY + 1)

        assert set(refused.value.fields) == {"capacity_points"}

    def test_a_field_that_is_not_for_hands_is_a_mistake_of_the_caller(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        with pytest.raises(TypeError, match="state"):
            change_sprint(sprint=_open(workspace, lead, now), by=lead, now=now, state=SprintState.CLOSED)


class TestChanging:
    def test_what_it_was_is_kept_and_what_stays_is_not_written(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace, name="Old", capacity_points=20)

        change_sprint(sprint=sprint, by=lead, now=now, name="New", capacity_points=20)

        entry = AuditEntry.objects.get(action="sprint.changed")
        assert entry.detail == {"before": {"name": "Old"}, "after": {"name": "New"}}

    def test_changing_nothing_is_not_written_down(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        sprint = SprintFactory.create(workspace=workspace, name="Same")

        change_sprint(sprint=sprint, by=lead, now=now, name="Same")

        assert not AuditEntry.objects.exists()

    def test_a_single_date_is_checked_against_the_other(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace, start_date=MONDAY)

        with pytest.raises(SprintRefused):
            change_sprint(sprint=sprint, by=lead, now=now, end_date=MONDAY - timedelta(days=1))

    def test_a_closed_sprint_is_history(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        sprint = SprintFactory.create(workspace=workspace, closed=True)

        with pytest.raises(SprintRefused, match="history"):
            change_sprint(sprint=sprint, by=lead, now=now, name="Rewritten")


class TestStarting:
    def test_the_team_commits_to_what_is_planned(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        sprint = SprintFactory.create(workspace=workspace)
        for points in (3, 5, None):
            StoryFactory.create(workspace=workspace, sprint=sprint, points=points)

        start_sprint(sprint=sprint, by=lead, now=now)

        sprint.refresh_from_db()
        assert (sprint.state, sprint.committed_points, sprint.started_at) == (SprintState.RUNNING, 8, now)
        log = ScopeEntry.objects.filter(sprint=sprint).order_by("pk").values_list("change", "points")
        assert list(log) == [(ScopeChange.COMMITTED, 3), (ScopeChange.COMMITTED, 5), (ScopeChange.COMMITTED, 0)]

    def test_starting_twice_commits_once(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        sprint = SprintFactory.create(workspace=workspace)
        StoryFactory.create(workspace=workspace, sprint=sprint)

        for _again in range(2):
            start_sprint(sprint=sprint, by=lead, now=now)

        assert ScopeEntry.objects.filter(sprint=sprint).count() == 1
        assert AuditEntry.objects.filter(action="sprint.started").count() == 1

    def test_one_sprint_runs_at_a_time(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        running = SprintFactory.create(workspace=workspace, running=True)
        other = SprintFactory.create(workspace=workspace)
        StoryFactory.create(workspace=workspace, sprint=other)

        with pytest.raises(SprintRefused, match=f"Sprint {running.number} is still running"):
            start_sprint(sprint=other, by=lead, now=now)

    def test_an_empty_sprint_does_not_start(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        with pytest.raises(SprintRefused, match="no story"):
            start_sprint(sprint=SprintFactory.create(workspace=workspace), by=lead, now=now)

    def test_a_closed_sprint_does_not_start_again(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        with pytest.raises(SprintRefused, match="Closed"):
            start_sprint(sprint=SprintFactory.create(workspace=workspace, closed=True), by=lead, now=now)


class TestClosing:
    @pytest.fixture
    def running(self, workspace: Workspace, lead: Member, now: datetime) -> Sprint:
        """Four stories of 1, 2, 3 and 4 points, of which the last is done."""
        sprint: Sprint = SprintFactory.create(workspace=workspace)
        stories = [
            StoryFactory.create(workspace=workspace, sprint=sprint, points=p, title=str(p)) for p in (1, 2, 3, 4)
        ]
        start_sprint(sprint=sprint, by=lead, now=now)
        move_story(story=stories[3], status=StoryStatus.DONE, by=lead, now=now)
        return sprint

    def test_what_is_done_counts_and_the_rest_goes_on_top_of_the_backlog_in_its_order(
        self, workspace: Workspace, running: Sprint, lead: Member, now: datetime
    ) -> None:
        StoryFactory.create(workspace=workspace, title="waits")

        carried = close_sprint(sprint=running, carry_to=None, by=lead, now=now)

        running.refresh_from_db()
        assert (carried, running.delivered_points, running.committed_points) == (3, 4, 10)
        assert (running.state, running.closed_at) == (SprintState.CLOSED, now)
        backlog = Story.objects.in_backlog().ranked().values_list("title", flat=True)
        assert list(backlog) == ["1", "2", "3", "waits"]

    def test_the_rest_goes_to_the_end_of_the_next_sprint(
        self, workspace: Workspace, running: Sprint, lead: Member, now: datetime
    ) -> None:
        following = SprintFactory.create(workspace=workspace)
        StoryFactory.create(workspace=workspace, sprint=following, title="planned")

        close_sprint(sprint=running, carry_to=following, by=lead, now=now)

        titles = following.stories.ranked().values_list("title", flat=True)
        assert list(titles) == ["planned", "1", "2", "3"]

    def test_carrying_over_is_no_change_of_scope(self, running: Sprint, lead: Member, now: datetime) -> None:
        close_sprint(sprint=running, carry_to=None, by=lead, now=now)

        changes = ScopeEntry.objects.filter(sprint=running).values_list("change", flat=True)
        assert set(changes) == {ScopeChange.COMMITTED, ScopeChange.DONE}

    def test_delivered_counts_also_what_was_added_later(self, running: Sprint, lead: Member, now: datetime) -> None:
        added = StoryFactory.create(workspace=running.workspace, points=8)
        plan_story(story=added, sprint=running, by=lead, now=now)
        move_story(story=added, status=StoryStatus.DONE, by=lead, now=now)

        close_sprint(sprint=running, carry_to=None, by=lead, now=now)

        running.refresh_from_db()
        assert (running.committed_points, running.delivered_points) == (10, 12)

    @pytest.mark.parametrize("trait", ["running", "closed"])
    def test_the_rest_goes_only_into_a_sprint_that_is_planned(
        self, outsider: Member, running: Sprint, lead: Member, now: datetime, trait: str
    ) -> None:
        other = running if trait == "running" else SprintFactory.create(workspace=running.workspace, closed=True)

        with pytest.raises(SprintRefused) as refused:
            close_sprint(sprint=running, carry_to=other, by=lead, now=now)

        assert set(refused.value.fields) == {"carry_to"}
        assert running.stories.count() == 4

    @pytest.mark.parametrize("trait", [{}, {"closed": True}])
    def test_only_a_running_sprint_is_closed(
        self, workspace: Workspace, lead: Member, now: datetime, trait: dict[str, bool]
    ) -> None:
        with pytest.raises(SprintRefused, match="cannot become"):
            close_sprint(sprint=SprintFactory.create(workspace=workspace, **trait), carry_to=None, by=lead, now=now)
