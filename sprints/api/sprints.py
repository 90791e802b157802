"""REST: sprints."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.models import Sprint, Story
from sprints.services import sprints
from sprints.services.closing import Leftover
from sprints.services.sprints import MOST_CAPACITY, MOST_SPRINTS
from strategy.models import Goal
from workspaces.api import InWorkspace, ScopedViewSet
from workspaces.permissions import Can

SEE, PLAN = Can.SEE_SPRINTS, Can.PLAN_SPRINTS


class SprintSerializer(serializers.ModelSerializer[Sprint]):
    """A sprint as it is read. Its stories are at `/stories/?sprint=ID`."""

    class Meta:
        model = Sprint
        fields = (
            "id", "number", "name", "goal_sentence", "goal", "start_date", "end_date", "capacity_points", "state",
            "committed_points", "delivered_points", "created_at", "started_at", "closed_at", "cancelled_at",
        )  # fmt: skip


class SprintWriteSerializer(serializers.Serializer[Any]):
    """A sprint as it is sent: one day to four weeks. What is left out stays as it is."""

    name = serializers.CharField(max_length=120)
    goal_sentence = serializers.CharField(max_length=300, required=False, allow_blank=True)
    goal = InWorkspace(queryset=Goal.objects.all(), required=False, allow_null=True)
    start_date = serializers.DateField()
    end_date = serializers.DateField()
    capacity_points = serializers.IntegerField(min_value=0, max_value=MOST_CAPACITY, required=False, allow_null=True)


class NewSprintSerializer(SprintWriteSerializer):
    """A new sprint. `number` is for teams that have counted sprints elsewhere before; left out it is the next one."""

    number = serializers.IntegerField(min_value=1, max_value=MOST_SPRINTS, required=False)


class LeftoverSerializer(serializers.Serializer[Any]):
    """What becomes of one story: into a sprint or the backlog (null), dropped, or split with so many points done."""

    story = InWorkspace(queryset=Story.objects.all())
    to = InWorkspace(queryset=Sprint.objects.all(), required=False, allow_null=True, default=None)
    is_dropped = serializers.BooleanField(required=False, default=False)
    done_points = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)


class CloseSerializer(serializers.Serializer[Any]):
    """Where the stories go that are not done: a sprint that is being planned, or null for the backlog.

    `leftovers` says for some of them what becomes of them instead.
    """

    carry_to = InWorkspace(queryset=Sprint.objects.all(), required=False, allow_null=True, default=None)
    leftovers = LeftoverSerializer(many=True, required=False, default=list)


class SprintViewSet(ScopedViewSet[Sprint], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Sprints, newest first."""

    queryset = Sprint.objects.all()
    serializer_class = SprintSerializer
    can: ClassVar = {
        "list": SEE,
        "retrieve": SEE,
        "create": PLAN,
        "update": PLAN,
        "start": PLAN,
        "close": PLAN,
    }

    @extend_schema(request=NewSprintSerializer, responses={201: SprintSerializer})
    def create(self, request: Request) -> Response:
        """Begin planning the next sprint."""
        data = self.checked(NewSprintSerializer)
        sprint = sprints.open_sprint(workspace=self.workspace, by=self.member, now=self.now, **data)
        return self.shown(sprint, status=201)

    @extend_schema(request=SprintWriteSerializer, responses={200: SprintSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change a sprint that is not closed. What is left out stays as it is."""
        sprint, data = self.get_object(), self.checked(SprintWriteSerializer, partial=True)
        sprints.change_sprint(sprint=sprint, by=self.member, now=self.now, **data)
        return self._again(sprint)

    @extend_schema(request=None, responses={200: SprintSerializer})
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Commit to what is planned, and begin. Repeating changes nothing."""
        sprint = self.get_object()
        sprints.start_sprint(sprint=sprint, by=self.member, now=self.now)
        return self._again(sprint)

    @extend_schema(request=CloseSerializer, responses={200: SprintSerializer})
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """End a running sprint. What is not done goes on elsewhere."""
        sprint, data = self.get_object(), self.checked(CloseSerializer)
        told = {each.pop("story").pk: Leftover(**each) for each in data["leftovers"]}
        sprints.close_sprint(sprint=sprint, carry_to=data["carry_to"], leftovers=told, by=self.member, now=self.now)
        return self._again(sprint)

    def _again(self, sprint: Sprint) -> Response:
        """The sprint as it stands after the change."""
        return self.shown(Sprint.objects.get(pk=sprint.pk))


def register(router: SimpleRouter) -> None:
    router.register("sprints", SprintViewSet, basename="sprint")
