"""REST: stand-ups by day, the live round, the schedule, and one's own entry. Blockers are at `/blockers/`."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.models import PlanKept, SpeakingOrder, StandUp, StandUpEntry, StandUpSchedule, StandUpTurn, Story
from sprints.moves import shown
from sprints.services import standups
from sprints.services.standup_schedules import Terms, set_schedule
from sprints.services.standup_steps import Step, take_step
from sprints.services.standups import LONGEST_ANSWER, Answers
from sprints.standup_days import own_day, participants, schedule_of
from sprints.standup_round import RoundNow, round_now
from workspaces.api import InWorkspace, MemberByEmail, ScopedViewSet
from workspaces.api_access import CursorPages
from workspaces.permissions import Can


class MoveSerializer(serializers.Serializer[Any]):
    """What moved since the entry before."""

    key = serializers.CharField(help_text="For `left_out`.")
    words = serializers.CharField()


class EntrySerializer(serializers.ModelSerializer[StandUpEntry]):
    """What one member said on one day."""

    day = serializers.DateField(source="stand_up.day")
    member = serializers.EmailField(source="member.user.email")
    moves = serializers.SerializerMethodField()

    class Meta:
        model = StandUpEntry
        fields = (
            "id", "day", "member", "plan_kept", "moves", "yesterday", "stories", "today", "in_the_way", "created_at",
            "updated_at",
        )  # fmt: skip

    @extend_schema_field(MoveSerializer(many=True))
    def get_moves(self, entry: StandUpEntry) -> Any:
        return MoveSerializer(shown(entry.moves), many=True).data


class EntryWriteSerializer(serializers.Serializer[Any]):
    """Today's entry as it is sent. What moved is added by itself, but for what `left_out` names."""

    plan_kept = serializers.ChoiceField(
        choices=PlanKept.choices,
        required=False,
        allow_blank=True,
        default="",
        help_text="Of the plan of the time before.",
    )
    yesterday = serializers.CharField(max_length=LONGEST_ANSWER, required=False, allow_blank=True, default="")
    stories: Any = InWorkspace(queryset=Story.objects.all(), many=True, required=False)
    today = serializers.CharField(max_length=LONGEST_ANSWER, required=False, allow_blank=True, default="")
    in_the_way = serializers.CharField(max_length=LONGEST_ANSWER, required=False, allow_blank=True, default="")
    left_out = serializers.ListField(child=serializers.CharField(max_length=80), required=False, default=list)


class StandUpSerializer(serializers.ModelSerializer[StandUp]):
    """A day's stand-up."""

    entries = EntrySerializer(many=True)

    class Meta:
        model = StandUp
        fields = ("id", "day", "digest_at", "round_started_at", "round_ended_at", "entries")


class TurnSerializer(serializers.ModelSerializer[StandUpTurn]):
    """A turn of the live round."""

    member = serializers.EmailField(source="member.user.email")

    class Meta:
        model = StandUpTurn
        fields = ("id", "member", "position", "state")


class RoundSerializer(serializers.Serializer[Any]):
    """The live round of today. Before it begins `order` says who will speak after whom."""

    stand_up = serializers.IntegerField(source="stand_up.pk")
    is_live = serializers.BooleanField(source="stand_up.is_live")
    started_at = serializers.DateTimeField(source="stand_up.round_started_at", allow_null=True)
    ended_at = serializers.DateTimeField(source="stand_up.round_ended_at", allow_null=True)
    speaking = TurnSerializer(allow_null=True)
    is_paused = serializers.BooleanField(source="speaking.is_paused", default=False)
    seconds_left = serializers.IntegerField(source="seconds", help_text="Below zero when the time is over.")
    turns = TurnSerializer(many=True)
    order = serializers.SerializerMethodField()
    off = serializers.SerializerMethodField(help_text="Who takes part and does not work today.")

    def get_order(self, found: RoundNow) -> list[str]:
        return [member.user.email for member in found.people]

    def get_off(self, found: RoundNow) -> list[str]:
        return [member.user.email for member in found.off]


class StepSerializer(serializers.Serializer[Any]):
    """A button of the round. `turn` is the one that is meant: when it is over nothing happens."""

    step = serializers.ChoiceField(choices=Step.choices)
    turn = serializers.IntegerField(required=False, default=0, help_text="For next, skip, pause and back.")
    member: Any = MemberByEmail(required=False, default=None, help_text="For up and down: an e-mail address.")


class StandUpScheduleSerializer(serializers.Serializer[Any]):
    """When the stand-up is. Hours are those of each member's own clock; weekdays count from Monday, 0."""

    weekdays = serializers.ListField(child=serializers.IntegerField(min_value=0, max_value=6))
    remind_hour = serializers.IntegerField(min_value=0, max_value=23)
    closing_hour = serializers.IntegerField(min_value=0, max_value=23, help_text="The digest goes out by then.")
    has_round = serializers.BooleanField()
    seconds_each = serializers.IntegerField(help_text="How long each speaks in the live round.")
    order = serializers.ChoiceField(choices=SpeakingOrder.choices)
    members = serializers.ListField(
        child=MemberByEmail(help_text="E-mail address of a member."),
        help_text="Who takes part; by hand, in this order.",
    )


class ShownStandUpScheduleSerializer(StandUpScheduleSerializer):
    """The schedule as it stands; `is_set` is false until the team saves one, and then nobody is mailed."""

    is_set = serializers.BooleanField()
    members = serializers.SerializerMethodField()  # type: ignore[assignment]  # read as addresses

    def get_members(self, schedule: StandUpSchedule) -> list[str]:
        return [member.user.email for member in participants(schedule)]


class DayPages(CursorPages):
    """Few a page: each holds what everybody said."""

    page_size = 10


class StandUpViewSet(ScopedViewSet[StandUp], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Stand-ups by day, newest first, with what everybody said."""

    queryset = StandUp.objects.select_related("workspace").prefetch_related(
        "entries__member__user", "entries__stories", "entries__stand_up"
    )
    serializer_class = StandUpSerializer
    pagination_class = DayPages
    can: ClassVar = {
        "list": Can.SEE_SPRINTS,
        "retrieve": Can.SEE_SPRINTS,
        "round": Can.SEE_SPRINTS,
        "step": Can.EDIT_STORIES,
    }

    def get_queryset(self) -> Any:
        return super().get_queryset().order_by("-day")

    @extend_schema(responses={200: RoundSerializer})
    @action(detail=True, methods=["get"])
    def round(self, request: Request, pk: str) -> Response:
        """The live round as it stands."""
        return self._round(self.get_object())

    @extend_schema(request=StepSerializer, responses={200: RoundSerializer})
    @action(detail=True, methods=["post"])
    def step(self, request: Request, pk: str) -> Response:
        """Press a button of the round; repeating it for the same turn changes nothing."""
        stand_up, asked = self.get_object(), self.checked(StepSerializer)
        step = Step(asked.pop("step"))
        take_step(stand_up=stand_up, step=step, by=self.member, now=self.now, **asked)
        return self._round(self.get_object())

    def _round(self, stand_up: StandUp) -> Response:
        return Response(RoundSerializer(round_now(stand_up, self.now)).data)


class ScheduleViewSet(ScopedViewSet[StandUpSchedule]):
    """When the workspace has its stand-up, and who takes part."""

    queryset = StandUpSchedule.objects.all()
    serializer_class = ShownStandUpScheduleSerializer
    pagination_class = None
    can: ClassVar = {"list": Can.SEE_SPRINTS, "create": Can.MANAGE_WORKSPACE}

    @extend_schema(responses={200: ShownStandUpScheduleSerializer})
    def list(self, request: Request) -> Response:
        """The schedule; until the team saves one, the usual one."""
        return Response(ShownStandUpScheduleSerializer(schedule_of(self.workspace)).data)

    @extend_schema(request=StandUpScheduleSerializer, responses={200: ShownStandUpScheduleSerializer})
    def create(self, request: Request) -> Response:
        """Set it, all at once. From then on it reminds and mails."""
        asked = self.checked(StandUpScheduleSerializer)
        terms = Terms(**{**asked, "order": SpeakingOrder(asked["order"])})
        schedule = set_schedule(workspace=self.workspace, terms=terms, by=self.member, now=self.now)
        return Response(ShownStandUpScheduleSerializer(schedule).data)


class EntryViewSet(ScopedViewSet[StandUpEntry], mixins.RetrieveModelMixin):
    """Entries; the key's member writes the own one of today."""

    queryset = StandUpEntry.objects.shown()
    serializer_class = EntrySerializer
    can: ClassVar = {"retrieve": Can.SEE_SPRINTS, "create": Can.EDIT_STORIES}

    @extend_schema(request=EntryWriteSerializer, responses={200: EntrySerializer})
    def create(self, request: Request) -> Response:
        """Write today's entry, or write it anew: what is not sent is empty."""
        answers = Answers(**self.checked(EntryWriteSerializer))
        day = own_day(self.member, self.now)
        stand_up = standups.open_stand_up(workspace=self.workspace, day=day, now=self.now)
        entry = standups.write_entry(stand_up=stand_up, answers=answers, by=self.member, now=self.now)
        return self.shown(entry)


def register(router: SimpleRouter) -> None:
    router.register("stand-ups", StandUpViewSet, basename="stand-up")
    router.register("stand-up-schedule", ScheduleViewSet, basename="stand-up-schedule")
    router.register("stand-up-entries", EntryViewSet, basename="stand-up-entry")
