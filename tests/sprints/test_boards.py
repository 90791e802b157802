"""What a board shows: columns, lanes, limits, what is asked for, and the first cards of many."""

from datetime import datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from sprints.boards import FEWEST, FIRST, MOST_IN_LANES, STEP_IN_LANE, Choice, board, more_cards, steps_of
from sprints.columns import column_of, columns_of
from sprints.lanes import NOBODY, LaneBy
from sprints.models import Sprint, Story, StoryKind, StoryStatus
from tests.factories.sprints import BlockerFactory, ColumnFactory, CriterionFactory, SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory
from tests.sprints.looking import shown
from workspaces.models import Member, Workspace

TODO, DOING, REVIEW, DONE = StoryStatus


@pytest.fixture
def sprint(workspace: Workspace) -> Sprint:
    made: Sprint = SprintFactory.create(workspace=workspace, running=True)
    return made


class TestColumns:
    def test_counts_and_columns_agree_with_each_story(self, workspace: Workspace, sprint: Sprint, lead: Member) -> None:
        """The rule is written twice, in SQL for lists and in Python for one story."""
        names = [("Ideas", TODO), ("To do", TODO), ("Writing", DOING), ("Photos", DOING), ("Done", DONE)]
        columns = [ColumnFactory.create(workspace=workspace, name=name, status=status) for name, status in names]
        for status in StoryStatus:
            for column in [None, *columns]:
                StoryFactory.create(workspace=workspace, sprint=sprint, status=status, column=column)

        found = board(workspace, sprint, Choice(), lead)

        expected = [column_of(story, columns_of(workspace)).name for story in Story.objects.all()]
        assert {head.column.name: head.count for head in found.heads} == {
            name: expected.count(name) for name, _status in names
        }

    def test_a_limit_counts_what_stands_there_whoever_looks_at_what(
        self, workspace: Workspace, sprint: Sprint, lead: Member
    ) -> None:
        for name, status, limit in (("To do", TODO, None), ("Writing", DOING, 2), ("Done", DONE, 3)):
            ColumnFactory.create(workspace=workspace, name=name, status=status, wip_limit=limit)
        StoryFactory.create_batch(3, workspace=workspace, sprint=sprint, status=DOING)
        StoryFactory.create_batch(3, workspace=workspace, sprint=sprint, status=DONE)

        heads = board(workspace, sprint, Choice(show="mine"), lead).heads

        assert [(head.count, head.over, head.is_full) for head in heads] == [(0, 0, False), (3, 1, False), (3, 0, True)]


class TestLanes:
    def test_many_lanes_show_fewer_cards_each_but_always_one(
        self, workspace: Workspace, sprint: Sprint, lead: Member
    ) -> None:
        for goal in GoalFactory.create_batch(MOST_IN_LANES // FEWEST // len(StoryStatus) + 1, workspace=workspace):
            StoryFactory.create_batch(FEWEST, workspace=workspace, sprint=sprint, goal=goal)

        found = board(workspace, sprint, Choice(lanes=LaneBy.GOAL), lead)

        assert found.first == FEWEST - 1
        assert all(len(lane.cells[0].cards) == FEWEST - 1 for lane in found.lanes)

    def test_by_goal_the_next_one_due_first_and_none_last(
        self, workspace: Workspace, sprint: Sprint, lead: Member
    ) -> None:
        later, sooner = (
            GoalFactory.create(workspace=workspace, name=name, due_date=due)
            for name, due in (("Later", "2030-01-01"), ("Sooner", "2029-01-01"))
        )
        for title, goal in (("A", later), ("B", None), ("C", sooner)):
            StoryFactory.create(workspace=workspace, sprint=sprint, title=title, goal=goal)

        found = shown(board(workspace, sprint, Choice(lanes=LaneBy.GOAL), lead))

        assert [(name, columns[0]) for name, columns in found.items()] == [
            (str(sooner), ["C"]),
            (str(later), ["A"]),
            ("No goal", ["B"]),
        ]

    def test_by_member_whoever_could_take_a_story_has_a_lane(
        self, workspace: Workspace, sprint: Sprint, lead: Member, marketer: Member, seller: Member, guest: Member
    ) -> None:
        StoryFactory.create(workspace=workspace, sprint=sprint, title="A", assignee=seller, created_by=lead)
        StoryFactory.create(workspace=workspace, sprint=sprint, title="B", created_by=lead)

        found = shown(board(workspace, sprint, Choice(lanes=LaneBy.MEMBER), lead))

        assert {name: columns[0] for name, columns in found.items()} == {
            str(lead): [],
            str(marketer): [],
            str(seller): ["A"],
            "Nobody yet": ["B"],
        }

    def test_by_type(self, workspace: Workspace, sprint: Sprint, lead: Member) -> None:
        StoryFactory.create(workspace=workspace, sprint=sprint, title="A", kind=StoryKind.BUILD)
        StoryFactory.create(workspace=workspace, sprint=sprint, title="B", kind=StoryKind.CAMPAIGN)

        found = board(workspace, sprint, Choice(lanes=LaneBy.KIND), lead)

        assert [(lane.key, lane.count, lane.points) for lane in found.lanes] == [("campaign", 1, 3), ("build", 1, 3)]


@pytest.mark.parametrize(
    ("choice", "titles"),
    [
        (Choice(), "ABC"),
        (Choice(show="mine"), "A"),
        (Choice(show="blocked"), "B"),
        (Choice(member=NOBODY), "BC"),
        (Choice(goal=NOBODY), "ABC"),
        (Choice(kind="build"), "C"),
        (Choice(text="b"), "B"),
        (Choice(text="#3"), "C"),
        (Choice(text="#99999999999999999999"), ""),
        (Choice(text="nothing like it"), ""),
    ],
)
def test_some_can_be_asked_for(workspace: Workspace, sprint: Sprint, lead: Member, choice: Choice, titles: str) -> None:
    StoryFactory.create(workspace=workspace, sprint=sprint, title="A", number=1, assignee=lead)
    BlockerFactory.create(
        story=StoryFactory.create(workspace=workspace, sprint=sprint, title="B", number=2), owner=lead
    )
    StoryFactory.create(workspace=workspace, sprint=sprint, title="C", number=3, kind=StoryKind.BUILD)

    found = shown(board(workspace, sprint, choice, lead))

    assert "".join(found[""][0]) == titles


class TestAllOpenWork:
    def test_the_running_sprint_stands_before_the_next_one_and_the_backlog(
        self, workspace: Workspace, sprint: Sprint, lead: Member, now: datetime
    ) -> None:
        following = SprintFactory.create(workspace=workspace)
        closed = SprintFactory.create(workspace=workspace, closed=True)
        for title, fields in {
            "Idea": {},
            "Next": {"sprint": following},
            "Now": {"sprint": sprint},
            "Over": {"sprint": closed, "status": REVIEW},
            "Dropped": {"dropped_at": now},
            "Finished": {"sprint": sprint, "status": DONE},
        }.items():
            StoryFactory.create(workspace=workspace, title=title, **fields)
        StoryFactory.create(title="Foreign")

        found = shown(board(workspace, None, Choice(), lead))

        assert found == {"": [["Now", "Next", "Idea"], [], [], ["Finished"]]}


class TestMany:
    def test_a_cell_shows_its_first_cards_and_counts_all(
        self, workspace: Workspace, sprint: Sprint, lead: Member
    ) -> None:
        stories = StoryFactory.create_batch(FIRST + 5, workspace=workspace, sprint=sprint)

        cell = board(workspace, sprint, Choice(), lead).lanes[0].cells[0]

        assert [card.story for card in cell.cards] == stories[:FIRST]
        assert (cell.count, cell.rest, cell.points) == (FIRST + 5, 5, 3 * (FIRST + 5))

    def test_the_next_ones_come_after_those_that_are_there(
        self, workspace: Workspace, sprint: Sprint, lead: Member
    ) -> None:
        stories = StoryFactory.create_batch(STEP_IN_LANE + 2, workspace=workspace, sprint=sprint, assignee=lead)
        choice = Choice(lanes=LaneBy.MEMBER)

        cell = more_cards(workspace, sprint, choice, lead, (str(lead.pk), "todo"), STEP_IN_LANE)

        assert cell is not None
        assert [card.story for card in cell.cards] == stories[STEP_IN_LANE:]
        assert cell.rest == 0

    def test_so_many_as_were_asked_for_stay(self, workspace: Workspace, sprint: Sprint, lead: Member) -> None:
        StoryFactory.create_batch(FIRST + 5, workspace=workspace, sprint=sprint)
        StoryFactory.create_batch(2, workspace=workspace, sprint=sprint, status=DOING)

        cells = board(workspace, sprint, Choice(more={("", "todo"): FIRST + 3}), lead).lanes[0].cells

        assert [len(cell.cards) for cell in cells] == [FIRST + 3, 2, 0, 0]

    def test_it_takes_as_many_queries_for_many(
        self, workspace: Workspace, sprint: Sprint, lead: Member, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for story in StoryFactory.create_batch(30, workspace=workspace, sprint=sprint, created_by=lead, assignee=lead):
            CriterionFactory.create(story=story, is_met=True)
            BlockerFactory.create(story=story, owner=lead)

        with django_assert_max_num_queries(9):
            found = board(workspace, sprint, Choice(lanes=LaneBy.MEMBER), lead)
            said = [
                (card.met, card.criteria, card.story.blocked_by, str(card.story.assignee), str(card.story.goal))
                for cell in found.cells
                for card in cell.cards
            ]

        assert said == [(1, 1, "No product feed", str(lead), "None")] * found.first


class TestSteps:
    def test_whom_a_story_passes_is_seen_in_the_same_cell(
        self, workspace: Workspace, sprint: Sprint, lead: Member
    ) -> None:
        mine = [
            StoryFactory.create(workspace=workspace, sprint=sprint, assignee=member, status=status)
            for member, status in ((lead, TODO), (None, TODO), (lead, DOING), (lead, TODO), (lead, TODO))
        ]

        everything = steps_of(mine[3], Choice(), lead)
        own = steps_of(mine[3], Choice(show="mine"), lead)

        assert (everything.above, everything.below, everything.column.key) == (mine[1], mine[4], "todo")
        assert (own.above, own.below) == (mine[0], mine[4])
        assert (steps_of(mine[0], Choice(), lead).above, steps_of(mine[4], Choice(), lead).below) == (None, None)

    def test_a_card_can_go_to_every_open_goal_or_to_whoever_plans(
        self, workspace: Workspace, sprint: Sprint, lead: Member, guest: Member, now: datetime
    ) -> None:
        wanted, closed = GoalFactory.create(workspace=workspace), GoalFactory.create(workspace=workspace, closed_at=now)
        story = StoryFactory.create(workspace=workspace, sprint=sprint, assignee=lead, goal=closed)

        goals, people, none = (
            steps_of(story, Choice(lanes=by), lead) for by in (LaneBy.GOAL, LaneBy.MEMBER, LaneBy.KIND)
        )

        assert ([key for key, _title in goals.lanes], goals.lane) == ([str(wanted.pk), NOBODY], str(closed.pk))
        assert str(lead.pk) not in dict(people.lanes)
        assert str(guest.pk) not in dict(people.lanes)
        assert NOBODY in dict(people.lanes)
        assert none.lanes == []
