"""The fields over what contacts said in surveys: that they answered, their score, their choices. The latest counts."""

from collections.abc import Callable, Iterator

from django.db.models import Q
from django.utils.translation import gettext as _

from audience.models import AnswerValue, NpsGroup, QuestionKind, Survey, SurveyAnswer, SurveyQuestion
from audience.models.surveys import CHOOSING_KINDS, NPS_RANGES, SCORED, WORDED
from audience.segments.comparing import number_condition
from audience.segments.fields import Ask, Choice, Field, Kind, Test
from audience.segments.history import History
from workspaces.models import Workspace


def survey_fields(workspace: Workspace) -> Iterator[Field]:
    """For each survey that was ever open, whether and when it was answered; for its questions, what was said."""
    surveys = {survey.pk: survey for survey in Survey.objects.for_workspace(workspace).order_by("name", "pk")}
    for survey in surveys.values():
        answers = SurveyAnswer.objects.for_workspace(workspace).filter(survey=survey, contact__isnull=False)
        words = {"survey": survey.name}
        yield Field(
            f"survey.{survey.pk}",
            _("Answered “%(survey)s”") % words,
            _("Surveys"),
            Kind.PAST,
            History(answers, "at").build,
            did=_("answered “%(survey)s”") % words,
            did_not=_("did not answer “%(survey)s”") % words,
        )
    questions = SurveyQuestion.objects.for_workspace(workspace).exclude(kind__in=WORDED)
    for question in questions.order_by("survey__name", "survey", "position", "pk"):
        yield from _of_question(question, surveys[question.survey_id])


def _of_question(question: SurveyQuestion, survey: Survey) -> Iterator[Field]:
    label = _("%(survey)s: %(question)s") % {"survey": survey.name, "question": question.shown_text}
    group = _("Surveys")
    if question.kind == QuestionKind.NPS:
        choices = [Choice(value, str(shown)) for value, shown in NpsGroup.choices]
        whose = _("%(survey)s: promoter, passive or detractor") % {"survey": survey.name}
        yield Field(f"nps_group.{question.pk}", whose, group, Kind.OPTION, _in_group(question), choices)
    if question.kind in SCORED:
        yield Field(f"survey_score.{question.pk}", label, group, Kind.NUMBER, _score(question))
    elif question.kind == QuestionKind.YES_NO:
        yield Field(f"survey_yes.{question.pk}", label, group, Kind.BOOLEAN, _yes(question))
    elif question.kind in CHOOSING_KINDS:
        kind = Kind.OPTION if question.kind == QuestionKind.CHOICE else Kind.SEVERAL
        choices = [Choice(choice["key"], question.choice_label(choice["key"])) for choice in question.choices]
        yield Field(f"survey_choice.{question.pk}", label, group, kind, _chosen(question), choices)


def _latest(question: SurveyQuestion, condition: Q) -> Test:
    """Whose latest answer holds a value like this."""
    fitting = AnswerValue.objects.filter(condition, question=question).values("answer")
    rows = SurveyAnswer.objects.filter(
        workspace=question.workspace_id, survey=question.survey_id, is_latest=True, contact__isnull=False
    )
    return Test(rows=rows.filter(pk__in=fitting), is_single=True)


def _score(question: SurveyQuestion) -> Callable[[Ask], Test]:
    def build(ask: Ask) -> Test:
        known = Q(number__isnull=False)
        return _latest(question, known if ask.op == "is_set" else known & number_condition("number", ask))

    return build


def _in_group(question: SurveyQuestion) -> Callable[[Ask], Test]:
    def build(ask: Ask) -> Test:
        if ask.op == "is_set":
            return _latest(question, Q(number__isnull=False))
        ranges = [NPS_RANGES[NpsGroup(group)] for group in ask.value]
        fits = Q()
        for low, high in ranges:
            fits |= Q(number__gte=low, number__lte=high)
        return _latest(question, fits)

    return build


def _yes(question: SurveyQuestion) -> Callable[[Ask], Test]:
    numbers = {"is_true": Q(number=1), "is_false": Q(number=0), "is_set": Q(number__isnull=False)}
    return lambda ask: _latest(question, numbers[ask.op])


def _chosen(question: SurveyQuestion) -> Callable[[Ask], Test]:
    def build(ask: Ask) -> Test:
        if ask.op == "is_set":
            return _latest(question, ~Q(choices=[]))
        lookup = "contains" if ask.op == "all_of" else "overlap"
        return _latest(question, Q(**{f"choices__{lookup}": ask.value}))

    return build
