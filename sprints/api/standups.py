"""REST: stand-ups by day, and one's own entry. What is in the way is at `/blockers/`."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.models import PlanKept, StandUp, StandUpEntry, Story
from sprints.moves import shown
from sprints.services import standups
from sprints.services.standups import LONGEST_ANSWER, Answers
from sprints.standup_days import own_day
from workspaces.api import InWorkspace, ScopedViewSet
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


class StandUpViewSet(ScopedViewSet[StandUp], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Stand-ups by day, newest first, with what everybody said."""

    queryset = StandUp.objects.prefetch_related("entries__member__user", "entries__stories", "entries__stand_up")
    serializer_class = StandUpSerializer
    can: ClassVar = {"list": Can.SEE_SPRINTS, "retrieve": Can.SEE_SPRINTS}

    def get_queryset(self) -> Any:
        return super().get_queryset().order_by("-day")


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
    router.register("stand-up-entries", EntryViewSet, basename="stand-up-entry")
