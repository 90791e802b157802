"""The board by API: columns, moves that say what they saw, blockers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from sprints.models import BoardColumn, Story
from sprints.services.stories import move_story
from tests.factories.sprints import BlockerFactory, SprintFactory, StoryFactory
from workspaces.models import Member, Workspace

COLUMNS: list[dict[str, Any]] = [
    {"name": "Ready", "status": "todo"},
    {"name": "Writing", "status": "doing", "wip_limit": 2},
    {"name": "Photos", "status": "doing"},
    {"name": "Sent", "status": "done"},
]


@pytest.fixture
def client(api: Callable[..., APIClient], lead: Member) -> APIClient:
    return api(lead)


@pytest.fixture
def story(workspace: Workspace) -> Story:
    made: Story = StoryFactory.create(
        workspace=workspace, sprint=SprintFactory.create(workspace=workspace, running=True)
    )
    return made


def _put(client: APIClient, columns: list[dict[str, Any]]) -> Any:
    return client.put("/api/v1/board/columns/", {"columns": columns}, format="json")


class TestColumns:
    def test_the_usual_four_have_no_id_yet(self, client: APIClient) -> None:
        found = client.get("/api/v1/board/columns/").json()

        assert [(column["id"], column["status"]) for column in found] == [
            (None, status) for status in ("todo", "doing", "review", "done")
        ]

    def test_they_are_set_and_read(self, client: APIClient) -> None:
        answer = _put(client, COLUMNS)

        assert answer.status_code == 200
        assert answer.json() == client.get("/api/v1/board/columns/").json()
        assert [(column["name"], column["wip_limit"]) for column in answer.json()] == [
            ("Ready", None), ("Writing", 2), ("Photos", None), ("Sent", None)
        ]  # fmt: skip

    def test_what_keeps_its_id_stays(self, client: APIClient) -> None:
        ready, writing, _photos, sent = _put(client, COLUMNS).json()

        again = _put(client, [ready, {**writing, "name": "Texts"}, sent]).json()

        assert [column["id"] for column in again] == [ready["id"], writing["id"], sent["id"]]
        assert not BoardColumn.objects.filter(name="Photos").exists()

    @pytest.mark.parametrize("columns", [[], COLUMNS[:3], [*COLUMNS, {"id": 77, "name": "X", "status": "todo"}]])
    def test_what_cannot_be_is_refused(self, client: APIClient, columns: list[dict[str, Any]]) -> None:
        answer = _put(client, columns)

        assert (answer.status_code, answer.json()["code"]) == (409, "columns_refused")


class TestMoves:
    def _move(self, client: APIClient, story: Story, **data: Any) -> Any:
        return client.post(f"/api/v1/stories/{story.pk}/move/", data, format="json")

    def test_into_a_column_by_its_id_or_its_group(self, client: APIClient, story: Story) -> None:
        _ready, writing, photos, _sent = _put(client, COLUMNS).json()

        moved = self._move(client, story, column=photos["id"]).json()
        assert (moved["status"], moved["column"]) == ("doing", photos["id"])

        self._move(client, story, column="todo")
        moved = self._move(client, story, column="doing").json()
        assert (moved["status"], moved["column"]) == ("doing", writing["id"])

    def test_after_another_story(self, client: APIClient, story: Story) -> None:
        others = StoryFactory.create_batch(2, workspace=story.workspace, sprint=story.sprint)

        self._move(client, story, after=others[0].pk)

        assert list(Story.objects.ranked()) == [others[0], story, others[1]]

    def test_a_version_that_is_old_is_a_conflict(
        self, client: APIClient, story: Story, lead: Member, now: datetime
    ) -> None:
        StoryFactory.create(workspace=story.workspace, sprint=story.sprint)
        seen = client.get(f"/api/v1/stories/{story.pk}/").json()["version"]
        move_story(story=story, by=lead, now=now)

        answer = self._move(client, story, column="doing", version=seen)
        assert (answer.status_code, answer.json()["code"]) == (409, "move_conflict")

        now_seen = client.get(f"/api/v1/stories/{story.pk}/").json()["version"]
        assert self._move(client, story, column="doing", version=now_seen).status_code == 200

    def test_a_column_that_is_not_there(self, client: APIClient, story: Story) -> None:
        answer = self._move(client, story, column="77")

        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["column"])


class TestBlockers:
    def test_it_is_said_read_and_cleared(self, client: APIClient, story: Story, lead: Member, guest: Member) -> None:
        data = {"story": story.pk, "reason": "No feed", "owner": guest.user.email}

        made = client.post("/api/v1/blockers/", data, format="json")
        assert made.status_code == 201
        assert (made.json()["owner"], made.json()["opened_by"]) == (guest.user.email, lead.user.email)
        assert client.get(f"/api/v1/stories/{story.pk}/").json()["blocked_by"] == "No feed"

        cleared = client.post(f"/api/v1/blockers/{made.json()['id']}/resolve/").json()
        assert cleared["resolved_by"] == lead.user.email
        assert client.get("/api/v1/blockers/?open=1").json()["results"] == []

    def test_those_of_a_story(self, client: APIClient, story: Story) -> None:
        BlockerFactory.create(story__workspace=story.workspace)
        own = BlockerFactory.create(story=story)

        for query, found in ((f"story={story.pk}", [own.pk]), ("story=x", [])):
            rows = client.get(f"/api/v1/blockers/?{query}").json()["results"]
            assert [row["id"] for row in rows] == found

    @pytest.mark.parametrize("reason", ["", "x" * 201])
    def test_a_reason_is_one_sentence(self, client: APIClient, story: Story, reason: str) -> None:
        answer = client.post("/api/v1/blockers/", {"story": story.pk, "reason": reason}, format="json")

        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["reason"])
