"""REST: estimates and what became of them, of the team and one's own."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.calibration import calibration
from sprints.models import Story
from sprints.own_calibration import own_calibration
from workspaces.api import ScopedViewSet
from workspaces.permissions import Can

SEE = Can.SEE_SPRINTS


class SizeSerializer(serializers.Serializer[Any]):
    """All finished stories of so many points: in days the median, the quickest and the slowest."""

    points = serializers.IntegerField()
    count = serializers.IntegerField()
    median = serializers.FloatField()
    quickest = serializers.FloatField()
    slowest = serializers.FloatField()


class FinishedSerializer(serializers.Serializer[Any]):
    """A story that is done, with the days it took beside what is usual for its points."""

    story = serializers.IntegerField(source="story.pk")
    title = serializers.CharField(source="story.title")
    points = serializers.IntegerField()
    days = serializers.FloatField()
    usual = serializers.FloatField()
    rounds = serializers.IntegerField(allow_null=True)
    spread = serializers.FloatField(allow_null=True)


class CalibrationSerializer(serializers.Serializer[Any]):
    """Estimates and what became of them. `unknown` stories are done without having been in production."""

    sizes = SizeSerializer(many=True)
    stories = FinishedSerializer(many=True)
    unknown = serializers.IntegerField()


class OwnEstimateSerializer(serializers.Serializer[Any]):
    """One's own first card on a story; `turned_out` are the points of the stories that took about as long."""

    story = serializers.IntegerField(source="story.pk")
    mine = serializers.FloatField()
    agreed = serializers.IntegerField()
    turned_out = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=["low", "right", "high"])
    was_nearer = serializers.BooleanField(help_text="Nearer than what the team agreed on.")


class CalibrationViewSet(ScopedViewSet[Story]):
    """How long stories took, by their points."""

    queryset = Story.objects.all()
    serializer_class = CalibrationSerializer
    pagination_class = None
    can: ClassVar = {"list": SEE, "mine": SEE}

    @extend_schema(responses={200: OwnEstimateSerializer(many=True)})
    @action(detail=False, methods=["get"])
    def mine(self, request: Request) -> Response:
        """The cards of the key's own member, and what the stories turned out to be; nobody else gets these."""
        own = own_calibration(self.member, calibration(self.workspace))
        return Response(OwnEstimateSerializer(own.lines, many=True).data)

    @extend_schema(responses={200: CalibrationSerializer})
    def list(self, request: Request) -> Response:
        """The newest stories that are done and have an estimate."""
        return Response(CalibrationSerializer(calibration(self.workspace)).data)


def register(router: SimpleRouter) -> None:
    router.register("poker-calibration", CalibrationViewSet, basename="poker-calibration")
