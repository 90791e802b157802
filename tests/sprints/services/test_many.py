"""Stories from a pasted list, and many written at once."""

from datetime import datetime

import pytest

from sprints.drafts import MOST_DRAFTS, read_drafts, with_twins
from sprints.models import Story
from sprints.services.many import add_stories, write_drafts
from sprints.services.stories import StoryRefused
from tests.factories.sprints import StoryFactory
from tests.sprints.looking import titles
from workspaces.models import AuditEntry, Member, Workspace

LIST = """
- Serum reminder | customer | to hear in time | I never go without
* [ ] Quiz
3) Photo test |  | a picture

"""


def test_a_line_is_a_story_with_its_parts_and_without_its_bullet() -> None:
    drafts = read_drafts(LIST)

    assert [(draft.line, draft.title) for draft in drafts] == [(2, "Serum reminder"), (3, "Quiz"), (4, "Photo test")]
    assert drafts[0].fields["so_that"] == "I never go without"
    assert drafts[2].fields == {"title": "Photo test", "as_a": "", "i_want": "a picture", "so_that": ""}
    assert not any(draft.refused for draft in drafts)


def test_a_title_may_begin_with_a_number_that_counts_nothing() -> None:
    assert [draft.title for draft in read_drafts("2026 in figures\n10 tips\nQ4-review")] == [
        "2026 in figures", "10 tips", "Q4-review",
    ]  # fmt: skip


def test_cells_of_a_spreadsheet_come_as_parts() -> None:
    assert read_drafts("Serum\tcustomer\tto hear")[0].fields["i_want"] == "to hear"


@pytest.mark.parametrize(
    ("line", "says"),
    [("a | b | c | d | e", "More than four parts"), (" | b", "title is missing"), ("x" * 161, "at most 160 fit")],
)
def test_a_line_that_is_no_story_says_why(line: str, says: str) -> None:
    assert says in read_drafts(line)[0].refused


def test_a_twin_in_the_backlog_is_pointed_out(workspace: Workspace) -> None:
    twin = StoryFactory.create(workspace=workspace, title="serum REMINDER")
    StoryFactory.create(workspace=workspace, title="Quiz", done=True)

    drafts = with_twins(workspace, read_drafts(LIST))

    assert [draft.twin for draft in drafts] == [twin.number, None, None]


def test_the_list_stands_on_top_in_its_order(workspace: Workspace, marketer: Member, now: datetime) -> None:
    StoryFactory.create(workspace=workspace, title="Old", number=7)

    made = write_drafts(workspace=workspace, text=LIST, by=marketer, now=now)

    assert titles(workspace) == ["Serum reminder", "Quiz", "Photo test", "Old"]
    assert [story.number for story in made] == [8, 9, 10]
    assert AuditEntry.objects.filter(action="story.written").count() == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("  \n ", "one line for each story"),
        ("Good\na | b | c | d | e", "Line 2: More than four"),
        ("x\n" * (MOST_DRAFTS + 1), "at most 200"),
    ],
)
def test_all_or_nothing(workspace: Workspace, marketer: Member, now: datetime, text: str, says: str) -> None:
    with pytest.raises(StoryRefused, match=says):
        write_drafts(workspace=workspace, text=text, by=marketer, now=now)

    assert titles(workspace) == []


def test_at_the_end_with_criteria(workspace: Workspace, marketer: Member, now: datetime) -> None:
    StoryFactory.create(workspace=workspace, title="Old")
    written: list[dict[str, object]] = [{"title": "New", "criteria": ["One", "Two", "One"]}, {"title": "Newer"}]

    add_stories(workspace=workspace, written=written, by=marketer, now=now, on_top=False)

    assert titles(workspace) == ["Old", "New", "Newer"]
    new = Story.objects.get(title="New")
    assert list(new.criteria.order_by("position").values_list("text", flat=True)) == ["One", "Two"]
