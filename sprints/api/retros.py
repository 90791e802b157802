"""REST: notes of retrospectives, and what was agreed. The room is in `retro_rooms`."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.models import ActionState, RetroAction, RetroGroup, RetroNote, Sprint, StoryOutcome
from sprints.retro_room import seen_note
from sprints.services import retro_groups, retros
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


class NoteSerializer(serializers.Serializer[Any]):
    """A note that may be read: one's own, or one that the team has gone on from writing."""

    id = serializers.IntegerField(source="note.pk")
    sprint = serializers.IntegerField(source="note.sprint_id")
    kind = serializers.CharField(source="note.kind", help_text="The prompt that it answers.")
    text = serializers.CharField(source="note.text")
    author = serializers.EmailField(source="author.user.email", default=None, help_text="Null while nobody is named.")
    is_mine = serializers.BooleanField()
    is_shown = serializers.BooleanField(source="note.is_shown", help_text="Whether all see it.")
    in_report = serializers.BooleanField(source="note.in_report", help_text="Whether the owner may read it.")
    topic = serializers.IntegerField(source="note.group_id", allow_null=True)


class NoteWriteSerializer(serializers.Serializer[Any]):
    """A note as it is sent."""

    sprint: Any = InWorkspace(queryset=BEGUN)
    kind = serializers.CharField(max_length=5, help_text="One of the retrospective's prompts.")
    text = serializers.CharField(max_length=500)


class NoteMoveSerializer(serializers.Serializer[Any]):
    """Where a note goes."""

    topic: Any = InWorkspace(queryset=RetroGroup.objects.all(), allow_null=True)


class NoteReportSerializer(serializers.Serializer[Any]):
    """Whether the owner may read a note."""

    in_report = serializers.BooleanField()


class ActionSerializer(serializers.ModelSerializer[RetroAction]):
    """What was agreed; `story` carries it on."""

    owner = serializers.EmailField(source="owner.user.email")

    class Meta:
        model = RetroAction
        fields = ("id", "sprint", "text", "owner", "due_date", "state", "story", "created_at")


class ActionWriteSerializer(serializers.Serializer[Any]):
    """Something to do, with one owner."""

    sprint: Any = InWorkspace(queryset=BEGUN)
    text = serializers.CharField(max_length=160)
    owner: Any = MemberByEmail(help_text="E-mail address of a member.")
    due_date = serializers.DateField(required=False, allow_null=True, default=None)


class SettleSerializer(serializers.Serializer[Any]):
    """What became of something agreed before, said in a later sprint's retrospective."""

    sprint: Any = InWorkspace(queryset=BEGUN)
    answer = serializers.ChoiceField(choices=ActionState.choices)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class NoteViewSet(ScopedViewSet[RetroNote], mixins.RetrieveModelMixin):
    """Notes of retrospectives that may be read by now."""

    queryset = RetroNote.objects.select_related("author__user", "group", "sprint__workspace", "sprint__retro")
    serializer_class = NoteSerializer
    can: ClassVar = {
        "retrieve": Can.SEE_SPRINTS,
        "create": Can.EDIT_STORIES,
        "destroy": Can.EDIT_STORIES,
        "move": Can.EDIT_STORIES,
        "report": Can.EDIT_STORIES,
    }

    def _seen(self, pk: int, status: int = 200) -> Response:
        note = get_object_or_404(self.get_queryset(), pk=pk)
        return Response(NoteSerializer(seen_note(note, self.member)).data, status=status)

    @extend_schema(responses={200: NoteSerializer})
    def retrieve(self, request: Request, pk: str) -> Response:
        """One note; another person's does not exist before the team goes on from writing."""
        return self._seen(int(pk))

    @extend_schema(request=NoteWriteSerializer, responses={201: NoteSerializer})
    def create(self, request: Request) -> Response:
        """Say something."""
        note = retros.add_note(by=self.member, now=self.now, **self.checked(NoteWriteSerializer))
        return self._seen(note.pk, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take back one's own note."""
        retros.remove_note(note=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(request=NoteMoveSerializer, responses={200: NoteSerializer})
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Put it into a topic, or (null) make it one by itself."""
        note = self.get_object()
        to = self.checked(NoteMoveSerializer)["topic"]
        retro_groups.move_note(note=note, to=to, by=self.member, now=self.now)
        return self._seen(note.pk)

    @extend_schema(request=NoteReportSerializer, responses={200: NoteSerializer})
    @action(detail=True, methods=["post"])
    def report(self, request: Request, pk: str) -> Response:
        """Let the owner read it, without its author, or not any more."""
        note = self.get_object()
        retros.mark_for_report(note=note, by=self.member, now=self.now, **self.checked(NoteReportSerializer))
        return self._seen(note.pk)


class ActionViewSet(ScopedViewSet[RetroAction], mixins.RetrieveModelMixin):
    """What was agreed in retrospectives."""

    queryset = RetroAction.objects.select_related("owner__user", "sprint__workspace")
    serializer_class = ActionSerializer
    can: ClassVar = {
        "retrieve": Can.SEE_SPRINTS,
        "create": Can.EDIT_STORIES,
        "story": Can.EDIT_STORIES,
        "settle": Can.EDIT_STORIES,
    }

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

    @extend_schema(request=SettleSerializer, responses={200: ActionSerializer})
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, pk: str) -> Response:
        """Say in a later sprint's retrospective what became of it. A new answer replaces the old one."""
        agreed, asked = self.get_object(), self.checked(SettleSerializer)
        answer = ActionState(asked.pop("answer"))
        retros.settle_action(action=agreed, answer=answer, by=self.member, now=self.now, **asked)
        return self.shown(self.get_object())


def register(router: SimpleRouter) -> None:
    router.register("retro-notes", NoteViewSet, basename="retro-note")
    router.register("retro-actions", ActionViewSet, basename="retro-action")
