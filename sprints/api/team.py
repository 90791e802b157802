"""REST: the team: its cadence, skills and who has them, capacity and days off, velocity and forecast."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.calendar import SHOWN_AHEAD, cadence_of, following
from sprints.competence import competence_matrix
from sprints.forecast import forecast, past_sprints, velocity_range
from sprints.models import Cadence, CapacityUnit, DaysOff, MemberCapacity, Skill, SkillLevel, Story, Weekday
from sprints.services import capacity, skills
from sprints.services.cadence import CADENCE_FIELDS, LONGEST_WEEKS, MOST_AHEAD, MOST_COOL_DOWN, set_cadence
from sprints.services.capacity import MOST_A_DAY
from sprints.services.stories import MOST_POINTS
from strategy.models import Goal
from workspaces.api import InWorkspace, MemberByEmail, ScopedViewSet, WorkspaceApi
from workspaces.permissions import Can

SEE, EDIT, PLAN = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.PLAN_SPRINTS


class CadenceSerializer(serializers.ModelSerializer[Cadence]):
    """How sprints follow each other. `first_weekday` 0 is Monday."""

    class Meta:
        model = Cadence
        fields = CADENCE_FIELDS


class CadenceWriteSerializer(serializers.Serializer[Any]):
    """The same as it is sent. What is left out stays as it is."""

    weeks = serializers.IntegerField(min_value=1, max_value=LONGEST_WEEKS, required=False)
    first_weekday = serializers.ChoiceField(choices=Weekday.choices, required=False)
    ahead = serializers.IntegerField(min_value=1, max_value=MOST_AHEAD, required=False)
    name_pattern = serializers.CharField(max_length=80, required=False)
    cool_down_days = serializers.IntegerField(min_value=0, max_value=MOST_COOL_DOWN, required=False)
    unit = serializers.ChoiceField(choices=CapacityUnit.choices, required=False)
    hours_per_point = serializers.DecimalField(max_digits=5, decimal_places=2, required=False)
    is_paused = serializers.BooleanField(required=False)


class CapacitySerializer(serializers.ModelSerializer[MemberCapacity]):
    """What a person gets done a day, on which days (0 is Monday), and the share of it left for sprints."""

    member = serializers.EmailField(source="member.user.email")

    class Meta:
        model = MemberCapacity
        fields = ("member", "per_day", "focus_rate", "weekdays")


class CapacityWriteSerializer(serializers.Serializer[Any]):
    """The same as it is sent."""

    member = MemberByEmail(help_text="A member's e-mail address.")
    per_day = serializers.DecimalField(max_digits=5, decimal_places=2, min_value=0, max_value=MOST_A_DAY)
    focus_rate = serializers.FloatField(min_value=0, max_value=1)
    weekdays = serializers.ListField(child=serializers.ChoiceField(choices=Weekday.choices))


class LevelSerializer(serializers.Serializer[Any]):
    """How well somebody does a skill: 0 not at all, 1 with help, 2 alone, 3 teaches others."""

    skill = InWorkspace(queryset=Skill.objects.current())
    level = serializers.ChoiceField(choices=SkillLevel.choices)
    wants_to_learn = serializers.BooleanField(required=False, default=False)


class LevelsSerializer(serializers.Serializer[Any]):
    """Levels of one person; skills left out stay as they are."""

    member = MemberByEmail(help_text="A member's e-mail address.")
    levels = LevelSerializer(many=True)


class CoverageSerializer(serializers.Serializer[Any]):
    """Who does a skill alone, who wants to learn it, and the points that the next sprint asks of it."""

    skill = serializers.IntegerField(source="skill.pk")
    name = serializers.CharField(source="skill.name")
    able = serializers.ListField(child=serializers.CharField())
    learners = serializers.ListField(child=serializers.CharField())
    demand = serializers.IntegerField()
    gap = serializers.ChoiceField(choices=["", "one", "nobody"])


class CellSerializer(serializers.Serializer[Any]):
    """How well one person does one skill."""

    member = serializers.EmailField(source="member.user.email")
    skill = serializers.IntegerField(source="skill.pk")
    level = serializers.IntegerField()
    wants_to_learn = serializers.BooleanField()


class SlotSerializer(serializers.Serializer[Any]):
    """The first and last day of a sprint that is not made yet."""

    start = serializers.DateField()
    end = serializers.DateField()


class AwaySerializer(serializers.Serializer[Any]):
    """Days off, both ends included."""

    first_date = serializers.DateField()
    last_date = serializers.DateField()


class RiskSerializer(serializers.Serializer[Any]):
    """Skills that nobody else does alone; `away` are the person's days off in the next sprint."""

    member = serializers.EmailField(source="member.user.email")
    skills = serializers.ListField(child=serializers.CharField())
    away = AwaySerializer(many=True)
    demand = serializers.IntegerField()


class MatrixSerializer(serializers.Serializer[Any]):
    """The cross-competence matrix with its gaps."""

    cells = CellSerializer(many=True)
    coverage = CoverageSerializer(many=True)
    risks = RiskSerializer(many=True)


class ChanceSerializer(serializers.Serializer[Any]):
    """How sure it is, 0..1, that the work is done by the end of a sprint."""

    day = serializers.DateField()
    sprints = serializers.IntegerField()
    sure = serializers.FloatField()


class WorkForecastSerializer(serializers.Serializer[Any]):
    """When the work ahead is done; dates are null under three closed sprints or beyond a year of them.

    It ended between `early` and `safe` in the share `sure` of all runs.
    """

    stories = serializers.IntegerField(source="work.stories")
    points = serializers.FloatField(source="work.total")
    unestimated = serializers.IntegerField(source="work.unestimated")
    early = serializers.DateField(help_text="In 15 of 100 cases by this day.")
    likely = serializers.DateField(help_text="As likely as not by this day.")
    safe = serializers.DateField(help_text="In 85 of 100 cases by this day.")
    early_sprints = serializers.IntegerField()
    likely_sprints = serializers.IntegerField()
    safe_sprints = serializers.IntegerField()
    sure = serializers.FloatField()
    chances = ChanceSerializer(many=True)
    runs = serializers.IntegerField()
    sprints = serializers.SerializerMethodField(help_text="Closed sprints that were drawn from.")

    def get_sprints(self, found: Any) -> int:
        return len(found.past)


class VelocitySerializer(serializers.Serializer[Any]):
    """What the last sprints delivered: the middle, and between what the middle half lies."""

    median = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    delivered = serializers.SerializerMethodField()

    def get_delivered(self, found: Any) -> list[int]:
        return [sprint.delivered_points or 0 for sprint in found.sprints]


class TeamChartsSerializer(serializers.Serializer[Any]):
    """Velocity (null under three closed sprints) and forecast."""

    velocity = VelocitySerializer(allow_null=True)
    forecast = WorkForecastSerializer()


class TeamViewSet(WorkspaceApi, viewsets.ViewSet):
    """What is said of the team as a whole."""

    can: ClassVar = {
        "cadence": SEE,
        "set_cadence": PLAN,
        "matrix": SEE,
        "set_levels": EDIT,
        "capacity": SEE,
        "set_capacity": EDIT,
        "charts": SEE,
        "following": SEE,
    }

    def _checked(self, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        serializer = kind(data=self.request.data, context={"workspace": self.workspace, "view": self})
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data

    @extend_schema(responses={200: CadenceSerializer})
    @action(detail=False, methods=["get"])
    def cadence(self, request: Request) -> Response:
        """How sprints follow each other; 404 while nobody has said."""
        found = cadence_of(self.workspace)
        if found is None:
            raise NotFound
        return Response(CadenceSerializer(found).data)

    @extend_schema(request=CadenceWriteSerializer, responses={200: CadenceSerializer})
    @cadence.mapping.put
    def set_cadence(self, request: Request) -> Response:
        """Set the cadence, and make the sprints that are missing now."""
        data = self._checked(CadenceWriteSerializer)
        written = set_cadence(workspace=self.workspace, by=self.member, now=self.now, **data)
        return Response(CadenceSerializer(written).data)

    @extend_schema(responses={200: MatrixSerializer})
    @action(detail=False, methods=["get"])
    def matrix(self, request: Request) -> Response:
        """Everybody who works on sprints by every skill, and where nobody or one person alone does it."""
        return self._matrix()

    def _matrix(self) -> Response:
        found = competence_matrix(self.workspace)
        cells = [cell for row in found.rows for cell in row.cells]
        return Response(MatrixSerializer({"cells": cells, "coverage": found.coverage, "risks": found.risks}).data)

    @extend_schema(request=LevelsSerializer, responses={200: MatrixSerializer})
    @matrix.mapping.put
    def set_levels(self, request: Request) -> Response:
        """Say how well somebody does some skills."""
        data = self._checked(LevelsSerializer)
        levels = {each["skill"]: (each["level"], each["wants_to_learn"]) for each in data["levels"]}
        skills.set_levels(member=data["member"], levels=levels, by=self.member, now=self.now)
        return self._matrix()

    @extend_schema(responses={200: CapacitySerializer(many=True)})
    @action(detail=False, methods=["get"])
    def capacity(self, request: Request) -> Response:
        """What everybody who has said so gets done a day."""
        found = MemberCapacity.objects.for_workspace(self.workspace).filter(member__left_at=None)
        rows = found.select_related("member__user").order_by("member__user__name", "pk")
        return Response(CapacitySerializer(rows, many=True).data)

    @extend_schema(request=CapacityWriteSerializer, responses={200: CapacitySerializer})
    @capacity.mapping.put
    def set_capacity(self, request: Request) -> Response:
        """Say what somebody gets done a day."""
        data = self._checked(CapacityWriteSerializer)
        written = capacity.set_capacity(by=self.member, now=self.now, **data)
        return Response(CapacitySerializer(written).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("goal", int, description="Of this goal's stories and all before them."),
            OpenApiParameter("story", int, description="Of this story, by its id, and all before it."),
        ],
        responses={200: TeamChartsSerializer},
    )
    @action(detail=False, methods=["get"])
    def charts(self, request: Request) -> Response:
        """Velocity with its range, and when the work ahead will be done."""
        today = self.now.astimezone(self.workspace.zone).date()
        shown = {
            "velocity": velocity_range(past_sprints(self.workspace)),
            "forecast": forecast(self.workspace, today, self._asked_about()),
        }
        return Response(TeamChartsSerializer(shown).data)

    def _asked_about(self) -> Goal | Story | None:
        story, goal = (self.request.query_params.get(name, "") for name in ("story", "goal"))
        if story.isdecimal():
            return get_object_or_404(Story.objects.for_workspace(self.workspace), pk=int(story))
        if goal.isdecimal():
            return get_object_or_404(Goal.objects.for_workspace(self.workspace), pk=int(goal))
        return None

    @extend_schema(responses={200: SlotSerializer(many=True)})
    @action(detail=False, methods=["get"])
    def following(self, request: Request) -> Response:
        """The days of the next sprints that are not made yet; none without a cadence, or paused."""
        today = self.now.astimezone(self.workspace.zone).date()
        return Response(SlotSerializer(following(self.workspace, today, SHOWN_AHEAD), many=True).data)


class SkillSerializer(serializers.ModelSerializer[Skill]):
    """A kind of work."""

    class Meta:
        model = Skill
        fields = ("id", "name", "position")
        read_only_fields = ("position",)


class SkillViewSet(ScopedViewSet[Skill], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Skills that are asked for."""

    queryset = Skill.objects.current().select_related("workspace")
    serializer_class = SkillSerializer
    can: ClassVar = {"list": SEE, "retrieve": SEE, "create": PLAN, "update": PLAN, "destroy": PLAN}

    @extend_schema(request=SkillSerializer, responses={201: SkillSerializer})
    def create(self, request: Request) -> Response:
        """Name another kind of work."""
        name = self.checked(SkillSerializer)["name"]
        return self.shown(
            skills.add_skill(workspace=self.workspace, name=name, by=self.member, now=self.now), status=201
        )

    @extend_schema(request=SkillSerializer, responses={200: SkillSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Call it something else."""
        skill = self.get_object()
        name = self.checked(SkillSerializer)["name"]
        skills.rename_skill(skill=skill, name=name, by=self.member, now=self.now)
        return self.shown(skill)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Ask for it no more; points that stories have in it stay."""
        skills.archive_skill(skill=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)


class DaysOffSerializer(serializers.ModelSerializer[DaysOff]):
    """Days from the first to the last on which a person does not work."""

    member = serializers.EmailField(source="member.user.email")

    class Meta:
        model = DaysOff
        fields = ("id", "member", "first_date", "last_date", "note")


class DaysOffWriteSerializer(serializers.Serializer[Any]):
    """The same as they are sent."""

    member = MemberByEmail(help_text="A member's e-mail address.")
    first_date = serializers.DateField()
    last_date = serializers.DateField()
    note = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class DaysOffViewSet(ScopedViewSet[DaysOff], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Days off."""

    queryset = DaysOff.objects.select_related("member__user", "member__workspace")
    serializer_class = DaysOffSerializer
    can: ClassVar = {"list": SEE, "retrieve": SEE, "create": EDIT, "destroy": EDIT}

    @extend_schema(request=DaysOffWriteSerializer, responses={201: DaysOffSerializer})
    def create(self, request: Request) -> Response:
        """Enter days off; others' if one plans sprints."""
        off = capacity.add_days_off(by=self.member, now=self.now, **self.checked(DaysOffWriteSerializer))
        return self.shown(off, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """The person works on those days after all."""
        capacity.remove_days_off(days_off=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)


class StoryPointSerializer(serializers.Serializer[Any]):
    """How many of a story's points are work of a skill."""

    skill = InWorkspace(queryset=Skill.objects.all())
    points = serializers.IntegerField(min_value=0, max_value=MOST_POINTS)


class StorySplitSerializer(serializers.Serializer[Any]):
    """Points by skill; `total` is the story's own estimate, from which the sum may differ."""

    skills = StoryPointSerializer(many=True)
    total = serializers.IntegerField(read_only=True, allow_null=True)


class StorySkillsViewSet(ScopedViewSet[Story]):
    """Which skills a story needs."""

    queryset = Story.objects.select_related("workspace").prefetch_related("skill_points__skill")
    serializer_class = StorySplitSerializer
    pagination_class = None
    can: ClassVar = {"skills": SEE, "set_skills": EDIT}

    @extend_schema(responses={200: StorySplitSerializer})
    @action(detail=True, methods=["get"])
    def skills(self, request: Request, pk: str) -> Response:
        """A story's points by skill."""
        return self._split()

    def _split(self) -> Response:
        story = self.get_object()
        return Response(StorySplitSerializer({"skills": story.skill_points.all(), "total": story.points}).data)

    @extend_schema(request=StorySplitSerializer, responses={200: StorySplitSerializer})
    @skills.mapping.put
    def set_skills(self, request: Request, pk: str) -> Response:
        """Say them anew, all of them."""
        story, data = self.get_object(), self.checked(StorySplitSerializer)
        points = {each["skill"]: each["points"] for each in data["skills"]}
        skills.set_story_points(story=story, points=points, by=self.member, now=self.now)
        return self._split()


def register(router: SimpleRouter) -> None:
    router.register("team", TeamViewSet, basename="team")
    router.register("skills", SkillViewSet, basename="skill")
    router.register("days-off", DaysOffViewSet, basename="daysoff")
    router.register("stories", StorySkillsViewSet, basename="storyskills")
