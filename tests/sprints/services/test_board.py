"""Moving cards: to a place that was seen, over lanes, and not over somebody else's move."""

from collections.abc import Callable
from datetime import datetime

import pytest

from sprints.columns import columns_of
from sprints.lanes import NOBODY, LaneBy
from sprints.models import BoardColumn, Sprint, Story, StoryStatus
from sprints.ordering import Place
from sprints.services.board import LaneChange, Move, MoveConflict, move_card
from sprints.services.columns import ColumnWish, set_columns
from sprints.services.sprints import start_sprint
from sprints.services.stories import StoryRefused, move_story, plan_story
from tests.factories.approvals import approved_story
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory
from tests.sprints.looking import scope, titles
from tests.together import together
from workspaces.models import AuditEntry, Member, Workspace


@pytest.fixture
def running(workspace: Workspace, lead: Member, now: datetime) -> Sprint:
    """A running sprint with three stories to do: A, B, C."""
    sprint: Sprint = SprintFactory.create(workspace=workspace)
    for title in "ABC":
        StoryFactory.create(workspace=workspace, sprint=sprint, title=title)
    start_sprint(sprint=sprint, by=lead, now=now)
    sprint.refresh_from_db()
    return sprint


def _story(title: str) -> Story:
    return Story.objects.get(title=title)


def test_a_card_lands_after_the_one_it_was_dropped_under(
    workspace: Workspace, marketer: Member, running: Sprint, now: datetime
) -> None:
    move_card(story=_story("A"), move=Move(Place(after=_story("B"))), by=marketer, now=now)

    assert titles(workspace, running) == ["B", "A", "C"]


def test_only_one_row_is_rewritten(workspace: Workspace, marketer: Member, running: Sprint, now: datetime) -> None:
    before = dict(running.stories.values_list("title", "rank"))

    move_card(story=_story("C"), move=Move(Place(before=_story("B"))), by=marketer, now=now)

    after = dict(running.stories.values_list("title", "rank"))
    assert {title for title in after if after[title] != before[title]} == {"C"}


def test_columns_of_one_group_move_without_the_scope_log(
    workspace: Workspace, marketer: Member, running: Sprint, now: datetime
) -> None:
    groups = {"Ready": StoryStatus.TODO, "Sent": StoryStatus.DONE, "Measured": StoryStatus.DONE}
    wishes = [ColumnWish(name, group) for name, group in groups.items()]
    set_columns(workspace=workspace, wishes=wishes, by=marketer, now=now)
    sent, measured = (Place(column=_column(workspace, name)) for name in ("Sent", "Measured"))

    for place in (sent, measured):
        move_card(story=_story("A"), move=Move(place), by=marketer, now=now)

    story = _story("A")
    assert (story.status, str(story.column), story.done_at) == (StoryStatus.DONE, "Measured", now)
    assert scope(running)[3:] == [("done", 3)]
    assert [entry.detail["column"] for entry in AuditEntry.objects.filter(action="story.moved").order_by("pk")] == [
        "Sent",
        "Measured",
    ]


def _column(workspace: Workspace, name: str) -> BoardColumn:
    return next(column for column in columns_of(workspace) if column.name == name)


class TestConflict:
    def test_a_card_that_somebody_moved_meanwhile_stays_there(
        self, workspace: Workspace, marketer: Member, lead: Member, running: Sprint, now: datetime
    ) -> None:
        seen = _story("A").version
        move_card(story=_story("A"), move=Move(Place(StoryStatus.DOING), seen), by=lead, now=now)

        with pytest.raises(MoveConflict, match="moved “A” meanwhile"):
            move_card(story=_story("A"), move=Move(Place(StoryStatus.DONE), seen), by=marketer, now=now)

        assert _story("A").status == StoryStatus.DOING

    def test_other_words_of_a_story_are_no_conflict(
        self, workspace: Workspace, marketer: Member, running: Sprint, now: datetime
    ) -> None:
        seen = _story("A").version
        Story.objects.filter(title="A").update(title="Better", points=8, assignee=marketer)

        move_card(story=_story("Better"), move=Move(Place(StoryStatus.DOING), seen), by=marketer, now=now)

        assert _story("Better").status == StoryStatus.DOING

    @pytest.mark.django_db(transaction=True)
    def test_of_two_at_once_one_wins_and_one_is_told(
        self, workspace: Workspace, marketer: Member, lead: Member, running: Sprint, now: datetime
    ) -> None:
        story = _story("A")
        groups = (StoryStatus.DOING, StoryStatus.REVIEW)

        def move(by: Member, to: StoryStatus) -> StoryStatus:
            move_card(story=story, move=Move(Place(to), story.version), by=by, now=now)
            return to

        answers = together(
            *(lambda to=to, by=by: move(by, to) for to, by in zip(groups, (lead, marketer), strict=True))
        )

        won = [answer for answer in answers if not isinstance(answer, Exception)]
        assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [MoveConflict]
        assert [_story("A").status] == won


class TestLanes:
    def _drop(self, by: Member, now: datetime, lane: LaneBy, was: str, to: str) -> None:
        move = Move(Place(StoryStatus.DOING), lane=LaneChange(lane, was, to))
        move_card(story=_story("A"), move=move, by=by, now=now)

    def test_in_somebodys_lane_it_is_theirs_and_in_nobodys_nobodys(
        self, workspace: Workspace, marketer: Member, lead: Member, running: Sprint, now: datetime
    ) -> None:
        self._drop(marketer, now, LaneBy.MEMBER, NOBODY, str(lead.pk))
        assert (_story("A").assignee, _story("A").status) == (lead, StoryStatus.DOING)

        self._drop(marketer, now, LaneBy.MEMBER, str(lead.pk), NOBODY)
        assert _story("A").assignee is None

    def test_in_a_goals_lane_it_serves_that_goal(
        self, workspace: Workspace, marketer: Member, running: Sprint, now: datetime
    ) -> None:
        goal = GoalFactory.create(workspace=workspace)

        self._drop(marketer, now, LaneBy.GOAL, NOBODY, str(goal.pk))

        assert _story("A").goal == goal

    def test_the_goal_for_which_the_owner_said_yes_stays(
        self, workspace: Workspace, marketer: Member, lead: Member, now: datetime
    ) -> None:
        story = approved_story(workspace, now)
        start_sprint(sprint=Sprint.objects.get(), by=lead, now=now)
        change = LaneChange(LaneBy.GOAL, str(story.goal_id), str(GoalFactory.create(workspace=workspace).pk))

        with pytest.raises(StoryRefused, match="The owner was asked"):
            move_card(story=story, move=Move(Place(StoryStatus.DOING), lane=change), by=marketer, now=now)

        goal = story.goal
        story.refresh_from_db()
        assert (story.goal, story.status) == (goal, StoryStatus.TODO)

    def test_lanes_that_cannot_take_it_refuse(
        self, workspace: Workspace, marketer: Member, lead: Member, outsider: Member, running: Sprint, now: datetime
    ) -> None:
        closed = GoalFactory.create(workspace=workspace, closed_at=now)
        foreign = GoalFactory.create(workspace=outsider.workspace)
        Member.objects.filter(pk=lead.pk).update(left_at=now)

        for lane, to in [
            (LaneBy.KIND, "research"),
            (LaneBy.GOAL, str(closed.pk)),
            (LaneBy.GOAL, str(foreign.pk)),
            (LaneBy.GOAL, "x"),
            (LaneBy.MEMBER, str(lead.pk)),
            (LaneBy.MEMBER, str(outsider.pk)),
        ]:
            with pytest.raises(StoryRefused):
                self._drop(marketer, now, lane, NOBODY, to)

        assert _story("A").status == StoryStatus.TODO

    def test_a_story_that_somebody_else_took_meanwhile_is_theirs(
        self, workspace: Workspace, marketer: Member, lead: Member, running: Sprint, now: datetime
    ) -> None:
        Story.objects.filter(title="A").update(assignee=lead)

        with pytest.raises(MoveConflict):
            self._drop(marketer, now, LaneBy.MEMBER, NOBODY, str(marketer.pk))

        assert _story("A").assignee == lead


def test_a_move_is_told_to_whoever_looks(
    workspace: Workspace, marketer: Member, running: Sprint, now: datetime, told: Callable[..., set[str]]
) -> None:
    story = _story("A")

    heard = told(lambda: move_story(story=story, status=StoryStatus.DOING, by=marketer, now=now))

    places = {f"board-{workspace.pk}", f"backlog-{workspace.pk}"}
    assert heard == {f"story-{story.pk}", f"sprint-{running.pk}", *places}


def test_both_sprints_are_told_when_a_story_changes_sides(
    workspace: Workspace, marketer: Member, running: Sprint, now: datetime, told: Callable[..., set[str]]
) -> None:
    other = SprintFactory.create(workspace=workspace)

    heard = told(lambda: plan_story(story=_story("A"), sprint=other, by=marketer, now=now))

    assert {f"sprint-{running.pk}", f"sprint-{other.pk}"} <= heard


def test_new_columns_are_told_to_both_boards(
    workspace: Workspace, marketer: Member, running: Sprint, now: datetime, told: Callable[..., set[str]]
) -> None:
    wishes = [ColumnWish("Ready", StoryStatus.TODO), ColumnWish("Sent", StoryStatus.DONE)]

    heard = told(lambda: set_columns(workspace=workspace, wishes=wishes, by=marketer, now=now))

    assert heard == {f"sprint-{running.pk}", f"board-{workspace.pk}"}
