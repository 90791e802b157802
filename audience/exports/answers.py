"""The answers to one survey as a sheet: a row for each answer, a column for each question."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audience.models import AnswerValue, QuestionKind, Survey, SurveyAnswer, SurveyQuestion
from audience.survey_values import name_of
from workspaces.models import Member

FIXED = ("answer", "email", "at", "by_way_of", "is_latest")


def question_words(survey: Survey) -> dict[str, str]:
    """Every question that was ever asked, by the name of its column; those that are asked no more come last."""
    questions = SurveyQuestion.objects.filter(survey=survey).order_by("archived_at", "position", "pk")
    asked = sorted(questions, key=lambda question: question.archived_at is not None)
    return {name_of(question): question.text for question in asked}


def sheet_rows(survey: Survey, by: Member, people: Any, *, chunk: int) -> Iterator[Sequence[object]]:
    """The oldest first. `people` narrows to answers of these contacts; None leaves in those without a name."""
    columns = list(question_words(survey))
    answers = SurveyAnswer.objects.seen_by(by).filter(survey=survey).select_related("contact")
    if people is not None:
        answers = answers.filter(contact__in=people)
    found = answers.prefetch_related("values__question").order_by("at", "pk")
    for answer in found.iterator(chunk_size=chunk):
        said = {name_of(value.question): _said(value) for value in answer.values.all()}
        yield [*_fixed(answer), *_in_order(said, columns)]


def _fixed(answer: SurveyAnswer) -> list[object]:
    email = answer.contact.email if answer.contact else ""
    return [answer.pk, email, answer.at, answer.source, answer.is_latest]


def _in_order(said: Mapping[str, object], columns: Sequence[str]) -> list[object]:
    return [said.get(column, "") for column in columns]


def _said(value: AnswerValue) -> object:
    """A score as a number, all else as people read it."""
    is_word = value.number is None or value.question.kind == QuestionKind.YES_NO
    return value.shown if is_word else value.number
