"""Sprints in the states that the verbs ask about."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from redis import Redis

from emailops.lib.live import PREFIX
from sprints.models import Sprint
from tests.factories.sprints import SprintFactory
from workspaces.models import Workspace


@pytest.fixture
def running(workspace: Workspace) -> Sprint:
    made: Sprint = SprintFactory.create(workspace=workspace, running=True)
    return made


@pytest.fixture
def closed(workspace: Workspace) -> Sprint:
    made: Sprint = SprintFactory.create(workspace=workspace, closed=True)
    return made


@pytest.fixture
def told(workspace: Workspace, django_capture_on_commit_callbacks: Any) -> Iterator[Callable[..., set[str]]]:
    """Does something, and returns the topics of which open pages of the workspace are told."""
    with Redis.from_url(settings.REDIS_URL, decode_responses=True) as redis, redis.pubsub() as listener:
        listener.subscribe(f"{PREFIX}{workspace.pk}")
        assert listener.get_message(timeout=5)

        def tell(do: Callable[[], object]) -> set[str]:
            with django_capture_on_commit_callbacks(execute=True):
                do()
            return {message["data"] for message in iter(lambda: listener.get_message(timeout=0.2), None)}

        yield tell
