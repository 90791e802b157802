"""Answers to questions: from what people and programs send to what is stored, and on to attributes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from audience.attributes import NO, YES, AttributeRefused, stored_value
from audience.models import AnswerValue, AttributeDefinition, AttributeKind, QuestionKind, SurveyQuestion
from emailops.lib.errors import DomainError

LONGEST_SHORT, LONGEST_TEXT = 300, 5000
FILLS: dict[QuestionKind, frozenset[AttributeKind]] = {
    QuestionKind.NPS: frozenset({AttributeKind.NUMBER, AttributeKind.TEXT}),
    QuestionKind.RATING: frozenset({AttributeKind.NUMBER, AttributeKind.TEXT}),
    QuestionKind.CHOICE: frozenset({AttributeKind.CHOICE, AttributeKind.TEXT}),
    QuestionKind.SEVERAL: frozenset({AttributeKind.LIST}),
    QuestionKind.YES_NO: frozenset({AttributeKind.BOOLEAN, AttributeKind.TEXT}),
    QuestionKind.SHORT: frozenset({
        AttributeKind.TEXT, AttributeKind.NUMBER, AttributeKind.MONEY, AttributeKind.DATE,
    }),
    QuestionKind.LONG: frozenset(),
}  # fmt: skip
"""Which attributes a question can fill."""


class AnswerRefused(DomainError):
    """What was said is no answer to the question."""

    code = "answer_refused"
    status = 400


@dataclass(frozen=True, slots=True)
class Read:
    """An answer as it is stored."""

    number: int | None = None
    choices: list[str] = field(default_factory=list)
    text: str = ""

    @property
    def is_empty(self) -> bool:
        return self.number is None and not self.choices and not self.text


def read_answer(question: SurveyQuestion, given: Any) -> Read:
    """What is stored of what was sent; an empty one for nothing. Raises `AnswerRefused`, naming the question."""
    if given is None or given in ("", []):
        return Read()
    try:
        read = _READERS[QuestionKind(question.kind)](question, given)
        _require_attribute(question, read)
    except (ValueError, TypeError) as error:
        raise refused(question, _("“%(value)s” is no answer to this question.") % {"value": str(given)[:60]}) from error
    return read


def refused(question: SurveyQuestion, words: str) -> AnswerRefused:
    return AnswerRefused(words, fields={name_of(question): [words]})


def name_of(question: SurveyQuestion) -> str:
    """The name of a question in forms and in the API."""
    return f"q{question.pk}"


def for_attribute(question: SurveyQuestion, definition: AttributeDefinition, read: Read) -> Any:
    """What an attribute keeps of an answer. Raises `AttributeRefused`."""
    if question.kind in {QuestionKind.CHOICE, QuestionKind.SEVERAL}:
        labels = {choice["key"]: choice["label"] for choice in question.choices}
        said = [labels.get(key, key) for key in read.choices]
        return stored_value(definition, said if question.kind == QuestionKind.SEVERAL else said[0])
    if question.kind == QuestionKind.YES_NO:
        return stored_value(definition, bool(read.number) if definition.kind == AttributeKind.BOOLEAN else _word(read))
    return stored_value(definition, read.text if read.number is None else read.number)


def _word(read: Read) -> str:
    return _("Yes") if read.number else _("No")


def _require_attribute(question: SurveyQuestion, read: Read) -> None:
    if question.attribute is None or question.attribute.archived_at is not None or read.is_empty:
        return
    try:
        for_attribute(question, question.attribute, read)
    except AttributeRefused as refusal:
        raise refused(question, str(refusal)) from refusal


def _score(question: SurveyQuestion, given: Any) -> Read:
    if isinstance(given, bool | float | list | dict):
        raise TypeError
    number = int(str(given).strip()) if str(given).strip().isascii() else -1
    if number not in question.scale:
        raise ValueError
    return Read(number)


def _yes_no(_question: SurveyQuestion, given: Any) -> Read:
    if isinstance(given, bool):
        return Read(int(given))
    word = str(given).strip().lower()
    if word in YES:
        return Read(1)
    if word in NO:
        return Read(0)
    raise ValueError


def _choices(question: SurveyQuestion, given: Any) -> Read:
    """Keys of choices, in the order of the question."""
    wanted = {str(part) for part in (given if isinstance(given, list) else [given])}
    known = [choice["key"] for choice in question.choices]
    if wanted - set(known) or (question.kind == QuestionKind.CHOICE and len(wanted) > 1):
        raise ValueError
    return Read(choices=[key for key in known if key in wanted])


def _text(question: SurveyQuestion, given: Any) -> Read:
    if isinstance(given, list | dict):
        raise TypeError
    text = str(given).replace("\r\n", "\n").strip()
    if len(text) > longest_text(question) or "\0" in text:
        raise ValueError
    return Read(text=text)


def longest_text(question: SurveyQuestion) -> int:
    return LONGEST_SHORT if question.kind == QuestionKind.SHORT else LONGEST_TEXT


def number_of(value: AnswerValue | Read | None) -> int | None:
    return value.number if value else None


_READERS: dict[QuestionKind, Callable[[SurveyQuestion, Any], Read]] = {
    QuestionKind.NPS: _score,
    QuestionKind.RATING: _score,
    QuestionKind.YES_NO: _yes_no,
    QuestionKind.CHOICE: _choices,
    QuestionKind.SEVERAL: _choices,
    QuestionKind.SHORT: _text,
    QuestionKind.LONG: _text,
}
