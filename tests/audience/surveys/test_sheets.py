"""The answers to one survey taken away as a sheet: in the browser, by the API, from the command line."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from audience.exports import ExportWhat, Wanted, export
from audience.finding import ContactFilter
from audience.models import AnswerValue, QuestionKind, Survey, SurveyAnswer, SurveyQuestion
from tests.factories.audience import AnswerFactory, ContactFactory, QuestionFactory, SurveyFactory
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey(workspace: Workspace) -> Survey:
    made: Survey = SurveyFactory.create(workspace=workspace, name="Spring", slug="spring")
    return made


@pytest.fixture
def score(survey: Survey) -> SurveyQuestion:
    made: SurveyQuestion = QuestionFactory.create(survey=survey, text="Would you?")
    return made


@pytest.fixture
def gone(survey: Survey) -> SurveyQuestion:
    made: SurveyQuestion = QuestionFactory.create(
        survey=survey, kind=QuestionKind.YES_NO, text="Been here?", position=0, archived_at=timezone.now()
    )
    return made


@pytest.fixture
def answer(survey: Survey, score: SurveyQuestion, gone: SurveyQuestion, now: datetime) -> SurveyAnswer:
    """Ann's, to both questions; somebody else answered another survey."""
    ann = ContactFactory.create(workspace=survey.workspace, email="ann@example.org")
    made: SurveyAnswer = AnswerFactory.create(survey=survey, contact=ann, at=now)
    for question, number in ((score, 9), (gone, 1)):
        AnswerValue.objects.create(workspace=survey.workspace, answer=made, question=question, number=number)
    AnswerFactory.create(survey__workspace=survey.workspace)
    return made


def _lines(raw: bytes) -> list[str]:
    return raw.decode("utf-8-sig").splitlines()


def test_a_row_is_one_answer_and_a_column_one_question_those_asked_no_more_last(
    lead: Member, survey: Survey, answer: SurveyAnswer, score: SurveyQuestion, gone: SurveyQuestion, now: datetime
) -> None:
    wanted = Wanted(what=ExportWhat.ANSWERS, survey=survey)

    header, row = _lines(b"".join(export(workspace=survey.workspace, wanted=wanted, by=lead, now=now)))

    assert header == f"answer,email,at,by_way_of,is_latest,q{score.pk},q{gone.pk}"
    assert row.startswith(f"{answer.pk},ann@example.org,")
    assert row.endswith(",link,yes,9,Yes")
    assert AuditEntry.objects.get().detail["survey"] == "spring"
    assert wanted.filename == "answers-spring.csv"


def test_answers_without_a_name_go_out_unless_people_are_asked_for(
    lead: Member, survey: Survey, answer: SurveyAnswer, now: datetime
) -> None:
    AnswerFactory.create(survey=survey, contact=None)
    counts = []

    for narrowed in (ContactFilter(), ContactFilter(q="ann")):
        wanted = Wanted(what=ExportWhat.ANSWERS, survey=survey, narrowed=narrowed)
        counts.append(len(_lines(b"".join(export(workspace=survey.workspace, wanted=wanted, by=lead, now=now)))) - 1)

    assert counts == [2, 1]


def test_the_page_of_results_leads_to_a_sheet_of_this_survey(
    browse: Callable[[Member], Client], lead: Member, survey: Survey, answer: SurveyAnswer
) -> None:
    client, export_url = browse(lead), reverse("audience:export", args=[survey.workspace.slug])
    address = f"{export_url}?what=answers&amp;survey={survey.pk}"
    results = client.get(reverse("audience:survey_detail", args=[survey.workspace.slug, survey.pk])).content.decode()

    page = client.get(f"{export_url}?what=answers&survey={survey.pk}").content.decode()
    given = {"what": "answers", "survey": survey.pk, "form": "csv", "has_words": "on"}
    file = client.post(export_url, given)

    assert address in results
    assert f'<option value="{survey.pk}" selected>' in page
    assert _lines(b"".join(file))[0] == "Answer,E-mail address,When,By way of,Counts,Would you?,Been here?"


def test_the_api_and_the_command_give_the_same_sheet(
    api: Callable[..., APIClient], lead: Member, survey: Survey, answer: SurveyAnswer, tmp_path: Path
) -> None:
    target = tmp_path / "answers.csv"

    by_api = api(lead).post(reverse("api:export-list"), {"what": "answers", "survey": survey.pk}, format="json")
    call_command(
        "export_contacts",
        "--workspace",
        survey.workspace.slug,
        "--what",
        "answers",
        "--survey",
        "Spring",
        "--to",
        target,
    )

    sheet = b"".join(by_api)
    assert len(_lines(sheet)) == 2
    assert target.read_bytes() == sheet


def test_a_survey_of_another_workspace_is_none(
    api: Callable[..., APIClient], browse: Callable[[Member], Client], lead: Member, outsider: Member
) -> None:
    theirs = SurveyFactory.create(workspace=outsider.workspace)
    url = reverse("audience:export", args=[lead.workspace.slug])

    by_api = api(lead).post(reverse("api:export-list"), {"what": "answers", "survey": theirs.pk}, format="json")
    by_page = browse(lead).post(url, {"what": "answers", "survey": theirs.pk, "form": "csv"})

    assert (by_api.status_code, by_page.status_code) == (400, 422)
