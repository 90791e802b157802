"""Files of stories: what they hold, what would come of them, and that twice is once."""

import json
from datetime import datetime
from typing import Any

import pytest

from sprints.models import FileFormat, Story, StoryImport, StoryKind
from sprints.services.story_imports import (
    ImportRefused,
    Mapping,
    discard_import,
    open_story_import,
    plan_import,
    run_import,
)
from sprints.story_files import MOST_ROWS, StoryFile, UnreadableStories, guessed_columns, read_stories_file
from tests.factories.sprints import StoryFactory
from tests.sprints.looking import titles
from workspaces.models import Member, Workspace

CSV = """Title;Points;Who;Description
Serum;3;sofia@marenmoss.example;"Two
lines"
Quiz;2,5;Nobody Known;
;1;;
Big;101;;
"""
JIRA = """Issue key,Summary,Issue Type,Status,Custom field (Story Points),Labels,Labels,Description
MAIL-1,Serum,Task,To Do,5.0,mail,serum,Why
MAIL-2,Quiz,Story,Done,,,,
"""
TRELLO: dict[str, Any] = {
    "name": "Wall",
    "lists": [{"id": "l1", "name": "To do"}, {"id": "l2", "name": "Old", "closed": True}],
    "members": [{"id": "m1", "fullName": "Sofia Marchetti"}],
    "checklists": [{"idCard": "c1", "name": "Ready", "checkItems": [
        {"name": "One picture"}, {"name": "Once", "state": "complete"}]}],
    "cards": [
        {"id": "c1", "shortLink": "aB3", "name": "Serum", "desc": "Why", "idList": "l1", "idMembers": ["m1"],
         "labels": [{"name": "mail"}]},
        {"id": "c2", "name": "Archived", "idList": "l1", "closed": True},
        {"id": "c3", "name": "On an archived list", "idList": "l2"},
    ],
}  # fmt: skip


def _opened(content: str, by: Member, now: datetime) -> StoryImport:
    file = read_stories_file(content.encode())
    return open_story_import(workspace=by.workspace, filename="file", file=file, by=by, now=now)


def _mapping(found: StoryImport, **more: Any) -> Mapping:
    return Mapping(found.mapping["columns"], **more)


class TestReading:
    def test_a_csv_of_any_delimiter(self) -> None:
        found = read_stories_file(CSV.encode())

        assert (found.format, found.header) == (FileFormat.CSV, ["Title", "Points", "Who", "Description"])
        assert found.lines == [2, 4, 5, 6]
        assert guessed_columns(found.header) == ["title", "points", "assignee", "problem"]

    def test_jira_is_known_by_its_columns(self) -> None:
        found = read_stories_file(JIRA.encode())

        assert found.format == FileFormat.JIRA
        assert guessed_columns(found.header) == [
            "external_id",
            "title",
            "kind",
            "status",
            "points",
            "labels",
            "labels",
            "problem",
        ]

    def test_a_trello_board_gives_its_open_cards(self) -> None:
        found = read_stories_file(json.dumps(TRELLO).encode())

        assert found.format == FileFormat.TRELLO
        steps = "# Ready\n[ ] One picture\n[x] Once"
        assert found.rows == [["Serum", "Why", steps, "To do", "mail", "Sofia Marchetti", "", "", "", "aB3"]]
        assert guessed_columns(found.header)[:4] == ["title", "problem", "steps", "status"]

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "no header"),
            (b"Title\n", "no story in this file"),
            (b"{", "cannot be read"),
            (b"[1, 2]", "not a Trello board"),
            (b'{"cards": 3}', "not a Trello board"),
            (b"[" * 100_000, "cannot be read"),
            (b"Title\n\xff\xfe\n", "not in the encoding"),
            (b"Title\n" + b"x\n" * (MOST_ROWS + 1), "more than 2000 rows"),
        ],
    )
    def test_what_is_no_file_of_stories_says_so(self, content: bytes, says: str) -> None:
        with pytest.raises(UnreadableStories, match=says):
            read_stories_file(content)

    def test_a_board_of_odd_parts_is_read_as_far_as_it_goes(self) -> None:
        found = read_stories_file(b'{"cards": [3, null, {"name": 5, "idList": [], "idMembers": "x", "labels": [7]}]}')

        assert found.rows == [[""] * 10]


class TestImporting:
    def test_what_would_come_of_it_is_told_and_nothing_written(self, marketer: Member, now: datetime) -> None:
        found = _opened(CSV, marketer, now)

        plan = plan_import(found, _mapping(found))

        assert [(row.fields["title"], row.fields["points"]) for row in plan.stories] == [("Serum", 3), ("Quiz", 3)]
        assert plan.stories[0].fields["assignee"] == marketer
        assert plan.stories[1].notes == ("Nobody in the team is called Nobody Known.",)
        assert [(line, why[:20]) for line, _title, why in plan.refused] == [
            (5, "The title is missing"), (6, "“101” is not a numbe"),
        ]  # fmt: skip
        assert not Story.objects.exists()

    def test_stories_come_to_the_end_with_their_steps_and_where_they_come_from(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        StoryFactory.create(workspace=workspace, title="Old")
        found = _opened(json.dumps(TRELLO), marketer, now)

        run_import(found=found, mapping=_mapping(found), by=marketer, now=now)

        story = Story.objects.get(title="Serum")
        assert titles(workspace) == ["Old", "Serum"]
        assert story.checklists.get().items.count() == 2
        assert (story.origin.system, story.origin.external_id) == ("trello", "aB3")
        assert story.assignee == marketer
        found.refresh_from_db()
        assert (found.step, found.taken, found.rows) == ("done", 1, [])

    @pytest.mark.parametrize("content", [CSV, JIRA, json.dumps(TRELLO)])
    def test_the_same_file_again_changes_nothing(self, marketer: Member, now: datetime, content: str) -> None:
        plans = []
        for _n in range(2):
            found = _opened(content, marketer, now)
            plans.append(run_import(found=found, mapping=_mapping(found), by=marketer, now=now))

        assert len(plans[0].stories) == len(plans[1].known) == Story.objects.count()
        assert plans[1].stories == []

    def test_what_is_finished_stays_out_unless_it_is_wanted(self, marketer: Member, now: datetime) -> None:
        found = _opened(JIRA, marketer, now)

        without = plan_import(found, _mapping(found))
        whole = plan_import(found, _mapping(found, leave_finished=False, kind=StoryKind.CONTENT))

        assert [row.fields["title"] for row in without.stories] == ["Serum"]
        assert "finished already: Done" in without.refused[0][2]
        assert [row.fields["kind"] for row in whole.stories] == [StoryKind.BUILD, StoryKind.CONTENT]

    def test_a_long_title_is_kept_whole_in_the_problem(self, marketer: Member, now: datetime) -> None:
        found = _opened(f"Title\n{'long ' * 60}", marketer, now)

        (row,) = plan_import(found, _mapping(found)).stories

        assert len(row.fields["title"]) == 160
        assert row.fields["problem"] == ("long " * 60).strip()
        assert row.notes

    def test_a_formula_that_a_spreadsheet_disarmed_is_armed_again(self, marketer: Member, now: datetime) -> None:
        found = _opened("Title\n'=What does 1+1 cost?", marketer, now)

        assert plan_import(found, _mapping(found)).stories[0].fields["title"] == "=What does 1+1 cost?"

    @pytest.mark.parametrize(
        ("columns", "says"),
        [(["", "", "", ""], "which column is the title"), (["title", "title", "", ""], "same thing")],
    )
    def test_a_mapping_that_says_nothing_is_refused(
        self, marketer: Member, now: datetime, columns: list[str], says: str
    ) -> None:
        with pytest.raises(ImportRefused, match=says):
            plan_import(_opened(CSV, marketer, now), Mapping(columns))

    def test_a_file_is_imported_once_and_not_forgotten_then(self, marketer: Member, now: datetime) -> None:
        found = _opened(CSV, marketer, now)
        run_import(found=found, mapping=_mapping(found), by=marketer, now=now)

        with pytest.raises(ImportRefused, match="imported already"):
            run_import(found=found, mapping=_mapping(found), by=marketer, now=now)
        with pytest.raises(ImportRefused, match="imported already"):
            discard_import(found=found, by=marketer, now=now)

    def test_a_file_that_nobody_wants_is_forgotten(self, marketer: Member, now: datetime) -> None:
        discard_import(found=_opened(CSV, marketer, now), by=marketer, now=now)

        assert not StoryImport.objects.exists()


def test_every_row_has_as_many_cells_as_the_header() -> None:
    found: StoryFile = read_stories_file(b"Title,Points\nSerum\nQuiz,3,more")

    assert found.rows == [["Serum", ""], ["Quiz", "3"]]
