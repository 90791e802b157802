"""REST: what stands beside a story: its score, where it comes from, what was tried before; and the formula."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audience.models import Contact
from sprints.learning import lessons_for
from sprints.models import OriginKind, ScoreFormula, Story, StoryOrigin, StoryScore
from sprints.scoring import methods, scores_of
from sprints.services import scores, templates
from sprints.services.templates import Origin
from workspaces.api import InWorkspace, ScopedViewSet, WorkspaceApi
from workspaces.permissions import Can

SEE, EDIT, PLAN = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.PLAN_SPRINTS


class FiguresSerializer(serializers.ModelSerializer[StoryScore]):
    """The figures of a story. Confidence is a fraction; what is left out stays, null takes a figure away."""

    class Meta:
        model = StoryScore
        fields = ("reach", "impact", "confidence", "ease", "effort")


class ScoreSerializer(serializers.Serializer[Any]):
    """What one way to count makes of a story; without a value `words` say what is missing."""

    method = serializers.CharField(source="method.key")
    name = serializers.CharField(source="method.name")
    value = serializers.FloatField(allow_null=True)
    words = serializers.CharField()


class ScoredSerializer(serializers.Serializer[Any]):
    """A story's figures, and its scores."""

    figures = FiguresSerializer()
    scores = ScoreSerializer(many=True)


class LessonSerializer(serializers.Serializer[Any]):
    """A story with a verdict that resembles this one."""

    story = serializers.IntegerField(source="outcome.story_id")
    title = serializers.CharField(source="outcome.story.title")
    verdict = serializers.CharField(source="outcome.verdict")
    reason = serializers.CharField(source="outcome.reason")
    same_segment = serializers.BooleanField()
    same_metric = serializers.BooleanField()


class OriginSerializer(serializers.ModelSerializer[StoryOrigin]):
    """Where a story comes from, as it is read."""

    class Meta:
        model = StoryOrigin
        fields = ("kind", "words", "contact", "earlier", "system", "external_id")


class OriginWriteSerializer(serializers.Serializer[Any]):
    """Where a story comes from. `system` with `external_id` names it in another tool, once in a workspace."""

    kind = serializers.ChoiceField(choices=OriginKind.choices)
    words = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    contact = InWorkspace(queryset=Contact.objects.all(), required=False, allow_null=True, default=None)
    earlier = InWorkspace(queryset=Story.objects.all(), required=False, allow_null=True, default=None)
    system = serializers.CharField(max_length=12, required=False, allow_blank=True, default="")
    external_id = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


WORTH: dict[str, Can] = {
        "score": SEE, "set_score": EDIT, "origin": SEE, "set_origin": EDIT, "tried_before": SEE,
}  # fmt: skip


class StoryWorth(ScopedViewSet[Story]):
    """What stands beside a story: its score, where it comes from, what was tried before."""

    @extend_schema(responses={200: ScoredSerializer})
    @action(detail=True, methods=["get"])
    def score(self, request: Request, pk: str) -> Response:
        """The figures of a story, and what each way to count makes of them."""
        return self._scored(self.get_object())

    @extend_schema(request=FiguresSerializer, responses={200: ScoredSerializer})
    @score.mapping.put
    def set_score(self, request: Request, pk: str) -> Response:
        """Give a story its figures."""
        story, figures = self.get_object(), self.checked(FiguresSerializer, partial=True)
        scores.set_score(story=story, figures=figures, by=self.member, now=self.now)
        return self._scored(self.get_object())

    def _scored(self, story: Story) -> Response:
        found = {"figures": getattr(story, "score", None), "scores": scores_of(story, methods(self.workspace))}
        if found["figures"] is None:
            found["figures"] = StoryScore()
        return Response(ScoredSerializer(found).data)

    @extend_schema(responses={200: OriginSerializer})
    @action(detail=True, methods=["get"])
    def origin(self, request: Request, pk: str) -> Response:
        """Where a story comes from; nothing while nobody has said it."""
        origin = getattr(self.get_object(), "origin", None)
        return Response(OriginSerializer(origin).data if origin else {})

    @extend_schema(request=OriginWriteSerializer, responses={200: OriginSerializer})
    @origin.mapping.put
    def set_origin(self, request: Request, pk: str) -> Response:
        """Say where a story comes from."""
        story, data = self.get_object(), self.checked(OriginWriteSerializer)
        told = Origin(**{**data, "kind": OriginKind(data["kind"])})
        kept = templates.set_origin(story=story, origin=told, by=self.member, now=self.now)
        return Response(OriginSerializer(kept).data)

    @extend_schema(responses={200: LessonSerializer(many=True)})
    @action(detail=True, methods=["get"], url_path="tried-before")
    def tried_before(self, request: Request, pk: str) -> Response:
        """Stories with a verdict that resemble this one, the most alike first."""
        story = self.get_object()
        return Response(LessonSerializer(lessons_for(self.workspace, [story]).get(story.pk, []), many=True).data)


class FormulaSerializer(serializers.ModelSerializer[ScoreFormula]):
    """The team's own way to count."""

    class Meta:
        model = ScoreFormula
        fields = ("name", "expression")


class FormulaView(WorkspaceApi):
    """How the team counts its own score."""

    can: ClassVar = {"get": SEE, "put": PLAN, "delete": PLAN}

    @extend_schema(responses={200: FormulaSerializer})
    def get(self, request: Request) -> Response:
        """The own formula; empty while there is none."""
        formula = ScoreFormula.objects.filter(workspace=self.workspace).first()
        return Response(FormulaSerializer(formula).data if formula else {})

    @extend_schema(request=FormulaSerializer, responses={200: FormulaSerializer})
    def put(self, request: Request) -> Response:
        """Say how the team counts: arithmetic over reach, impact, confidence, ease, effort and points."""
        serializer = FormulaSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        formula = scores.set_formula(
            workspace=self.workspace, by=self.member, now=self.now, **serializer.validated_data
        )
        return Response(FormulaSerializer(formula).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Do without an own formula."""
        scores.drop_formula(workspace=self.workspace, by=self.member, now=self.now)
        return Response(status=204)
