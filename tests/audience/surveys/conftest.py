"""A survey with one question: would you recommend us."""

import pytest

from audience.models import Survey, SurveyQuestion
from tests.factories.audience import QuestionFactory, SurveyFactory
from workspaces.models import Workspace


@pytest.fixture
def survey(workspace: Workspace) -> Survey:
    made: Survey = SurveyFactory.create(workspace=workspace)
    return made


@pytest.fixture
def score(survey: Survey) -> SurveyQuestion:
    made: SurveyQuestion = QuestionFactory.create(survey=survey, position=0)
    return made
