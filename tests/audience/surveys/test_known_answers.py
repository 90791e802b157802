"""An answer that comes in again by its own id is the same answer."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from audience.models import Survey, SurveyAnswer
from audience.services.survey_answers import ticket_of
from tests.factories.audience import ContactFactory, QuestionFactory, SurveyFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


@pytest.fixture
def survey(workspace: Workspace) -> Survey:
    made: Survey = SurveyFactory.create(workspace=workspace, may_answer_again=True)
    QuestionFactory.create(survey=made)
    return made


def _sent(survey: Survey, score: int, **more: str) -> dict[str, object]:
    question = survey.questions.get()
    return {"survey": survey.pk, "values": {str(question.pk): score}, **more}


@pytest.mark.parametrize("is_anonymous", [False, True])
def test_the_same_id_is_the_same_answer(is_anonymous: bool, survey: Survey, lead: Member, api: Api) -> None:
    Survey.objects.update(is_anonymous=is_anonymous)
    who = {} if is_anonymous else {"email": ContactFactory.create(workspace=survey.workspace).email}
    client, address = api(lead), reverse("api:survey-answer-list")

    first = client.post(address, _sent(survey, 9, external_id="crm-7", **who), format="json")
    again = client.post(address, _sent(survey, 9, external_id="crm-7", **who), format="json")
    mended = client.post(address, _sent(survey, 3, external_id="crm-7", **who), format="json")
    other = client.post(address, _sent(survey, 9, external_id="crm-8", **who), format="json")

    assert [made.status_code for made in (first, again, mended, other)] == [201, 200, 200, 201]
    assert first.json()["id"] == again.json()["id"] == mended.json()["id"] != other.json()["id"]
    assert SurveyAnswer.objects.count() == 2
    assert SurveyAnswer.objects.get(pk=first.json()["id"]).values.get().number == 3


def test_repeating_is_no_second_answer_of_who_may_answer_once(survey: Survey, lead: Member, api: Api) -> None:
    Survey.objects.update(may_answer_again=False)
    who = {"email": ContactFactory.create(workspace=survey.workspace).email}
    client, address = api(lead), reverse("api:survey-answer-list")

    codes = [
        client.post(address, _sent(survey, 9, **who, **sent), format="json").status_code
        for sent in ({"external_id": "crm-7"}, {"external_id": "crm-7"}, {"external_id": "crm-8"}, {})
    ]

    assert codes == [201, 200, 409, 409]


def test_an_id_of_somebody_elses_answer_is_refused(survey: Survey, lead: Member, api: Api) -> None:
    one, other = ContactFactory.create_batch(2, workspace=survey.workspace)
    client, address = api(lead), reverse("api:survey-answer-list")
    client.post(address, _sent(survey, 9, external_id="crm-7", email=one.email), format="json")

    answer = client.post(address, _sent(survey, 1, external_id="crm-7", email=other.email), format="json")

    assert answer.status_code == 400
    assert SurveyAnswer.objects.get().contact == one


def test_an_id_cannot_be_read_out_of_what_is_kept(survey: Survey) -> None:
    assert ticket_of(survey, "1") != ticket_of(survey, "2")
    assert 0 <= ticket_of(survey, "1") < 2**63
