"""What open pages hear of, and what they do not."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any, cast

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from pytest_django import Settings

from emailops.lib.live import MOST_UNHEARD, Hub, Listener
from tests.factories.workspaces import WorkspaceFactory
from workspaces.live import MOST_TOPICS, RETRY, announce, asked_topics, stream, topic_of
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)
SOON = 5.0  # seconds in which a word has to arrive


async def _heard(workspace: Workspace, topics: set[str], then: Callable[[], object]) -> bytes:
    """The first that a page which follows these topics is told."""
    words = cast("AsyncGenerator[bytes]", stream(workspace.pk, topics))
    assert await anext(words) == RETRY
    first = asyncio.ensure_future(_first_word(words))
    await asyncio.sleep(0.3)  # until Redis knows that we listen
    await sync_to_async(_in_a_thread)(then)
    heard = await asyncio.wait_for(first, SOON)
    await words.aclose()
    return heard


async def _first_word(words: AsyncGenerator[bytes]) -> bytes:
    async for word in words:
        if word.startswith(b"data"):
            return word
    raise AssertionError("the stream ended")


def _in_a_thread(then: Callable[[], object]) -> None:
    then()
    connection.close()


def _listen(workspace: Workspace, topics: set[str], then: Callable[[], object]) -> bytes:
    return asyncio.run(_heard(workspace, topics, then))


def test_a_page_hears_of_what_it_shows() -> None:
    workspace = WorkspaceFactory.create()

    assert _listen(workspace, {"sprint-12"}, lambda: announce(workspace, "sprint", 12)) == b"data: sprint-12\n\n"


def test_a_page_hears_nothing_of_another_workspace_or_of_what_it_does_not_show() -> None:
    workspace, other = WorkspaceFactory.create_batch(2)

    def change() -> None:
        announce(other, "sprint", 12)
        announce(workspace, "sprint", 13)
        announce(workspace, "sprint", 12)

    assert _listen(workspace, {"sprint-12"}, change) == b"data: sprint-12\n\n"


def test_nothing_is_said_before_the_commit_or_without_one() -> None:
    workspace = WorkspaceFactory.create()

    def change_and_think_again() -> None:
        with transaction.atomic():
            announce(workspace, "sprint", 1)
            raise RuntimeError

    def change() -> None:
        with pytest.raises(RuntimeError):
            change_and_think_again()
        with transaction.atomic():
            announce(workspace, "sprint", 2)

    assert _listen(workspace, {"sprint-1", "sprint-2"}, change) == b"data: sprint-2\n\n"


def test_a_write_succeeds_while_redis_is_away(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    monkeypatch.setattr("emailops.lib.live.PATIENCE", 0.2)

    announce(WorkspaceFactory.create(), "sprint", 1)


def test_a_listener_hears_a_topic_once_and_is_overrun_when_it_does_not_listen() -> None:
    async def listen() -> tuple[list[str], bool, bool]:
        listener = Listener()
        for _time in range(3):
            listener.hear("sprint-1")
        was_overrun = listener.is_overrun
        said = await listener.next(SOON)
        for number in range(MOST_UNHEARD + 1):
            listener.hear(f"sprint-{number}")
        return said, was_overrun, listener.is_overrun

    assert asyncio.run(listen()) == (["sprint-1"], False, True)


def test_who_has_left_keeps_nothing_open() -> None:
    async def visit() -> tuple[int, int, Any]:
        hub = Hub()
        async with hub.listener(1), hub.listener(2):
            inside = len(hub._rooms)
        return inside, len(hub._rooms), hub._ear

    assert asyncio.run(visit()) == (2, 0, None)


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("sprint-1,poker-22", {"sprint-1", "poker-22"}),
        ("", set()),
        ("sprint-1,,x,SPRINT-1,sprint--1,a b-1,sprint-1\ndata: x", {"sprint-1"}),
    ],
)
def test_only_topics_are_followed(text: str, topics: set[str]) -> None:
    assert asked_topics(text) == topics


def test_a_page_follows_a_bounded_number_of_topics() -> None:
    assert len(asked_topics(",".join(f"sprint-{number}" for number in range(500)))) == MOST_TOPICS


def test_a_kind_is_a_plain_word() -> None:
    with pytest.raises(ValueError, match="no topic"):
        topic_of("Sprint 1\n", 2)
