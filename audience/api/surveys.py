"""REST: surveys, their questions, answers and results."""

from math import isfinite
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from audience.models import (
    AnswerSource,
    AnswerValue,
    AttributeDefinition,
    Contact,
    NpsGroup,
    QuestionKind,
    Survey,
    SurveyAnswer,
    SurveyQuestion,
    SurveyStatus,
)
from audience.models.surveys import NPS_RANGES
from audience.services.survey_answers import Guest, survey_token, take_answer, ticket_of
from audience.services.survey_questions import (
    Asked,
    add_question,
    change_question,
    move_question,
    remove_question,
)
from audience.services.surveys import archive_survey, change_survey, create_survey, move_survey
from audience.survey_results import QuestionResult, results_of
from audience.survey_values import AnswerRefused
from emailops.lib.statistics import Estimate
from workspaces.api import InWorkspace, JsonObject, ScopedViewSet
from workspaces.api_access import CursorPages
from workspaces.permissions import Can, Role

SEE, EDIT = Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE


class SurveyQuestionSerializer(serializers.ModelSerializer[SurveyQuestion]):
    """A question. `choices` are `{"key", "label", "labels"}`; with `after` it is asked by the range of that answer."""

    class Meta:
        model = SurveyQuestion
        fields = (
            "id", "kind", "text", "texts", "choices", "is_required", "position", "attribute", "after", "shown_from",
            "shown_to",
        )  # fmt: skip


class SurveySerializer(serializers.ModelSerializer[Survey]):
    """A survey; `token` stands in its public address, `/q/<token>`, `words` holds other languages' texts."""

    token = serializers.SerializerMethodField()
    questions = serializers.SerializerMethodField()

    class Meta:
        model = Survey
        fields = (
            "id", "token", "slug", "name", "title", "intro", "button", "thanks", "words", "status", "is_anonymous",
            "may_answer_again", "questions", "created_at", "updated_at",
        )  # fmt: skip

    def get_token(self, survey: Survey) -> str:
        return survey_token(survey)

    @extend_schema_field(SurveyQuestionSerializer(many=True))
    def get_questions(self, survey: Survey) -> Any:
        asked = [question for question in survey.questions.all() if question.archived_at is None]
        return SurveyQuestionSerializer(sorted(asked, key=lambda q: (q.position, q.pk)), many=True).data


class SurveyWriteSerializer(serializers.Serializer[Any]):
    """A survey as it is sent. Its address in mails comes from the first name and stays."""

    name = serializers.CharField(max_length=80)
    title = serializers.CharField(max_length=120)
    intro = serializers.CharField(required=False, allow_blank=True, default="")
    button = serializers.CharField(max_length=40)
    thanks = serializers.CharField()
    words = serializers.DictField(
        child=serializers.DictField(child=serializers.CharField(allow_blank=True)), required=False, default=dict
    )
    is_anonymous = serializers.BooleanField(default=False)
    may_answer_again = serializers.BooleanField(default=False)


class SurveyQuestionWriteSerializer(serializers.Serializer[Any]):
    """A question as it is sent; once it was answered, its kind stays."""

    kind = serializers.ChoiceField(choices=QuestionKind.choices)
    text = serializers.CharField(max_length=200)
    texts = serializers.DictField(child=serializers.CharField(max_length=200, allow_blank=True), required=False)
    choices = serializers.ListField(child=JsonObject(), required=False)
    is_required = serializers.BooleanField(default=False)
    attribute: Any = InWorkspace(queryset=AttributeDefinition.objects.all(), required=False, allow_null=True)
    after: Any = InWorkspace(queryset=SurveyQuestion.objects.all(), required=False, allow_null=True)
    shown_from = serializers.IntegerField(min_value=0, max_value=10, required=False, allow_null=True)
    shown_to = serializers.IntegerField(min_value=0, max_value=10, required=False, allow_null=True)


class SurveyQuestionMoveSerializer(serializers.Serializer[Any]):
    """Which way a question goes in the order."""

    up = serializers.BooleanField()


class SurveyEstimateSerializer(serializers.Serializer[Estimate]):
    """A figure with its 95 % interval and the number of answers; null bounds: too few to say."""

    value = serializers.FloatField()
    low = serializers.SerializerMethodField()
    high = serializers.SerializerMethodField()
    sample_size = serializers.IntegerField()

    def get_low(self, estimate: Estimate) -> float | None:
        return estimate.low if isfinite(estimate.low) else None

    def get_high(self, estimate: Estimate) -> float | None:
        return estimate.high if isfinite(estimate.high) else None


class SurveyBarSerializer(serializers.Serializer[Any]):
    """How many gave one answer, and their share."""

    name = serializers.CharField(source="label")
    count = serializers.IntegerField()
    share = SurveyEstimateSerializer()


class QuestionResultSerializer(serializers.Serializer[QuestionResult]):
    """What was said to one question. `score` is the NPS from -100 to 100, or the mean rating."""

    question = serializers.IntegerField(source="question.pk")
    text = serializers.CharField(source="question.text")
    kind = serializers.CharField(source="question.kind")
    answered = serializers.IntegerField()
    score = SurveyEstimateSerializer(allow_null=True)
    bars = SurveyBarSerializer(many=True)
    groups = SurveyBarSerializer(many=True)


class SurveyResultsSerializer(serializers.Serializer[Any]):
    """What all answers come to. `rate` is of those asked by mail; null when nobody was."""

    responses = serializers.IntegerField()
    repeated = serializers.IntegerField()
    asked = serializers.IntegerField()
    by_mail = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)
    questions = QuestionResultSerializer(many=True)


class SurveyViewSet(ScopedViewSet[Survey], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Surveys in use."""

    queryset = Survey.objects.filter(archived_at=None).select_related("workspace").prefetch_related("questions")
    serializer_class = SurveySerializer
    can: ClassVar = {
        "list": SEE,
        "retrieve": SEE,
        "results": SEE,
        "create": EDIT,
        "update": EDIT,
        "destroy": EDIT,
        "open": EDIT,
        "close": EDIT,
        "questions": EDIT,
    }

    @extend_schema(request=SurveyWriteSerializer, responses={201: SurveySerializer})
    def create(self, request: Request) -> Response:
        """Make a draft."""
        content = self.checked(SurveyWriteSerializer)
        survey = create_survey(workspace=self.workspace, content=content, by=self.member, now=self.now)
        return self.shown(survey, status=201)

    @extend_schema(request=SurveyWriteSerializer, responses={200: SurveySerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change words and settings."""
        survey, content = self.get_object(), self.checked(SurveyWriteSerializer)
        return self.shown(change_survey(survey=survey, content=content, by=self.member, now=self.now))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Put it away; its answers stay."""
        archive_survey(survey=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(request=None, responses={200: SurveySerializer})
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: str) -> Response:
        """Take answers."""
        return self.shown(move_survey(survey=self.get_object(), to=SurveyStatus.OPEN, by=self.member, now=self.now))

    @extend_schema(request=None, responses={200: SurveySerializer})
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Take no more answers."""
        return self.shown(move_survey(survey=self.get_object(), to=SurveyStatus.CLOSED, by=self.member, now=self.now))

    @extend_schema(request=SurveyQuestionWriteSerializer, responses={201: SurveyQuestionSerializer})
    @action(detail=True, methods=["post"])
    def questions(self, request: Request, pk: str) -> Response:
        """Ask something more."""
        survey, asked = self.get_object(), _asked(self.checked(SurveyQuestionWriteSerializer))
        question = add_question(survey=survey, asked=asked, by=self.member, now=self.now)
        return Response(SurveyQuestionSerializer(question).data, status=201)

    @extend_schema(responses={200: SurveyResultsSerializer})
    @action(detail=True, methods=["get"])
    def results(self, request: Request, pk: str) -> Response:
        """What the answers that this member sees come to."""
        return Response(SurveyResultsSerializer(results_of(self.get_object(), self.member)).data)


def _asked(given: dict[str, Any]) -> Asked:
    return Asked(**{**given, "kind": QuestionKind(given["kind"])})


class SurveyQuestionViewSet(ScopedViewSet[SurveyQuestion], mixins.RetrieveModelMixin):
    """Questions of surveys in use."""

    queryset = SurveyQuestion.objects.filter(archived_at=None, survey__archived_at=None).select_related(
        "survey__workspace", "attribute"
    )
    serializer_class = SurveyQuestionSerializer
    can: ClassVar = {"retrieve": SEE, "update": EDIT, "destroy": EDIT, "move": EDIT}

    @extend_schema(request=SurveyQuestionWriteSerializer, responses={200: SurveyQuestionSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change a question."""
        question, asked = self.get_object(), _asked(self.checked(SurveyQuestionWriteSerializer))
        return self.shown(change_question(question=question, asked=asked, by=self.member, now=self.now))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Ask it no more; what was answered stays."""
        remove_question(question=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(request=SurveyQuestionMoveSerializer, responses={200: SurveyQuestionSerializer})
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Change places with the question before or after it."""
        question, up = self.get_object(), self.checked(SurveyQuestionMoveSerializer)["up"]
        move_question(question=question, up=up, by=self.member, now=self.now)
        question.refresh_from_db(fields=["position"])
        return self.shown(question)


class AnswerValueSerializer(serializers.ModelSerializer[AnswerValue]):
    """What was said to one question; yes is 1 and no is 0."""

    class Meta:
        model = AnswerValue
        fields = ("question", "number", "choices", "text")


class SurveyAnswerSerializer(serializers.ModelSerializer[SurveyAnswer]):
    """What one person said at one time; `contact` is null without a name."""

    values = AnswerValueSerializer(many=True)

    class Meta:
        model = SurveyAnswer
        fields = ("id", "survey", "contact", "source", "at", "changed_at", "is_latest", "values")


class SurveyAnswerWriteSerializer(serializers.Serializer[Any]):
    """An answer as it is sent: `values` by the id of the question. Without `email` it has no name.

    With `external_id`, the answer's own id in your system, sending it again is the same answer and never a second one.
    """

    survey: Any = InWorkspace(queryset=Survey.objects.filter(archived_at=None).select_related("workspace"))
    email = serializers.CharField(max_length=254, required=False)
    external_id = serializers.CharField(max_length=100, required=False, help_text="The answer’s own id in your system.")
    values = JsonObject(help_text='By the id of the question, as in {"12": 9, "13": "Because …"}.')


class SurveyAnswerViewSet(ScopedViewSet[SurveyAnswer], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Answers to surveys. Sellers see those of the people they look after."""

    queryset = SurveyAnswer.objects.select_related("survey", "contact").prefetch_related("values")
    serializer_class = SurveyAnswerSerializer
    pagination_class = CursorPages
    can: ClassVar = {"list": SEE, "retrieve": SEE, "create": Can.TEND_CONTACTS}

    def get_queryset(self) -> QuerySet[SurveyAnswer]:
        found: Any = super().get_queryset()
        survey, score = self.request.query_params.get("survey", ""), self.request.query_params.get("score", "")
        if survey.isdecimal() and len(survey) < 19:
            found = found.filter(survey=int(survey))
        if score in NpsGroup.values:
            said = {"values__question__kind": QuestionKind.NPS, "values__number__range": NPS_RANGES[NpsGroup(score)]}
            found = found.filter(**said)
        answers: QuerySet[SurveyAnswer] = found
        return answers

    @extend_schema(
        parameters=[
            OpenApiParameter("survey", OpenApiTypes.INT, description="Only answers to this one."),
            OpenApiParameter("score", OpenApiTypes.STR, enum=NpsGroup.values, description="Only of these."),
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The newest first."""
        return super().list(request, *args, **kwargs)

    @extend_schema(
        request=SurveyAnswerWriteSerializer, responses={200: SurveyAnswerSerializer, 201: SurveyAnswerSerializer}
    )
    def create(self, request: Request) -> Response:
        """Bring in an answer that somebody gave elsewhere: 201 for a new one, 200 for one that was known by its id."""
        given = self.checked(SurveyAnswerWriteSerializer)
        survey: Survey = given["survey"]
        guest = Guest(survey, self._contact(survey, given.get("email", "")), None, AnswerSource.API)
        values = {int(key): value for key, value in given["values"].items() if str(key).isdecimal()}
        if len(values) < len(given["values"]):
            raise AnswerRefused(_("Name each question by its number."), fields={"values": [_("Not a number.")]})
        ticket = ticket_of(survey, given["external_id"]) if given.get("external_id") else None
        answer = take_answer(guest=guest, given=values, ticket=ticket, by=self.member, now=self.now)
        return self.shown(answer, status=201 if answer.at == self.now else 200)

    def _contact(self, survey: Survey, email: str) -> Contact | None:
        if survey.is_anonymous or not email:
            if self.member.role == Role.SELLER:
                raise AnswerRefused(_("Say whose answer it is."), fields={"email": [_("Missing.")]})
            return None
        found = Contact.objects.seen_by(self.member).filter(address=email.strip().lower()).first()
        if found is None:
            raise AnswerRefused(_("There is no contact with this address."), fields={"email": [_("Not there.")]})
        return found


def register(router: SimpleRouter) -> None:
    """Put these endpoints among the others of the app."""
    router.register("surveys", SurveyViewSet, basename="survey")
    router.register("survey-questions", SurveyQuestionViewSet, basename="survey-question")
    router.register("survey-answers", SurveyAnswerViewSet, basename="survey-answer")
