"""What the answers to a survey come to. No figure stands without the number of answers and its interval."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audience.models import AnswerSource, AnswerValue, NpsGroup, QuestionKind, Survey, SurveyAnswer, SurveyQuestion
from audience.models.surveys import CHOOSING_KINDS, NPS_RANGES, WORDED
from audience.survey_asked import asked_by_mail
from emailops.lib.statistics import Estimate, mean_interval, net_interval, wilson_interval
from workspaces.charts import Chart, Series, Tone
from workspaces.models import Member
from workspaces.permissions import Role

HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Bar:
    """One answer that could be given: how many gave it, and its share as a fraction of those who answered."""

    label: str
    count: int
    share: Estimate
    tone: str = "accent"


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """What was said to one question. `score` is the NPS from -100 to 100, or the mean rating; None without answers."""

    question: SurveyQuestion
    answered: int
    bars: Sequence[Bar]
    groups: Sequence[Bar] = ()
    score: Estimate | None = None

    @property
    def is_nps(self) -> bool:
        return self.question.kind == QuestionKind.NPS

    @property
    def has_interval(self) -> bool:
        return self.score is not None and isfinite(self.score.low)


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that the page of results shows. `rate` is of those asked by mail; None when nobody was."""

    responses: int
    repeated: int
    asked: int
    by_mail: int
    questions: Sequence[QuestionResult]
    over_time: Chart | None

    @property
    def rate(self) -> float | None:
        return min(1.0, self.by_mail / self.asked) if self.asked else None

    @property
    def nps(self) -> QuestionResult | None:
        return next((result for result in self.questions if result.is_nps), None)


def results_of(survey: Survey, member: Member) -> Results:
    """What this member's answers come to: each person's latest, and all without a name. Seven queries."""
    answers = SurveyAnswer.objects.seen_by(member).filter(survey=survey)
    counted = answers.counted()
    sums = answers.aggregate(
        all=Count("pk"),
        latest=Count("pk", filter=Q(is_latest=True)),
        mail=Count("pk", filter=Q(is_latest=True, source=AnswerSource.MAIL)),
    )
    questions = list(SurveyQuestion.objects.filter(survey=survey).order_by("archived_at", "position", "pk"))
    numbers, choices, texts = _numbers(counted), _choices(counted), _texts(counted)
    results = [
        _result(question, numbers.get(question.pk, Counter()), choices.get(question.pk, Counter()), texts)
        for question in questions
    ]
    # Of a seller's own people it is not known who was asked: the mails' figures are of all.
    asked = 0 if member.role == Role.SELLER else asked_by_mail([survey]).get(survey.pk, 0)
    return Results(
        responses=sums["latest"],
        repeated=sums["all"] - sums["latest"],
        asked=asked,
        by_mail=sums["mail"],
        questions=[result for result in results if result.answered or result.question.archived_at is None],
        over_time=_over_time(survey, answers, questions),
    )


def _numbers(counted: "QuerySet[SurveyAnswer]") -> dict[int, Counter[int]]:
    """By question and number, how many said so."""
    rows = AnswerValue.objects.filter(answer__in=counted, number__isnull=False)
    found: dict[int, Counter[int]] = defaultdict(Counter)
    for question, number, count in rows.values_list("question", "number").annotate(n=Count("pk")):
        found[question][number] = count
    return found


def _choices(counted: "QuerySet[SurveyAnswer]") -> dict[int, Counter[str]]:
    """By question and choice, how many made it; under an empty name, how many made any."""
    rows = AnswerValue.objects.filter(answer__in=counted).exclude(choices=[])
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for question, keys, count in rows.values_list("question", "choices").annotate(n=Count("pk")):
        found[question][""] += count
        found[question].update(dict.fromkeys(keys, count))
    return found


def _texts(counted: "QuerySet[SurveyAnswer]") -> dict[int, int]:
    rows = AnswerValue.objects.filter(answer__in=counted).exclude(text="")
    return dict(rows.values_list("question").annotate(n=Count("pk")))


def _result(
    question: SurveyQuestion, numbers: Counter[int], choices: Counter[str], texts: Mapping[int, int]
) -> QuestionResult:
    kind = QuestionKind(question.kind)
    if kind in WORDED:
        return QuestionResult(question, texts.get(question.pk, 0), ())
    if kind in CHOOSING_KINDS:
        total = choices[""]
        keys = [choice["key"] for choice in question.choices]
        return QuestionResult(question, total, [_bar(question.choice_label(k), choices[k], total) for k in keys])
    total = numbers.total()
    if kind == QuestionKind.YES_NO:
        return QuestionResult(question, total, [_bar(_("Yes"), numbers[1], total), _bar(_("No"), numbers[0], total)])
    bars = [_bar(str(score), numbers[score], total, _tone(question, score)) for score in question.scale]
    return QuestionResult(question, total, bars, _groups(question, numbers), _score(question, numbers))


def _bar(label: str, count: int, total: int, tone: str = "accent") -> Bar:
    return Bar(label, count, wilson_interval(count, total), tone)


TONES = {NpsGroup.PROMOTER: "ok", NpsGroup.PASSIVE: "grey", NpsGroup.DETRACTOR: "bad"}


def _tone(question: SurveyQuestion, score: int) -> str:
    if question.kind != QuestionKind.NPS:
        return "accent"
    return next(TONES[group] for group, (low, high) in NPS_RANGES.items() if low <= score <= high)


def _by_group(numbers: Mapping[int, int]) -> dict[NpsGroup, int]:
    return {group: sum(numbers.get(n, 0) for n in range(low, high + 1)) for group, (low, high) in NPS_RANGES.items()}


def _groups(question: SurveyQuestion, numbers: Counter[int]) -> list[Bar]:
    if question.kind != QuestionKind.NPS:
        return []
    return [_bar(str(group.label), count, numbers.total(), TONES[group]) for group, count in _by_group(numbers).items()]


def _score(question: SurveyQuestion, numbers: Counter[int]) -> Estimate | None:
    if not numbers.total():
        return None
    if question.kind == QuestionKind.NPS:
        return nps_of(numbers)
    total = sum(number * count for number, count in numbers.items())
    squares = sum(number * number * count for number, count in numbers.items())
    mean = mean_interval(numbers.total(), total, squares)
    if not isfinite(mean.low):
        return mean
    return Estimate(mean.value, max(1.0, mean.low), min(float(question.highest), mean.high), mean.sample_size)


def nps_of(numbers: Mapping[int, int]) -> Estimate:
    """The net promoter score from -100 to 100 of how often each score was given."""
    groups = _by_group(numbers)
    found = net_interval(groups[NpsGroup.PROMOTER], groups[NpsGroup.PASSIVE], groups[NpsGroup.DETRACTOR])
    return Estimate(found.value * HUNDRED, found.low * HUNDRED, found.high * HUNDRED, found.sample_size)


def _over_time(survey: Survey, answers: "QuerySet[SurveyAnswer]", questions: Iterable[SurveyQuestion]) -> Chart | None:
    """The NPS of each month, of all that was said in it, with where it lies between; None for less than two months."""
    asked = next((question for question in questions if question.kind == QuestionKind.NPS), None)
    if asked is None:
        return None
    month = TruncMonth("answer__at", tzinfo=survey.workspace.zone)
    rows = AnswerValue.objects.filter(answer__in=answers, question=asked, number__isnull=False)
    by_month: dict[datetime, Counter[int]] = defaultdict(Counter)
    for at, number, count in rows.annotate(month=month).values_list("month", "number").annotate(n=Count("pk")):
        by_month[at][number] = count
    if len(by_month) < 2:
        return None
    scores = {at: nps_of(numbers) for at, numbers in sorted(by_month.items())}
    return Chart(
        label=_("Net promoter score by month"),
        labels=[f"{date_format(at, 'N Y')} ({score.sample_size})" for at, score in scores.items()],
        series=[
            _line(_("NPS"), [score.value for score in scores.values()]),
            _line(_("At least"), [score.low for score in scores.values()], is_bound=True),
            _line(_("At most"), [score.high for score in scores.values()], is_bound=True),
        ],
        height="s",
    )


def _line(name: str, values: Iterable[float], *, is_bound: bool = False) -> Series:
    rounded = [round(value) for value in values]
    tone: Tone = "grey" if is_bound else "accent"
    return Series(name, tone, rounded, is_dashed=is_bound, is_straight=True, has_dot=not is_bound)


def comments_of(survey: Survey, member: Member, group: str = "") -> "QuerySet[AnswerValue]":
    """What was written in people's own words, the newest first; of promoters, passives or detractors alone."""
    answers = SurveyAnswer.objects.seen_by(member).filter(survey=survey)
    found = AnswerValue.objects.filter(answer__in=answers, question__kind__in=WORDED).exclude(text="")
    if group in NpsGroup.values:
        low, high = NPS_RANGES[NpsGroup(group)]
        scores = AnswerValue.objects.filter(
            question__survey=survey, question__kind=QuestionKind.NPS, number__gte=low, number__lte=high
        )
        found = found.filter(answer__in=scores.values("answer"))
    return found.select_related("answer__contact", "answer__survey", "question").order_by("-answer__at", "-pk")


def score_of_answers(answers: Sequence[SurveyAnswer]) -> dict[int, int]:
    """The score of 0 to 10 by the id of each answer that has one. One query."""
    rows = AnswerValue.objects.filter(answer__in=answers, question__kind=QuestionKind.NPS, number__isnull=False)
    return {answer: number for answer, number in rows.values_list("answer", "number") if number is not None}


def with_counts(surveys: "QuerySet[Survey]", member: Member) -> list[Survey]:
    """Surveys with `responses`, and with their `nps` where they ask for it. Three queries."""
    found = list(surveys)
    seen = SurveyAnswer.objects.seen_by(member).filter(survey__in=found).counted()
    counts = dict(seen.order_by().values_list("survey").annotate(n=Count("pk")))
    scores: dict[int, Counter[int]] = defaultdict(Counter)
    rows = AnswerValue.objects.filter(answer__in=seen, question__kind=QuestionKind.NPS, number__isnull=False)
    for survey, number, count in rows.values_list("question__survey", "number").annotate(n=Count("pk")):
        scores[survey][number] = count
    for survey in found:
        survey.responses = counts.get(survey.pk, 0)  # type: ignore[attr-defined]  # for templates and serializers
        survey.nps = nps_of(scores[survey.pk]) if survey.pk in scores else None  # type: ignore[attr-defined]  # the same
    return found
