"""REST: reports of campaigns, outcomes of stories, measuring a sprint."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from campaigns.models import Campaign
from delivery.api import CountsSerializer
from delivery.models import Run
from insights import services
from insights.report import campaign_report
from sprints.models import OutcomeVerdict, Sprint, StoryOutcome
from workspaces.api import ScopedViewSet
from workspaces.permissions import Can


class IntervalSerializer(serializers.Serializer[Any]):
    """A figure with its 95 % interval; an end is null where it is open."""

    value = serializers.FloatField()
    low = serializers.SerializerMethodField()
    high = serializers.SerializerMethodField()
    sample_size = serializers.IntegerField()

    def get_low(self, estimate: Any) -> float | None:
        return _closed(estimate.low)

    def get_high(self, estimate: Any) -> float | None:
        return _closed(estimate.high)


def _closed(end: float) -> float | None:
    """JSON has no infinity."""
    return None if end in {float("inf"), float("-inf")} else end


class ForecastSerializer(serializers.Serializer[Any]):
    """What the brief promised, and where the revenue came out."""

    low = serializers.DecimalField(max_digits=12, decimal_places=2)
    high = serializers.DecimalField(max_digits=12, decimal_places=2)
    landing = serializers.ChoiceField(choices=["above", "inside", "below", "open"])


class LinkSerializer(serializers.Serializer[Any]):
    """A link with the people who followed it."""

    url = serializers.CharField()
    people = serializers.IntegerField()
    clicks = serializers.IntegerField()


class DomainSerializer(serializers.Serializer[Any]):
    """How one recipient domain took the send."""

    domain = serializers.CharField()
    sent = serializers.IntegerField()
    failed = serializers.IntegerField()
    clicked = serializers.IntegerField()


class PromiseSerializer(serializers.Serializer[Any]):
    """The story's hypothesis beside what was measured of its metric, and the verdict."""

    metric = serializers.CharField(source="metric.key")
    baseline = serializers.FloatField(source="hypothesis.baseline")
    expected = serializers.FloatField(source="hypothesis.expected")
    check_date = serializers.DateField(source="hypothesis.check_date")
    measured = IntervalSerializer(source="estimate")
    verdict = serializers.ChoiceField(source="judged.verdict", choices=OutcomeVerdict.choices)
    reason = serializers.CharField(source="judged.reason")


class ReportSerializer(serializers.Serializer[Any]):
    """What a campaign brought. Opened, clicked and unsubscribed count messages that people reacted to."""

    campaign = serializers.IntegerField(source="campaign.pk")
    counts = CountsSerializer()
    opened = serializers.IntegerField()
    clicked = serializers.IntegerField()
    unsubscribed = serializers.IntegerField()
    machine_opens = serializers.IntegerField(help_text="Reactions of programs: in none of the other figures.")
    machine_clicks = serializers.IntegerField()
    click_rate = IntervalSerializer()
    orders = serializers.IntegerField(source="credited.orders")
    buyers = serializers.IntegerField(source="credited.buyers")
    revenue = IntervalSerializer()
    forecast = ForecastSerializer(allow_null=True)
    links = LinkSerializer(many=True)
    domains = DomainSerializer(many=True)
    promise = PromiseSerializer(allow_null=True)


class ResultSerializer(serializers.ModelSerializer[StoryOutcome]):
    """What came of a story: the figure with its interval, the verdict, and why."""

    class Meta:
        model = StoryOutcome
        fields = (
            "story", "metric", "value", "low", "high", "sample_size", "revenue", "verdict", "reason", "measured_at",
        )  # fmt: skip


class MeasuredStoriesSerializer(serializers.Serializer[Any]):
    """How many stories of the sprint have an outcome now."""

    stories = serializers.IntegerField()


class ReportViewSet(ScopedViewSet[Campaign]):
    """Reports, by the id of the campaign."""

    queryset = Campaign.objects.with_parts()
    serializer_class = ReportSerializer
    can: ClassVar = {"retrieve": Can.SEE_CAMPAIGNS}

    @extend_schema(responses={200: ReportSerializer})
    def retrieve(self, request: Request, pk: str) -> Response:
        """What a campaign brought until now; 404 before it goes out."""
        campaign = self.get_object()
        run = Run.objects.with_parts().filter(campaign=campaign).first()
        if run is None:
            raise NotFound
        return Response(ReportSerializer(campaign_report(campaign, run, self.now)).data)


class OutcomeViewSet(ScopedViewSet[StoryOutcome], mixins.ListModelMixin):
    """What came of stories, as it was measured last."""

    queryset = StoryOutcome.objects.all()
    serializer_class = ResultSerializer
    can: ClassVar = {"list": Can.SEE_SPRINTS}


class SprintMeasureViewSet(ScopedViewSet[Sprint]):
    """Measuring a sprint on demand."""

    queryset = Sprint.objects.select_related("workspace", "goal__kpi__workspace")
    serializer_class = MeasuredStoriesSerializer
    can: ClassVar = {"measure": Can.EDIT_STORIES}

    @extend_schema(request=None, responses={200: MeasuredStoriesSerializer})
    @action(detail=True, methods=["post"])
    def measure(self, request: Request, pk: str) -> Response:
        """Measure all stories of a sprint, and the KPI of its goal."""
        found = services.measure_sprint(sprint=self.get_object(), by=self.member, now=self.now)
        return Response({"stories": found})


router = SimpleRouter()
router.register("reports", ReportViewSet, basename="report")
router.register("outcomes", OutcomeViewSet, basename="outcome")
router.register("sprints", SprintMeasureViewSet, basename="sprintmeasure")
