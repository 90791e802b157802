"""The columns of the board: what they may be, and what becomes of the stories in them."""

from datetime import datetime

import pytest

from sprints.columns import column_of, columns_of
from sprints.models import BoardColumn, Sprint, Story, StoryStatus
from sprints.ordering import Place
from sprints.services.columns import ColumnsRefused, ColumnWish, set_columns
from sprints.services.sprints import start_sprint
from sprints.services.stories import StoryRefused, move_story, place_on_board
from tests.factories.sprints import ColumnFactory, SprintFactory, StoryFactory
from workspaces.models import AuditEntry, Member, Workspace

TODO, DOING, REVIEW, DONE = StoryStatus
USUAL = [
    ColumnWish("To do", TODO),
    ColumnWish("Writing", DOING),
    ColumnWish("Review", REVIEW),
    ColumnWish("Done", DONE),
]


def _wishes(workspace: Workspace) -> list[ColumnWish]:
    """The columns as they are."""
    return [
        ColumnWish(column.name, StoryStatus(column.status), column.wip_limit, column.pk)
        for column in columns_of(workspace)
    ]


def _names(workspace: Workspace) -> list[str]:
    return [column.name for column in columns_of(workspace)]


@pytest.fixture
def running(workspace: Workspace, lead: Member, now: datetime) -> Sprint:
    """A running sprint with three stories to do."""
    sprint: Sprint = SprintFactory.create(workspace=workspace)
    StoryFactory.create_batch(3, workspace=workspace, sprint=sprint)
    start_sprint(sprint=sprint, by=lead, now=now)
    sprint.refresh_from_db()
    return sprint


def test_a_workspace_that_chose_nothing_has_one_column_a_group(workspace: Workspace) -> None:
    found = columns_of(workspace)

    assert [(column.key, column.name) for column in found] == [(s.value, str(s.label)) for s in StoryStatus]
    assert not BoardColumn.objects.exists()


def test_columns_are_set_in_their_order_with_limits(workspace: Workspace, lead: Member, now: datetime) -> None:
    wishes = [*USUAL[:2], ColumnWish(" Photo  shoot ", DOING, 2), *USUAL[2:]]

    set_columns(workspace=workspace, wishes=wishes, by=lead, now=now)

    assert _names(workspace) == ["To do", "Writing", "Photo shoot", "Review", "Done"]
    assert [column.wip_limit for column in columns_of(workspace)] == [None, None, 2, None, None]
    assert AuditEntry.objects.filter(action="board.columns_set").count() == 1


def test_what_stays_the_same_is_not_written(workspace: Workspace, lead: Member, now: datetime) -> None:
    set_columns(workspace=workspace, wishes=USUAL, by=lead, now=now)

    set_columns(workspace=workspace, wishes=_wishes(workspace), by=lead, now=now)

    assert AuditEntry.objects.filter(action="board.columns_set").count() == 1


def test_names_may_be_swapped(workspace: Workspace, lead: Member, now: datetime) -> None:
    set_columns(workspace=workspace, wishes=USUAL, by=lead, now=now)
    first, second, third, last = _wishes(workspace)

    swapped = [ColumnWish("Review", DOING, None, second.pk), ColumnWish("Writing", REVIEW, None, third.pk)]
    set_columns(workspace=workspace, wishes=[first, *swapped, last], by=lead, now=now)

    assert _names(workspace) == ["To do", "Review", "Writing", "Done"]


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ([], "needs a column for “To do”"),
        (USUAL[:3], "needs a column for “Done”"),
        ([*USUAL, ColumnWish(" ", DOING)], "name"),
        ([*USUAL, ColumnWish("x" * 41, DOING)], "name"),
        ([*USUAL, ColumnWish("WRITING", DOING)], "same name"),
        ([*USUAL, ColumnWish("Photos", DOING, 0)], "limit"),
        ([*USUAL, ColumnWish("Photos", DOING, 1000)], "limit"),
        ([*USUAL, *[ColumnWish(f"Step {n}", DOING) for n in range(5)]], "at most 8"),
        ([*USUAL, ColumnWish("Photos", DOING, None, 1)], "meanwhile"),
    ],
)
def test_columns_that_cannot_be_are_refused(
    workspace: Workspace, lead: Member, now: datetime, wishes: list[ColumnWish], words: str
) -> None:
    with pytest.raises(ColumnsRefused, match=words):
        set_columns(workspace=workspace, wishes=wishes, by=lead, now=now)

    assert not BoardColumn.objects.exists()


def test_a_column_that_somebody_added_meanwhile_is_not_lost(workspace: Workspace, lead: Member, now: datetime) -> None:
    set_columns(workspace=workspace, wishes=USUAL, by=lead, now=now)
    seen = _wishes(workspace)
    known = [wish.pk for wish in seen if wish.pk]
    set_columns(workspace=workspace, wishes=[*seen, ColumnWish("Photos", DOING)], by=lead, now=now)

    with pytest.raises(ColumnsRefused, match="meanwhile"):
        set_columns(workspace=workspace, wishes=seen, by=lead, now=now, known=known)

    assert "Photos" in _names(workspace)


def test_columns_of_another_workspace_are_out_of_reach(workspace: Workspace, lead: Member, now: datetime) -> None:
    other = ColumnFactory.create()

    with pytest.raises(ColumnsRefused, match="meanwhile"):
        set_columns(workspace=workspace, wishes=[*USUAL, ColumnWish("Mine", DOING, None, other.pk)], by=lead, now=now)


class TestStories:
    def test_those_of_a_column_that_goes_stand_in_the_first_of_their_group(
        self, workspace: Workspace, lead: Member, running: Sprint, now: datetime
    ) -> None:
        set_columns(workspace=workspace, wishes=[*USUAL[:2], ColumnWish("Photos", DOING), *USUAL[2:]], by=lead, now=now)
        photos = BoardColumn.objects.get(name="Photos")
        story = running.stories.ranked()[0]
        place_on_board(story=story, place=Place(column=photos), by=lead, now=now)

        wishes = [wish for wish in _wishes(workspace) if wish.pk != photos.pk]
        set_columns(workspace=workspace, wishes=wishes, by=lead, now=now)

        story.refresh_from_db()
        assert (story.status, str(column_of(story, columns_of(workspace)))) == (DOING, "Writing")

    def test_they_stay_where_they_are_when_another_column_comes_first(
        self, workspace: Workspace, lead: Member, running: Sprint, now: datetime
    ) -> None:
        set_columns(workspace=workspace, wishes=USUAL, by=lead, now=now)

        set_columns(workspace=workspace, wishes=[ColumnWish("Ideas", TODO), *_wishes(workspace)], by=lead, now=now)

        found = {str(column_of(story, columns_of(workspace))) for story in running.stories.all()}
        assert found == {"To do"}
        assert str(column_of(StoryFactory.create(workspace=workspace), columns_of(workspace))) == "Ideas"

    def test_a_group_with_stories_keeps_a_column(
        self, workspace: Workspace, lead: Member, running: Sprint, now: datetime
    ) -> None:
        move_story(story=running.stories.ranked()[0], status=REVIEW, by=lead, now=now)

        with pytest.raises(ColumnsRefused, match="1 story stands in “In review”"):
            set_columns(workspace=workspace, wishes=[USUAL[0], USUAL[1], USUAL[3]], by=lead, now=now)

    def test_no_story_changes_its_group_because_its_column_does(
        self, workspace: Workspace, lead: Member, running: Sprint, now: datetime
    ) -> None:
        set_columns(workspace=workspace, wishes=[ColumnWish("Ideas", TODO), *USUAL], by=lead, now=now)
        ideas, *others = _wishes(workspace)

        with pytest.raises(ColumnsRefused, match="3 stories stand in “Ideas”"):
            set_columns(
                workspace=workspace, wishes=[*others, ColumnWish("Ideas", DOING, None, ideas.pk)], by=lead, now=now
            )

    def test_a_group_without_a_column_takes_none(
        self, workspace: Workspace, lead: Member, running: Sprint, now: datetime
    ) -> None:
        set_columns(workspace=workspace, wishes=[USUAL[0], USUAL[1], USUAL[3]], by=lead, now=now)

        with pytest.raises(StoryRefused, match="no column for “In review”"):
            move_story(story=running.stories.ranked()[0], status=REVIEW, by=lead, now=now)

    def test_one_whose_group_was_changed_elsewhere_stands_in_the_first_column_of_it(
        self, workspace: Workspace, lead: Member, running: Sprint, now: datetime
    ) -> None:
        set_columns(workspace=workspace, wishes=USUAL, by=lead, now=now)
        story = running.stories.ranked()[0]
        place_on_board(story=story, place=Place(column=BoardColumn.objects.get(name="Writing")), by=lead, now=now)

        Story.objects.filter(pk=story.pk).update(status=REVIEW)

        story.refresh_from_db()
        assert str(column_of(story, columns_of(workspace))) == "Review"
