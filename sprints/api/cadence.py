"""REST: the rhythm of sprints: what each aims at and committed to, what fits in, its scope log and charts."""

from dataclasses import asdict
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.capacity import team_capacity
from sprints.competence import workload
from sprints.flow import FlowDay, cumulative_flow, cycle_times
from sprints.folding import days_of, figures_of
from sprints.loads import team_load
from sprints.models import LONGEST_REASON, Commitment, Holiday, ScopeEntry, Sprint, SprintTarget, Story
from sprints.services import cadence, targets
from sprints.services.capacity import adopt_capacity
from strategy.models import DIGITS, PLACES, Kpi
from workspaces.api import InWorkspace, ScopedViewSet
from workspaces.permissions import Can

SEE, EDIT, PLAN = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.PLAN_SPRINTS


class TargetSerializer(serializers.ModelSerializer[SprintTarget]):
    """The KPI goes from one value to another by the sprint's last day; rates are fractions."""

    class Meta:
        model = SprintTarget
        fields = ("kpi", "baseline", "target")


class TargetWriteSerializer(serializers.Serializer[Any]):
    """A target as it is sent."""

    kpi = InWorkspace(queryset=Kpi.objects.current())
    baseline = serializers.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    target = serializers.DecimalField(max_digits=DIGITS, decimal_places=PLACES)


class CommitmentSerializer(serializers.ModelSerializer[Commitment]):
    """The plan as it was frozen when the sprint started: goal, target, capacity, points, people, stories."""

    by = serializers.EmailField(source="by.user.email", allow_null=True, read_only=True)
    snapshot = serializers.DictField()

    class Meta:
        model = Commitment
        fields = ("made_at", "by", "snapshot")


class ScopeEntrySerializer(serializers.ModelSerializer[ScopeEntry]):
    """One line of a scope log; `points` is what the change adds, negative takes away."""

    by = serializers.EmailField(source="by.user.email", allow_null=True, read_only=True)
    title = serializers.CharField(source="story.title", read_only=True)

    class Meta:
        model = ScopeEntry
        fields = ("id", "sprint", "story", "title", "change", "points", "reason", "by", "at")


class ReasonSerializer(serializers.Serializer[Any]):
    """Why the scope changed, in a sentence."""

    reason = serializers.CharField(max_length=LONGEST_REASON, allow_blank=True)


class MemberLineSerializer(serializers.Serializer[Any]):
    """What one person can take into a sprint; without a word of his or hers, nothing."""

    member = serializers.EmailField(source="member.user.email")
    has_said = serializers.SerializerMethodField(help_text="Whether the person has said what a day gives.")
    working_days = serializers.IntegerField()
    holidays = serializers.IntegerField()
    days_off = serializers.IntegerField()
    amount = serializers.FloatField(help_text="In the unit of the cadence.")
    points = serializers.FloatField()

    def get_has_said(self, line: Any) -> bool:
        return line.setting is not None


class SkillLoadSerializer(serializers.Serializer[Any]):
    """What a sprint asks of a skill, and at most what those who do it alone could give, in points."""

    skill = serializers.IntegerField(source="skill.pk")
    name = serializers.CharField(source="skill.name")
    demand = serializers.IntegerField()
    supply = serializers.FloatField()
    able = serializers.IntegerField(help_text="How many people do it alone.")
    people = serializers.ListField(child=serializers.CharField(), help_text="Who they are.")
    too_much = serializers.FloatField(help_text="Points more than they could give.")
    gap = serializers.ChoiceField(choices=["", "short", "one", "nobody"])


class PersonLoadSerializer(serializers.Serializer[Any]):
    """The stories that a person leads in a sprint, and their points beside what he or she can take."""

    member = serializers.EmailField(source="member.user.email")
    stories = serializers.IntegerField()
    points = serializers.IntegerField()
    can_take = serializers.FloatField(allow_null=True, help_text="Null while the person has not said.")
    too_much = serializers.FloatField(help_text="Points more than fit.")


class SprintCapacitySerializer(serializers.Serializer[Any]):
    """What the team can take into a sprint, by person and by skill, and who has how much of it.

    `unsplit` are points without a skill, `nobody` those that no one leads yet.
    """

    points = serializers.FloatField()
    unit = serializers.CharField()
    members = MemberLineSerializer(many=True, source="lines")
    skills = SkillLoadSerializer(many=True)
    unsplit = serializers.IntegerField()
    loads = PersonLoadSerializer(many=True)
    nobody = serializers.IntegerField()


class DaySerializer(serializers.Serializer[Any]):
    """Points at the end of a day, folded from the scope log, and stories by column."""

    day = serializers.DateField()
    committed = serializers.IntegerField()
    added = serializers.IntegerField()
    scope = serializers.IntegerField()
    done = serializers.IntegerField()
    left = serializers.IntegerField()
    columns = serializers.DictField(child=serializers.IntegerField())


class CycleTimeSerializer(serializers.Serializer[Any]):
    """How long a story took from begun to done, in days, `waited` of them for the owner."""

    story = serializers.IntegerField(source="story.pk")
    day = serializers.DateField()
    days = serializers.FloatField()
    waited = serializers.FloatField()


class SprintChartsSerializer(serializers.Serializer[Any]):
    """The figures behind a sprint's charts."""

    days = DaySerializer(many=True)
    cycle_times = CycleTimeSerializer(many=True)


class SprintPlanViewSet(ScopedViewSet[Sprint]):
    """What belongs to one sprint beside its own fields."""

    queryset = Sprint.objects.select_related("workspace")
    serializer_class: Any = TargetSerializer
    pagination_class = None
    can: ClassVar = {
        "cancel": PLAN,
        "target": SEE,
        "set_target": PLAN,
        "clear_target": PLAN,
        "capacity": SEE,
        "use_capacity": PLAN,
        "commitment": SEE,
        "scope_log": SEE,
        "charts": SEE,
    }

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Take back a sprint that was planned by mistake; its stories go on top of the backlog."""
        cadence.cancel_sprint(sprint=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(responses={200: TargetSerializer})
    @action(detail=True, methods=["get"])
    def target(self, request: Request, pk: str) -> Response:
        """What the sprint aims at in figures; 404 if at none."""
        return Response(TargetSerializer(get_object_or_404(SprintTarget, sprint=self.get_object())).data)

    @extend_schema(request=TargetWriteSerializer, responses={200: TargetSerializer})
    @target.mapping.put
    def set_target(self, request: Request, pk: str) -> Response:
        """Say which KPI goes from where to where."""
        sprint, data = self.get_object(), self.checked(TargetWriteSerializer)
        written = targets.set_target(sprint=sprint, by=self.member, now=self.now, **data)
        return Response(TargetSerializer(written).data)

    @extend_schema(responses={204: None})
    @target.mapping.delete
    def clear_target(self, request: Request, pk: str) -> Response:
        """Aim at no figure."""
        targets.clear_target(sprint=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(responses={200: SprintCapacitySerializer})
    @action(detail=True, methods=["get"])
    def capacity(self, request: Request, pk: str) -> Response:
        """Who has how many days, what that makes in points, and what each skill has to give."""
        return self._capacity(self.get_object())

    @extend_schema(request=None, responses={200: SprintCapacitySerializer})
    @capacity.mapping.post
    def use_capacity(self, request: Request, pk: str) -> Response:
        """Write the sum as the sprint's capacity."""
        sprint = self.get_object()
        adopt_capacity(sprint=sprint, by=self.member, now=self.now)
        return self._capacity(sprint)

    def _capacity(self, sprint: Sprint) -> Response:
        found = team_capacity(sprint)
        load = workload(sprint, found)
        team = team_load(sprint, found)
        shown = {"points": found.points, "unit": found.unit, "lines": found.lines, "skills": load.loads}
        given = {"unsplit": load.unsplit, "loads": team.people, "nobody": team.nobody}
        return Response(SprintCapacitySerializer({**shown, **given}).data)

    @extend_schema(responses={200: CommitmentSerializer})
    @action(detail=True, methods=["get"])
    def commitment(self, request: Request, pk: str) -> Response:
        """What the team committed to when it started; 404 before."""
        found = Commitment.objects.select_related("by__user").filter(sprint=self.get_object()).first()
        if found is None:
            raise NotFound
        return Response(CommitmentSerializer(found).data)

    @extend_schema(responses={200: ScopeEntrySerializer(many=True)})
    @action(detail=True, methods=["get"], url_path="scope-log")
    def scope_log(self, request: Request, pk: str) -> Response:
        """Everything that happened to its scope, oldest first."""
        entries = ScopeEntry.objects.filter(sprint=self.get_object()).select_related("story", "by__user")
        return Response(ScopeEntrySerializer(entries.order_by("at", "pk"), many=True).data)

    @extend_schema(responses={200: SprintChartsSerializer})
    @action(detail=True, methods=["get"])
    def charts(self, request: Request, pk: str) -> Response:
        """The figures of burndown, burnup, cumulative flow and cycle time."""
        sprint, zone = self.get_object(), self.workspace.zone
        _days, past = days_of(sprint, self.now.astimezone(zone).date())
        stories = list(Story.objects.filter(scope_log__sprint=sprint).distinct().order_by("pk"))
        flow = cumulative_flow(stories, past, zone)
        days = [_day(figures, each) for figures, each in zip(figures_of(sprint, past), flow, strict=True)]
        own = [story for story in stories if story.sprint_id == sprint.pk]
        shown = {"days": days, "cycle_times": cycle_times(own, zone).stories}
        return Response(SprintChartsSerializer(shown).data)


def _day(figures: Any, flow: FlowDay) -> dict[str, Any]:
    return {**asdict(figures), "scope": figures.scope, "left": figures.left, "columns": flow.counts}


class ScopeEntryViewSet(ScopedViewSet[ScopeEntry], mixins.RetrieveModelMixin):
    """Lines of scope logs; they are read with their sprint."""

    queryset = ScopeEntry.objects.select_related("sprint__workspace", "story", "by__user", "workspace")
    serializer_class = ScopeEntrySerializer
    can: ClassVar = {"retrieve": SEE, "reason": EDIT}

    @extend_schema(request=ReasonSerializer, responses={200: ScopeEntrySerializer})
    @action(detail=True, methods=["put"])
    def reason(self, request: Request, pk: str) -> Response:
        """Say why, also later or in other words."""
        entry, data = self.get_object(), self.checked(ReasonSerializer)
        targets.give_reason(entry=entry, reason=data["reason"], by=self.member, now=self.now)
        return self.shown(self.get_object())


class HolidaySerializer(serializers.ModelSerializer[Holiday]):
    """A day on which nobody works."""

    class Meta:
        model = Holiday
        fields = ("id", "day", "name")


class HolidayViewSet(ScopedViewSet[Holiday], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Holidays of the workspace."""

    queryset = Holiday.objects.select_related("workspace")
    serializer_class = HolidaySerializer
    can: ClassVar = {"list": SEE, "retrieve": SEE, "create": PLAN, "destroy": PLAN}

    @extend_schema(request=HolidaySerializer, responses={201: HolidaySerializer})
    def create(self, request: Request) -> Response:
        """Say that nobody works on a day."""
        data = self.checked(HolidaySerializer)
        holiday = cadence.add_holiday(workspace=self.workspace, by=self.member, now=self.now, **data)
        return self.shown(holiday, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """People work on that day after all."""
        cadence.remove_holiday(holiday=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)


def register(router: SimpleRouter) -> None:
    router.register("sprints", SprintPlanViewSet, basename="sprintplan")
    router.register("scope-entries", ScopeEntryViewSet, basename="scopeentry")
    router.register("holidays", HolidayViewSet, basename="holiday")
