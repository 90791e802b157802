"""Sprints in the states that the verbs ask about."""

import pytest

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
