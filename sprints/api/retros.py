"""REST: a sprint's retrospective, its notes, and what was agreed."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.models import NoteKind, RetroAction, RetroNote, Sprint, StoryOutcome
from sprints.retrospect import retro_figures
from sprints.services import retros
from workspaces.api import InWorkspace, MemberByEmail, ScopedViewSet
from workspaces.permissions import Can

BEGUN = Sprint.objects.begun()


class OutcomeSerializer(serializers.ModelSerializer[StoryOutcome]):
    """What came of a story."""

    class Meta:
        model = StoryOutcome
        fields = (
            "metric", "value", "low", "high", "sample_size", "revenue", "verdict", "reason", "measured_at",
        )  # fmt: skip


class RetroStorySerializer(serializers.Serializer[Any]):
    """What a story promised, as the owner approved it, and what came."""

    story = serializers.IntegerField(source="story.pk")
    title = serializers.CharField(source="story.title")
    is_approved = serializers.BooleanField()
    has_left = serializers.BooleanField(help_text="It was in the sprint while that ran, and is not any more.")
    hypothesis = serializers.DictField(allow_null=True)
    revenue_promised = serializers.ListField(
        child=serializers.DecimalField(max_digits=12, decimal_places=2), allow_null=True, help_text="At least, at most."
    )
    outcome = OutcomeSerializer(allow_null=True)


class NoteSerializer(serializers.ModelSerializer[RetroNote]):
    """What somebody says."""

    author = serializers.EmailField(source="author.user.email")

    class Meta:
        model = RetroNote
        fields = ("id", "sprint", "kind", "text", "author", "created_at")


class NoteWriteSerializer(serializers.Serializer[Any]):
    """A note as it is sent."""

    sprint: Any = InWorkspace(queryset=BEGUN)
    kind = serializers.ChoiceField(choices=NoteKind.choices)
    text = serializers.CharField(max_length=500)


class ActionSerializer(serializers.ModelSerializer[RetroAction]):
    """What was agreed; `story` carries it on."""

    owner = serializers.EmailField(source="owner.user.email")

    class Meta:
        model = RetroAction
        fields = ("id", "sprint", "text", "owner", "due_date", "story", "created_at")


class ActionWriteSerializer(serializers.Serializer[Any]):
    """Something to do, with one owner."""

    sprint: Any = InWorkspace(queryset=BEGUN)
    text = serializers.CharField(max_length=160)
    owner: Any = MemberByEmail(help_text="E-mail address of a member.")
    due_date = serializers.DateField(required=False, allow_null=True, default=None)


class RetroSerializer(serializers.Serializer[Any]):
    """A sprint's promise and outcome in numbers, story by story, and what the team says."""

    committed = serializers.IntegerField()
    delivered = serializers.IntegerField()
    forecasts_held = serializers.IntegerField(source="held")
    forecasts_judged = serializers.IntegerField(source="judged")
    revenue = serializers.DecimalField(max_digits=12, decimal_places=2, allow_null=True)
    revenue_promised = serializers.ListField(
        child=serializers.DecimalField(max_digits=12, decimal_places=2), allow_null=True, source="promised"
    )
    waited_days = serializers.FloatField(allow_null=True)
    stories = RetroStorySerializer(many=True)
    notes = NoteSerializer(many=True, source="sprint.notes.all")
    actions = ActionSerializer(many=True, source="sprint.actions.all")


class RetroViewSet(ScopedViewSet[Sprint]):
    """The retrospective of a sprint that runs or ran."""

    queryset = BEGUN.select_related("workspace").prefetch_related("notes__author__user", "actions__owner__user")
    serializer_class = RetroSerializer
    pagination_class = None
    can: ClassVar = {"list": Can.SEE_SPRINTS}

    @extend_schema(
        parameters=[OpenApiParameter("sprint_pk", int, OpenApiParameter.PATH)], responses={200: RetroSerializer}
    )
    def list(self, request: Request, sprint_pk: str) -> Response:
        """What was promised, what came, what was said and agreed."""
        sprint = get_object_or_404(self.get_queryset(), pk=sprint_pk)
        return Response(RetroSerializer(retro_figures([sprint])[0]).data)


class NoteViewSet(ScopedViewSet[RetroNote], mixins.RetrieveModelMixin):
    """Notes of retrospectives; they are read with the retrospective."""

    queryset = RetroNote.objects.select_related("author__user", "sprint__workspace")
    serializer_class = NoteSerializer
    can: ClassVar = {"retrieve": Can.SEE_SPRINTS, "create": Can.EDIT_STORIES, "destroy": Can.EDIT_STORIES}

    @extend_schema(request=NoteWriteSerializer, responses={201: NoteSerializer})
    def create(self, request: Request) -> Response:
        """Say something."""
        note = retros.add_note(by=self.member, now=self.now, **self.checked(NoteWriteSerializer))
        return self.shown(note, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take back one's own note."""
        retros.remove_note(note=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)


class ActionViewSet(ScopedViewSet[RetroAction], mixins.RetrieveModelMixin):
    """What was agreed in retrospectives."""

    queryset = RetroAction.objects.select_related("owner__user", "sprint__workspace")
    serializer_class = ActionSerializer
    can: ClassVar = {"retrieve": Can.SEE_SPRINTS, "create": Can.EDIT_STORIES, "story": Can.EDIT_STORIES}

    @extend_schema(request=ActionWriteSerializer, responses={201: ActionSerializer})
    def create(self, request: Request) -> Response:
        """Agree on something to do."""
        agreed = retros.agree_action(by=self.member, now=self.now, **self.checked(ActionWriteSerializer))
        return self.shown(agreed, status=201)

    @extend_schema(request=None, responses={200: ActionSerializer})
    @action(detail=True, methods=["post"])
    def story(self, request: Request, pk: str) -> Response:
        """Make a backlog story of it. Repeating gives the same story."""
        retros.turn_into_story(action=self.get_object(), by=self.member, now=self.now)
        return self.shown(self.get_object())


def register(router: SimpleRouter) -> None:
    router.register(r"sprints/(?P<sprint_pk>\d+)/retro", RetroViewSet, basename="retro")
    router.register("retro-notes", NoteViewSet, basename="retro-note")
    router.register("retro-actions", ActionViewSet, basename="retro-action")
