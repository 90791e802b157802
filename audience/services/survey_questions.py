"""Verbs on the questions of a survey: ask, change, put in order, ask no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from audience.attributes import AttributeRefused
from audience.models import AttributeDefinition, QuestionKind, Survey, SurveyQuestion
from audience.models.surveys import CHOOSING_KINDS, SCORED
from audience.services.surveys import SurveyRefused, locked_survey
from audience.survey_values import FILLS, Read, for_attribute
from workspaces.audit import record
from workspaces.live import announce
from workspaces.models import Language, Member

MOST_QUESTIONS, MOST_CHOICES = 20, 20
LONGEST_LABEL = 80
STEERING = frozenset({*SCORED, QuestionKind.YES_NO})
"""Kinds by whose number another question can be shown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is written. `texts` are other languages' words; choices are `{"label", "labels"?, "key"?}`."""

    kind: QuestionKind
    text: str
    texts: Mapping[str, str] = field(default_factory=dict)
    choices: Sequence[Mapping[str, Any]] = ()
    is_required: bool = False
    attribute: AttributeDefinition | None = None
    after: SurveyQuestion | None = None
    shown_from: int | None = None
    shown_to: int | None = None


def current_questions(survey: Survey) -> list[SurveyQuestion]:
    """The questions that are asked, in their order, each with its attribute. One query."""
    found = SurveyQuestion.objects.filter(survey=survey, archived_at=None).select_related("attribute")
    questions = list(found.order_by("position", "pk"))
    for question in questions:
        question.survey = survey
    return questions


@transaction.atomic
def add_question(*, survey: Survey, asked: Asked, by: Member, now: datetime) -> SurveyQuestion:
    """Ask something more, as the last question. Raises `SurveyRefused`."""
    row = locked_survey(survey)
    count = row.questions.filter(archived_at=None).count()
    if count >= MOST_QUESTIONS:
        raise SurveyRefused(
            _("A survey has at most %(most)d questions; few people answer ten.") % {"most": MOST_QUESTIONS}
        )
    last = row.questions.order_by("-position").values_list("position", flat=True).first()
    position = 0 if last is None else last + 1
    question = SurveyQuestion(workspace=row.workspace, survey=row, position=position)
    _fill(question, asked)
    question.save()
    record("survey.question_added", row, by=by, now=now, question=question.text)
    announce(row.workspace, "survey", row.pk)
    return question


@transaction.atomic
def change_question(*, question: SurveyQuestion, asked: Asked, by: Member, now: datetime) -> SurveyQuestion:
    """Change a question. Once it was answered, its kind and the choices that people made stay.

    Another wording is written down beside the former one in the audit log. Raises `SurveyRefused`.
    """
    survey = locked_survey(question.survey)
    row = SurveyQuestion.objects.select_related("attribute").get(pk=question.pk)
    row.survey, before = survey, (row.kind, row.text, {choice["key"]: choice["label"] for choice in row.choices})
    _fill(row, asked)
    _require_meaning(row, before[0], before[2])
    row.save()
    record("survey.question_changed", survey, by=by, now=now, question=row.text, before=before[1])
    announce(survey.workspace, "survey", survey.pk)
    return row


@transaction.atomic
def move_question(*, question: SurveyQuestion, up: bool, by: Member, now: datetime) -> None:
    """Change places with the question before or after it. At the end nothing changes.

    Raises `SurveyRefused` when it would come before the question that it follows up.
    """
    survey = locked_survey(question.survey)
    rows = current_questions(survey)
    at = next((place for place, row in enumerate(rows) if row.pk == question.pk), None)
    to = None if at is None else at + (-1 if up else 1)
    if at is None or to is None or not 0 <= to < len(rows):
        return
    first, second = sorted((at, to))
    if rows[second].after_id == rows[first].pk:
        raise SurveyRefused(_("It follows up the question before it, so it stays behind it."))
    rows[at], rows[to] = rows[to], rows[at]
    for position, row in enumerate(rows):
        row.position = position
    SurveyQuestion.objects.bulk_update(rows, ["position"])
    record("survey.question_moved", survey, by=by, now=now, question=question.text)


@transaction.atomic
def remove_question(*, question: SurveyQuestion, by: Member, now: datetime) -> None:
    """Ask it no more, nor what follows it up. What was answered stays in the results. Repeating is harmless."""
    survey = locked_survey(question.survey)
    for row in (*question.follow_ups.filter(archived_at=None), question):
        if not SurveyQuestion.objects.filter(pk=row.pk, archived_at=None).update(archived_at=now):
            continue
        if not row.values.exists():
            SurveyQuestion.objects.filter(pk=row.pk).delete()
        record("survey.question_removed", survey, by=by, now=now, question=row.text)
    announce(survey.workspace, "survey", survey.pk)


def _fill(row: SurveyQuestion, asked: Asked) -> None:
    if not asked.text.strip():
        raise SurveyRefused(_("Write the question."), fields={"text": [_("Empty.")]})
    row.kind, row.text, row.is_required = asked.kind, asked.text.strip(), asked.is_required
    row.texts = {lang: text.strip() for lang, text in asked.texts.items() if lang in Language and text.strip()}
    row.choices = _read_choices(asked.choices, row.choices) if asked.kind in CHOOSING_KINDS else []
    _fill_condition(row, asked)
    _fill_attribute(row, asked.attribute)


def _fill_condition(row: SurveyQuestion, asked: Asked) -> None:
    row.after, row.shown_from, row.shown_to = asked.after, None, None
    if asked.after is None:
        return
    before = asked.after
    is_fit = before.survey_id == row.survey_id and before.kind in STEERING and before.archived_at is None
    if not is_fit or before.pk == row.pk or before.position >= row.position or before.after_id is not None:
        words = _("It can follow up a question with scores, or yes and no, that comes before it.")
        raise SurveyRefused(words, fields={"after": [words]})
    low, high = asked.shown_from, asked.shown_to
    if low is None or high is None or not 0 <= low <= high <= before.highest:
        words = _("Say from which score to which, the lower one first.")
        raise SurveyRefused(words, fields={"shown_from": [words]})
    row.shown_from, row.shown_to = low, high


def _fill_attribute(row: SurveyQuestion, attribute: AttributeDefinition | None) -> None:
    """An attribute that can keep everything one can answer."""
    row.attribute = attribute
    if attribute is None:
        return
    if attribute.kind not in FILLS[QuestionKind(row.kind)] or attribute.workspace_id != row.workspace_id:
        raise _unfit(_("This attribute cannot keep answers of this kind."))
    try:
        for choice in row.choices:
            for_attribute(row, attribute, Read(choices=[choice["key"]]))
    except AttributeRefused as refusal:
        raise _unfit(str(refusal)) from refusal


def _unfit(words: str) -> SurveyRefused:
    return SurveyRefused(words, fields={"attribute": [words]})


def _read_choices(given: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    known = {choice["label"].casefold(): choice["key"] for choice in before}
    keys = set(known.values())
    choices: list[dict[str, Any]] = []
    for choice in given:
        label = str(choice.get("label", "")).strip()
        key = choice["key"] if choice.get("key") in keys else known.get(label.casefold()) or _key_of(label)
        labels = {lang: str(said).strip() for lang, said in (choice.get("labels") or {}).items() if str(said).strip()}
        choices.append({"key": key, "label": label, "labels": {k: v for k, v in labels.items() if k in Language}})
    _require_choices(choices)
    return choices


def _require_choices(choices: list[dict[str, Any]]) -> None:
    if not 2 <= len(choices) <= MOST_CHOICES:
        words = _("Offer between two and %(most)d choices.") % {"most": MOST_CHOICES}
        raise SurveyRefused(words, fields={"choices": [words]})
    labels = [choice["label"].casefold() for choice in choices]
    if len(set(labels)) < len(labels) or len({choice["key"] for choice in choices}) < len(choices):
        words = _("Two choices say the same.")
        raise SurveyRefused(words, fields={"choices": [words]})
    if any(len(choice["label"]) > LONGEST_LABEL for choice in choices):
        words = _("A choice has at most %(most)d letters.") % {"most": LONGEST_LABEL}
        raise SurveyRefused(words, fields={"choices": [words]})


def _key_of(label: str) -> str:
    key = slugify(label, allow_unicode=True)[:40].strip("-")
    if not key:
        words = _("A choice needs at least one letter or digit.")
        raise SurveyRefused(words, fields={"choices": [words]})
    return key


def _require_meaning(row: SurveyQuestion, kind: str, choices: Mapping[str, str]) -> None:
    answered = row.values.all()
    if row.kind != kind and answered.exists():
        words = _("It was answered already, so its kind stays. Remove it and ask a new question instead.")
        raise SurveyRefused(words, fields={"kind": [words]})
    for key in set(choices) - {choice["key"] for choice in row.choices}:
        if answered.filter(choices__contains=[key]).exists():
            words = _("“%(choice)s” was chosen by somebody: keep it.") % {"choice": choices[key]}
            raise SurveyRefused(words, fields={"choices": [words]})
