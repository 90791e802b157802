"""REST: KPIs and their readings, goals, principles. Rates are fractions, money is in the workspace's currency."""

from collections.abc import Sequence
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from strategy import services
from strategy.models import DIGITS, PLACES, Direction, Goal, GoalKind, Kpi, KpiReading, Principle, ReadingSource, Unit
from strategy.progress import GoalState, Progress
from strategy.queries import GoalLine, goal_lines
from workspaces.api import InWorkspace, MemberByEmail, ScopedViewSet
from workspaces.api_access import CursorPages
from workspaces.permissions import Can

SEE, EDIT = Can.SEE_STRATEGY, Can.EDIT_STRATEGY


class FigureField(serializers.DecimalField):
    """A figure in its KPI's unit, as a decimal string without zeros at the end."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=DIGITS, decimal_places=PLACES, normalize_output=True, **options)


class KpiSerializer(serializers.ModelSerializer[Kpi]):
    """A KPI. `source` names the measure its readings are taken by, over `window_days`; empty: they are entered."""

    champion = serializers.EmailField(source="champion.user.email")

    class Meta:
        model = Kpi
        fields = (
            "id", "name", "description", "unit", "direction", "source", "window_days", "champion", "created_at",
            "archived_at",
        )  # fmt: skip


class KpiWriteSerializer(serializers.Serializer[Any]):
    """A KPI as it is sent. A measure brings its own unit; unit, source and window stay for ever."""

    name = serializers.CharField(max_length=120)
    description = serializers.CharField(required=False, allow_blank=True)
    unit = serializers.ChoiceField(choices=Unit.choices, required=False)
    direction = serializers.ChoiceField(choices=Direction.choices, required=False)
    source: Any = serializers.CharField(max_length=60, required=False, allow_blank=True, help_text="A measure's key.")
    window_days = serializers.IntegerField(required=False)
    champion = MemberByEmail(required=False, help_text="A member's e-mail address. Left out: you.")


class ReadingSerializer(serializers.ModelSerializer[KpiReading]):
    """What a KPI stood at on a day; `low` and `high` are the ends of its interval, where it has one."""

    value, low, high = FigureField(), FigureField(), FigureField()

    class Meta:
        model = KpiReading
        fields = ("day", "value", "low", "high", "sample_size", "source", "recorded_at")


class ReadingWriteSerializer(serializers.Serializer[Any]):
    """A reading as it is sent: one a day, a rate as a fraction (0.034 is 3.4 %)."""

    day = serializers.DateField()
    value = FigureField()


class MeasuredSerializer(serializers.Serializer[Any]):
    """How many readings were taken."""

    readings = serializers.IntegerField()


class ProgressSerializer(serializers.Serializer[Progress]):
    """Where a goal stands. `rate` is the share of the way that is made, `pace` the share of the time that passed."""

    state = serializers.ChoiceField(choices=GoalState.choices)
    value = FigureField(allow_null=True)
    day = serializers.DateField(allow_null=True)
    rate = serializers.FloatField()
    pace = serializers.FloatField()
    why = serializers.CharField()


class GoalSerializer(serializers.Serializer[GoalLine]):
    """A goal with where it stands."""

    id = serializers.IntegerField(source="goal.pk")
    name = serializers.CharField(source="goal.name")
    why = serializers.CharField(source="goal.why")
    kind = serializers.ChoiceField(source="goal.kind", choices=GoalKind.choices)
    parent: Any = serializers.IntegerField(source="goal.parent_id", allow_null=True)
    kpi = serializers.IntegerField(source="goal.kpi_id")
    baseline = FigureField(source="goal.baseline")
    target = FigureField(source="goal.target")
    start_date = serializers.DateField(source="goal.start_date")
    due_date = serializers.DateField(source="goal.due_date")
    champion = serializers.EmailField(source="goal.champion.user.email")
    created_at = serializers.DateTimeField(source="goal.created_at")
    closed_at = serializers.DateTimeField(source="goal.closed_at", allow_null=True)
    conclusion = serializers.CharField(source="goal.conclusion")
    progress = ProgressSerializer()


class GoalWriteSerializer(serializers.Serializer[Any]):
    """A goal as it is sent; figures in the unit of its KPI, rates as fractions."""

    name = serializers.CharField(max_length=160)
    why = serializers.CharField(required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=GoalKind.choices, required=False)
    parent: Any = InWorkspace(queryset=Goal.objects.all(), required=False, allow_null=True)
    kpi: Any = InWorkspace(queryset=Kpi.objects.all(), help_text="Stays for the goal's whole life.")
    baseline = FigureField()
    target = FigureField()
    start_date = serializers.DateField()
    due_date = serializers.DateField()
    champion = MemberByEmail(required=False, help_text="A member's e-mail address. Left out: you.")


class ConclusionSerializer(serializers.Serializer[Any]):
    """What was learned."""

    conclusion = serializers.CharField()


class PrincipleSerializer(serializers.ModelSerializer[Principle]):
    """A rule of the game."""

    owner = serializers.EmailField(source="owner.user.email")

    class Meta:
        model = Principle
        fields = ("id", "rule", "reason", "example", "owner", "review_date", "created_at", "archived_at")


class PrincipleWriteSerializer(serializers.Serializer[Any]):
    """A principle as it is sent."""

    rule = serializers.CharField(max_length=160)
    reason = serializers.CharField()
    example = serializers.CharField(required=False, allow_blank=True)
    review_date = serializers.DateField(required=False, allow_null=True)
    owner = MemberByEmail(required=False, help_text="A member's e-mail address. Left out: you.")


class ReadingPages(CursorPages):
    """Readings by day, the last first."""

    ordering = "-day"


class KpiViewSet(ScopedViewSet[Kpi], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """KPIs and their readings."""

    queryset = Kpi.objects.select_related("workspace", "champion__user")
    serializer_class = KpiSerializer
    can: ClassVar = {
        "list": SEE,
        "retrieve": SEE,
        "create": EDIT,
        "update": EDIT,
        "archive": EDIT,
        "readings": SEE,
        "enter_reading": EDIT,
        "measure": EDIT,
    }

    @extend_schema(request=KpiWriteSerializer, responses={201: KpiSerializer})
    def create(self, request: Request) -> Response:
        """Add a KPI."""
        given = {"unit": "", "champion": self.member, **self.checked(KpiWriteSerializer)}
        kpi = services.define_kpi(workspace=self.workspace, by=self.member, now=self.now, **given)
        return self.shown(kpi, status=201)

    @extend_schema(request=KpiWriteSerializer, responses={200: KpiSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change name, description, direction or champion. Fields left out stay as they are."""
        kpi = self.get_object()
        services.change_kpi(kpi=kpi, by=self.member, now=self.now, **self.checked(KpiWriteSerializer, partial=True))
        return self.shown(kpi)

    @extend_schema(request=None, responses={200: KpiSerializer})
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Put a KPI away with its history."""
        kpi = self.get_object()
        services.archive_kpi(kpi=kpi, by=self.member, now=self.now)
        kpi.refresh_from_db()
        return self.shown(kpi)

    @extend_schema(responses={200: ReadingSerializer(many=True)})
    @action(detail=True, methods=["get"], pagination_class=ReadingPages, serializer_class=ReadingSerializer)
    def readings(self, request: Request, pk: str) -> Response:
        """What the KPI stood at, day by day, the last first."""
        rows: Any = self.paginate_queryset(self.get_object().readings.all())  # type: ignore[arg-type]  # of another model
        return self.get_paginated_response(ReadingSerializer(rows, many=True).data)

    @extend_schema(request=ReadingWriteSerializer, responses={200: ReadingSerializer})
    @readings.mapping.post
    def enter_reading(self, request: Request, pk: str) -> Response:
        """Write what the KPI stood at on a day. Writing a day again replaces it."""
        reading = services.enter_reading(
            kpi=self.get_object(),
            source=ReadingSource.API,
            by=self.member,
            now=self.now,
            **self.checked(ReadingWriteSerializer),
        )
        return Response(ReadingSerializer(reading).data)

    @extend_schema(request=None, responses={200: MeasuredSerializer})
    @action(detail=False, methods=["post"])
    def measure(self, request: Request) -> Response:
        """Measure yesterday and today of all measured KPIs now. Repeating gives the same readings."""
        return Response({"readings": services.measure_now(workspace=self.workspace, by=self.member, now=self.now)})


class GoalViewSet(ScopedViewSet[Goal]):
    """Goals with where they stand, newest first."""

    queryset = Goal.objects.with_kpi()
    can: ClassVar = {"list": SEE, "retrieve": SEE, "create": EDIT, "update": EDIT, "close": EDIT}

    @extend_schema(
        parameters=[OpenApiParameter("closed", OpenApiTypes.BOOL, description="Only closed goals, or only open ones.")],
        responses={200: GoalSerializer(many=True)},
    )
    def list(self, request: Request) -> Response:
        """All goals."""
        goals, closed = self.get_queryset(), request.query_params.get("closed", "").lower()
        if closed in {"true", "false"}:
            goals = goals.filter(closed_at__isnull=closed == "false")
        lines: Any = self._lines(self.paginate_queryset(goals))
        return self.get_paginated_response(GoalSerializer(lines, many=True).data)

    @extend_schema(responses={200: GoalSerializer})
    def retrieve(self, request: Request, pk: str) -> Response:
        """One goal."""
        return self._standing(self.get_object())

    @extend_schema(request=GoalWriteSerializer, responses={201: GoalSerializer})
    def create(self, request: Request) -> Response:
        """Set a dated target on a KPI."""
        given = {"champion": self.member, **self.checked(GoalWriteSerializer)}
        goal = services.set_goal(workspace=self.workspace, by=self.member, now=self.now, **given)
        return self._standing(goal, status=201)

    @extend_schema(request=GoalWriteSerializer, responses={200: GoalSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change a goal. Fields left out stay as they are, and its KPI always does."""
        goal = self.get_object()
        services.change_goal(goal=goal, by=self.member, now=self.now, **self.checked(GoalWriteSerializer, partial=True))
        return self._standing(goal)

    @extend_schema(request=ConclusionSerializer, responses={200: GoalSerializer})
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """End a goal with what was learned. A closed goal stays as it is."""
        goal = self.get_object()
        services.close_goal(goal=goal, by=self.member, now=self.now, **self.checked(ConclusionSerializer))
        goal.refresh_from_db()
        return self._standing(goal)

    def _lines(self, goals: Any) -> Sequence[GoalLine]:
        return goal_lines(goals, self.now.astimezone(self.workspace.zone).date())

    def _standing(self, goal: Goal, *, status: int = 200) -> Response:
        return Response(GoalSerializer(self._lines([goal])[0]).data, status=status)


class PrincipleViewSet(ScopedViewSet[Principle], mixins.ListModelMixin):
    """The rules of the game."""

    queryset = Principle.objects.select_related("owner__user")
    serializer_class = PrincipleSerializer
    can: ClassVar = {"list": SEE, "create": EDIT, "update": EDIT, "archive": EDIT}

    @extend_schema(request=PrincipleWriteSerializer, responses={201: PrincipleSerializer})
    def create(self, request: Request) -> Response:
        """Write a rule down."""
        given = {"owner": self.member, **self.checked(PrincipleWriteSerializer)}
        principle = services.state_principle(workspace=self.workspace, by=self.member, now=self.now, **given)
        return self.shown(principle, status=201)

    @extend_schema(request=PrincipleWriteSerializer, responses={200: PrincipleSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Reword a rule. Fields left out stay as they are."""
        principle, changes = self.get_object(), self.checked(PrincipleWriteSerializer, partial=True)
        services.change_principle(principle=principle, by=self.member, now=self.now, **changes)
        return self.shown(principle)

    @extend_schema(request=None, responses={200: PrincipleSerializer})
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Follow a rule no more."""
        principle = self.get_object()
        services.archive_principle(principle=principle, by=self.member, now=self.now)
        principle.refresh_from_db()
        return self.shown(principle)


router = SimpleRouter()
router.register("kpis", KpiViewSet, basename="kpi")
router.register("goals", GoalViewSet, basename="goal")
router.register("principles", PrincipleViewSet, basename="principle")
