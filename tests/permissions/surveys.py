"""Rows of the audience app: surveys, questions, answers; and of the stories that are made of answers."""

from typing import Any

from audience.models import AnswerValue, Survey, SurveyAnswer, SurveyQuestion
from tests.factories.audience import AnswerFactory, ContactFactory, QuestionFactory, SurveyFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Member, Workspace
from workspaces.permissions import Can, Role

SEE, EDIT, TEND = Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE, Can.TEND_CONTACTS
WORDS = {"name": "At the till", "title": "How was it?", "button": "Send", "thanks": "Thank you"}
QUESTION = {"text": "Would you recommend us?", "kind": "nps"}


def _survey_row(workspace: Workspace, status: str = "open") -> Survey:
    survey: Survey = SurveyFactory.create(workspace=workspace, status=status)
    QuestionFactory.create(survey=survey)
    return survey


def _survey(workspace: Workspace) -> dict[str, Any]:
    return {"pk": _survey_row(workspace).pk}


def _draft(workspace: Workspace) -> dict[str, Any]:
    return {"pk": _survey_row(workspace, "draft").pk}


def _survey_of_questions(workspace: Workspace) -> dict[str, Any]:
    return {"survey_pk": _survey_row(workspace).pk}


def _question(workspace: Workspace) -> dict[str, Any]:
    survey = _survey_row(workspace)
    return {"pk": QuestionFactory.create(survey=survey).pk}


def _answer_row(workspace: Workspace) -> SurveyAnswer:
    """Of a contact that the seller of the cast looks after, so that every role sees it."""
    seller = Member.objects.for_workspace(workspace).filter(role=Role.SELLER).first()
    survey = _survey_row(workspace)
    question = SurveyQuestion.objects.get(survey=survey)
    contact = ContactFactory.create(workspace=workspace, seller=seller)
    answer: SurveyAnswer = AnswerFactory.create(survey=survey, contact=contact)
    AnswerValue.objects.create(workspace=workspace, answer=answer, question=question, number=9)
    return answer


def _answer(workspace: Workspace) -> dict[str, Any]:
    return {"pk": _answer_row(workspace).pk}


def _sent(workspace: Workspace, _method: str) -> dict[str, Any]:
    answer = _answer_row(workspace)
    SurveyAnswer.objects.filter(pk=answer.pk).delete()
    question = SurveyQuestion.objects.get(survey=answer.survey)
    email = answer.contact.email if answer.contact else ""
    return {"survey": answer.survey_id, "email": email, "values": {str(question.pk): 9}}


ROWS = [
    Row("audience:survey_list", see=SEE),
    Row("audience:survey_new", see=EDIT, act=EDIT, data=lambda _w, _k: WORDS),
    Row("audience:survey_preview", see=EDIT),
    Row("audience:survey_detail", see=SEE, kwargs=_survey),
    Row("audience:survey_edit", see=EDIT, act=EDIT, kwargs=_survey, data=lambda _w, _k: WORDS),
    Row("audience:survey_open", act=EDIT, kwargs=_draft),
    Row("audience:survey_close", act=EDIT, kwargs=_survey),
    Row("audience:survey_archive", act=EDIT, kwargs=_survey),
    Row("audience:question_new", see=EDIT, act=EDIT, kwargs=_survey_of_questions, data=lambda _w, _k: QUESTION),
    Row("audience:question_preview", see=EDIT, kwargs=_survey_of_questions),
    Row("audience:question_edit", see=EDIT, act=EDIT, kwargs=_question, data=lambda _w, _k: QUESTION),
    Row("audience:question_move", act=EDIT, kwargs=_question, data=lambda _w, _k: {"to": "up"}),
    Row("audience:question_remove", act=EDIT, kwargs=_question),
    Row("audience:answer_detail", see=SEE, kwargs=_answer),
    Row(
        "sprints:story_answer",
        see=Can.EDIT_STORIES,
        act=Can.EDIT_STORIES,
        kwargs=_answer,
        data=lambda _w, _k: {"title": "Smaller bottles", "kind": "content"},
    ),
]

API_ROWS = [
    ApiRow("api:survey-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: WORDS),
    ApiRow(
        "api:survey-detail",
        {"get": SEE, "put": EDIT, "delete": EDIT},
        kwargs=_survey,
        data=lambda _w, _m: WORDS,
    ),
    ApiRow("api:survey-open", {"post": EDIT}, kwargs=_draft),
    ApiRow("api:survey-close", {"post": EDIT}, kwargs=_survey),
    ApiRow("api:survey-questions", {"post": EDIT}, kwargs=_survey, data=lambda _w, _m: QUESTION),
    ApiRow("api:survey-results", {"get": SEE}, kwargs=_survey),
    ApiRow(
        "api:survey-question-detail",
        {"get": SEE, "put": EDIT, "delete": EDIT},
        kwargs=_question,
        data=lambda _w, _m: QUESTION,
    ),
    ApiRow("api:survey-question-move", {"post": EDIT}, kwargs=_question, data=lambda _w, _m: {"up": True}),
    ApiRow("api:survey-answer-list", {"get": SEE, "post": TEND}, data=_sent),
    ApiRow("api:survey-answer-detail", {"get": SEE}, kwargs=_answer),
    ApiRow(
        "api:answer-story-list",
        {"post": Can.EDIT_STORIES},
        data=lambda w, _m: {"answer": _answer_row(w).pk, "title": "Smaller bottles"},
    ),
]
