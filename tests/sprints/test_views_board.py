"""The board's pages: switches, menus, moves that are refused, columns, blockers. Who may open them asks the matrix."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from sprints.boards import FIRST
from sprints.columns import columns_of
from sprints.models import BoardColumn, Sprint, Story, StoryStatus
from sprints.services.stories import move_story
from tests.factories.sprints import BlockerFactory, ColumnFactory, SprintFactory, StoryFactory
from tests.sprints.looking import BOARD, HTMX, shown, titles, url
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]


@pytest.fixture
def sprint(workspace: Workspace) -> Sprint:
    """A running sprint with A, B and C to do."""
    made: Sprint = SprintFactory.create(workspace=workspace, running=True)
    for title in "ABC":
        StoryFactory.create(workspace=workspace, sprint=made, title=title)
    return made


def _story(title: str) -> Story:
    return Story.objects.get(title=title)


class TestBoard:
    def test_all_open_work_stands_on_one_board(
        self, workspace: Workspace, guest: Member, sprint: Sprint, browse: Browse
    ) -> None:
        StoryFactory.create(workspace=workspace, title="Idea")

        page = browse(guest).get(url("board_show", workspace))

        assert shown(page.context["board"]) == {"": [["A", "B", "C", "Idea"], [], [], []]}
        assert "Backlog" in page.content.decode()
        assert "data-place" not in page.content.decode()

    def test_lanes_and_filters_stand_in_the_address(
        self, workspace: Workspace, lead: Member, sprint: Sprint, browse: Browse
    ) -> None:
        Story.objects.filter(title="B").update(assignee=lead)

        page = browse(lead).get(url("board_show", workspace), {"lanes": "member", "member": str(lead.pk), "moved": "1"})

        assert shown(page.context["board"]) == {str(lead): [["B"], [], [], []], "Nobody yet": [[], [], [], []]}
        assert page.context["here"].endswith(f"?lanes=member&member={lead.pk}")

    @pytest.mark.parametrize(
        "nonsense", [{"lanes": "x"}, {"goal": "x"}, {"member": "99999"}, {"kind": "x"}, {"more": ["x", "a.b.c", "..9"]}]
    )
    def test_nonsense_in_the_address_is_as_if_it_were_not_there(
        self, workspace: Workspace, lead: Member, sprint: Sprint, browse: Browse, nonsense: dict[str, Any]
    ) -> None:
        page = browse(lead).get(url("board_show", workspace), nonsense)

        assert shown(page.context["board"]) == {"": [["A", "B", "C"], [], [], []]}

    def test_what_matches_nothing_offers_everything(
        self, workspace: Workspace, lead: Member, sprint: Sprint, browse: Browse
    ) -> None:
        page = browse(lead).get(url("board_show", workspace), {"text": "nothing like it"})

        assert "Show everything" in page.content.decode()

    def test_a_column_over_its_limit_says_so(
        self, workspace: Workspace, lead: Member, sprint: Sprint, browse: Browse
    ) -> None:
        ColumnFactory.create(workspace=workspace, name="Ready", status="todo", wip_limit=2)
        ColumnFactory.create(workspace=workspace, name="Done", status="done", wip_limit=2)

        said = browse(lead).get(url("sprint_detail", workspace, sprint.pk)).content.decode()

        assert "3 of 2" in said
        assert "One more than the team wants at once (2)" in said

    def test_the_board_alone_is_answered_to_the_board(
        self, workspace: Workspace, lead: Member, sprint: Sprint, browse: Browse
    ) -> None:
        for address in (url("board_show", workspace), url("sprint_detail", workspace, sprint.pk)):
            said = browse(lead).get(address, headers=BOARD).content.decode()

            assert said.count('id="board"') == 1
            assert "<h1" not in said

    def test_a_board_whose_sprint_was_closed_meanwhile_is_loaded_again(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace, closed=True)

        answer = browse(lead).get(url("sprint_detail", workspace, sprint.pk), headers=BOARD)

        assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")

    def test_the_next_cards_of_a_column_are_fetched(
        self, workspace: Workspace, lead: Member, sprint: Sprint, browse: Browse
    ) -> None:
        StoryFactory.create_batch(FIRST, workspace=workspace, sprint=sprint, created_by=lead)
        client, address = browse(lead), url("sprint_detail", workspace, sprint.pk)
        assert "Show 3 more" in client.get(address).content.decode().replace("Show more of 3", "Show 3 more")

        said = client.get(address, {"lane": "", "column": "todo", "skip": str(FIRST)}, headers=HTMX).content.decode()

        assert said.count("<article") == 3
        assert "data-more" not in said

    def test_a_column_that_is_gone_has_no_next_cards(
        self, workspace: Workspace, lead: Member, sprint: Sprint, browse: Browse
    ) -> None:
        for asked in ({"column": "77", "skip": "0"}, {"column": "todo", "skip": "x"}):
            assert browse(lead).get(url("board_show", workspace), asked, headers=HTMX).status_code == 409


class TestMoving:
    def test_the_menu_names_the_other_columns_and_the_steps(
        self, workspace: Workspace, marketer: Member, sprint: Sprint, browse: Browse
    ) -> None:
        asked = {"next": url("sprint_detail", workspace, sprint.pk)}

        for headers in ({}, HTMX):
            page = browse(marketer).get(url("story_place", workspace, _story("B").pk), asked, headers=headers)
            said = page.content.decode()
            assert "Move to “In production”" in said
            assert "Move to “To do”" not in said
            assert (page.context["steps"].above, page.context["steps"].below) == (_story("A"), _story("C"))

    def test_a_menu_that_is_old_is_refused_with_a_sentence(
        self, workspace: Workspace, marketer: Member, lead: Member, sprint: Sprint, now: datetime, browse: Browse
    ) -> None:
        seen = _story("A").version
        move_story(story=_story("A"), status=StoryStatus.REVIEW, by=lead, now=now)

        answer = browse(marketer).post(
            url("story_move", workspace, _story("A").pk), {"column": "doing", "version": seen}, headers=BOARD
        )

        assert answer.status_code == 409
        assert "Somebody has moved “A” meanwhile" in answer.content.decode()
        assert _story("A").status == StoryStatus.REVIEW

    def test_into_a_column_of_ones_own_and_after_another_story(
        self, workspace: Workspace, marketer: Member, sprint: Sprint, browse: Browse
    ) -> None:
        ready, photos, _done = (
            ColumnFactory.create(workspace=workspace, name=name, status=status)
            for name, status in (("Ready", "todo"), ("Photos", "doing"), ("Done", "done"))
        )
        data = {"column": photos.key, "after": _story("B").pk, "next": url("board_show", workspace)}

        page = browse(marketer).post(url("story_move", workspace, _story("A").pk), data, headers=BOARD, follow=True)

        assert (_story("A").column, _story("A").status) == (photos, StoryStatus.DOING)
        assert titles(workspace, sprint) == ["B", "A", "C"]
        assert "“A” is in “Photos” now, number 1 of 1" in page.content.decode()
        assert ready.name == "Ready"

    def test_the_menu_of_a_board_with_lanes_leads_into_another_lane_and_says_so(
        self, workspace: Workspace, marketer: Member, sprint: Sprint, browse: Browse
    ) -> None:
        board = f"{url('sprint_detail', workspace, sprint.pk)}?lanes=member"
        client = browse(marketer)
        menu = client.get(url("story_place", workspace, _story("A").pk), {"next": board}, headers=HTMX)
        data = {"column": "todo", "lanes": "member", "lane_was": "0", "lane_to": marketer.pk, "next": board}

        page = client.post(url("story_move", workspace, _story("A").pk), data, headers=BOARD, follow=True)

        assert f"Move to lane “{marketer}”" in menu.content.decode()
        assert "Move to lane “Nobody yet”" not in menu.content.decode()
        assert f"“A” is in “To do” of lane “{marketer}” now, number 1 of 1" in page.content.decode()

    def test_the_charts_beside_the_board_come_with_it(
        self, workspace: Workspace, marketer: Member, sprint: Sprint, browse: Browse
    ) -> None:
        data = {"column": "done", "next": url("sprint_detail", workspace, sprint.pk)}

        page = browse(marketer).post(url("story_move", workspace, _story("A").pk), data, headers=BOARD, follow=True)

        assert 'id="sprint-trend" class="stack" hx-swap-oob="true"' in page.content.decode()

    def test_over_lanes_it_is_assigned(
        self, workspace: Workspace, marketer: Member, sprint: Sprint, browse: Browse
    ) -> None:
        data = {"column": "todo", "lanes": "member", "lane_was": "0", "lane_to": marketer.pk}

        browse(marketer).post(url("story_move", workspace, _story("A").pk), data)

        assert _story("A").assignee == marketer

    @pytest.mark.parametrize("data", [{"column": "77"}, {"before": "77"}, {"after": "x"}, {"lanes": "x"}])
    def test_places_that_are_not_there_are_refused(
        self, workspace: Workspace, marketer: Member, sprint: Sprint, browse: Browse, data: dict[str, str]
    ) -> None:
        answer = browse(marketer).post(url("story_move", workspace, _story("A").pk), data)

        assert answer.status_code == 409

    def test_work_of_the_backlog_does_not_begin_on_the_board(
        self, workspace: Workspace, marketer: Member, browse: Browse
    ) -> None:
        story = StoryFactory.create(workspace=workspace)

        answer = browse(marketer).post(url("story_move", workspace, story.pk), {"column": "doing"})

        assert "Put it into the running sprint first" in answer.content.decode()


def _rows(workspace: Workspace, **changes: str) -> dict[str, str]:
    """What the form of all columns posts."""
    columns = columns_of(workspace)
    sent = {"column-TOTAL_FORMS": str(len(columns)), "column-INITIAL_FORMS": str(len(columns))}
    for n, column in enumerate(columns):
        sent |= {f"column-{n}-pk": str(column.pk or ""), f"column-{n}-name": column.name}
        sent |= {f"column-{n}-status": column.status, f"column-{n}-wip_limit": str(column.wip_limit or "")}
    return sent | changes


class TestSettings:
    def _names(self, workspace: Workspace) -> list[str]:
        return list(BoardColumn.objects.for_workspace(workspace).order_by("position").values_list("name", flat=True))

    def test_names_and_limits_are_saved(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        sent = _rows(workspace, **{"column-1-name": "Writing", "column-1-wip_limit": "3"})

        browse(lead).post(url("settings_board", workspace), sent)

        assert self._names(workspace) == ["To do", "Writing", "In review", "Done"]
        assert BoardColumn.objects.get(name="Writing").wip_limit == 3

    def test_a_new_one_comes_behind_those_of_its_group(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        sent = {"add": "1", "new-name": "Photo shoot", "new-status": "doing", "new-wip_limit": ""}

        browse(lead).post(url("settings_board", workspace), sent)

        assert self._names(workspace) == ["To do", "In production", "Photo shoot", "In review", "Done"]

    @pytest.mark.parametrize(
        ("do", "names"),
        [
            ("left-1", "In production|To do|In review|Done"),
            ("right-1", "To do|In review|In production|Done"),
            ("remove-1", "To do|In review|Done"),
            ("left-0", "To do|In production|In review|Done"),
            ("remove-9", "To do|In production|In review|Done"),
        ],
    )
    def test_its_buttons_shift_and_remove(
        self, workspace: Workspace, lead: Member, browse: Browse, do: str, names: str
    ) -> None:
        client = browse(lead)
        client.post(url("settings_board", workspace), _rows(workspace, **{"column-0-wip_limit": "9"}))

        client.post(url("settings_board", workspace), _rows(workspace, do=do))

        assert "|".join(self._names(workspace)) == names

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"column-1-name": ""}, "This field is required"),
            ({"column-1-name": "Done"}, "Two columns have the same name"),
            ({"column-0-status": "doing"}, "needs a column for “To do”"),
            ({"column-1-wip_limit": "0"}, "greater than or equal to 1"),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_stays(
        self, workspace: Workspace, lead: Member, browse: Browse, changes: dict[str, str], said: str
    ) -> None:
        page = browse(lead).post(
            url("settings_board", workspace), _rows(workspace, **{"column-2-name": "Reading", **changes})
        )

        assert page.status_code == 422
        assert said in page.content.decode()
        assert "Reading" in page.content.decode()

    def test_a_column_added_by_somebody_else_is_not_lost(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        client = browse(lead)
        client.post(url("settings_board", workspace), _rows(workspace, **{"column-1-name": "Writing"}))
        old = _rows(workspace)
        ColumnFactory.create(workspace=workspace, name="Photos")

        page = client.post(url("settings_board", workspace), old | {"column-1-name": "Texts"})

        assert page.status_code == 422
        assert "meanwhile" in page.content.decode()
        assert "Photos" in self._names(workspace)


class TestBlockers:
    def test_what_is_in_the_way_is_said_and_cleared(
        self, workspace: Workspace, marketer: Member, lead: Member, browse: Browse
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        client = browse(marketer)

        page = client.post(
            url("story_block", workspace, story.pk), {"reason": "No feed", "owner": lead.pk}, follow=True
        )
        assert f"{lead} clears it" in page.content.decode()

        page = client.post(url("blocker_resolve", workspace, story.blockers.get().pk), follow=True)
        assert f"cleared by {marketer}" in page.content.decode()
        assert story.blocked_by == ""

    def test_the_card_says_reason_owner_and_age(
        self, workspace: Workspace, lead: Member, sprint: Sprint, now: datetime, browse: Browse
    ) -> None:
        BlockerFactory.create(story=_story("A"), owner=lead, since=now - timedelta(days=3))

        said = browse(lead).get(url("sprint_detail", workspace, sprint.pk)).content.decode()

        assert f"No product feed<small>{lead}, 3\xa0days</small>" in said

    @pytest.mark.parametrize("reason", ["", "x" * 201])
    def test_a_reason_is_one_sentence(
        self, workspace: Workspace, marketer: Member, browse: Browse, reason: str
    ) -> None:
        story = StoryFactory.create(workspace=workspace)

        page = browse(marketer).post(url("story_block", workspace, story.pk), {"reason": reason})

        assert page.status_code == 422
        assert story.blocked_by == ""

    def test_it_leads_back_to_the_board_it_came_from(
        self, workspace: Workspace, marketer: Member, sprint: Sprint, browse: Browse
    ) -> None:
        there = url("sprint_detail", workspace, sprint.pk)

        answer = browse(marketer).post(
            url("story_block", workspace, _story("A").pk), {"reason": "No feed", "next": there}
        )

        assert answer.headers["Location"] == there
