"""REST: stories with their criteria, hypothesis and send brief. Rates are fractions."""

from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from audience.models import Segment
from sprints.api.story_many import MANY, StoryMany
from sprints.api.story_worth import WORTH, StoryWorth
from sprints.backlog_filters import Mark, narrowed
from sprints.columns import columns_of, named
from sprints.forms.backlog import wanted_of
from sprints.models import (
    AMOUNT_DIGITS,
    CENTS,
    LONGEST_REASON,
    AcceptanceCriterion,
    BoardColumn,
    Hypothesis,
    Label,
    SendBrief,
    Sprint,
    Story,
    StoryKind,
)
from sprints.ordering import Place
from sprints.services import stories
from sprints.services.board import Move, move_card
from sprints.services.stories import LONGEST_CRITERION, MOST_POINTS, STORY_FIELDS, Belief, Brief, Parts
from sprints.services.story_fields import save_story_as_seen, text_of
from strategy.models import Goal
from workspaces.api import InWorkspace, MemberByEmail
from workspaces.api_access import CursorPages
from workspaces.permissions import Can

SEE, EDIT, PLAN = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.PLAN_SPRINTS


class CriterionSerializer(serializers.ModelSerializer[AcceptanceCriterion]):
    """One thing that must be true before the story is done."""

    class Meta:
        model = AcceptanceCriterion
        fields = ("id", "text", "is_met")


class HypothesisSerializer(serializers.ModelSerializer[Hypothesis]):
    """What we believe and how we will know. `metric` is a metric's key, as in `click_rate`."""

    class Meta:
        model = Hypothesis
        fields = (
            "because", "change", "audience", "metric", "baseline", "expected", "minimum_effect", "check_date",
        )  # fmt: skip


class BriefSerializer(serializers.Serializer[SendBrief]):
    """What will happen to customers: who, when, with which offer, at which cost, for which revenue."""

    segment = InWorkspace(queryset=Segment.objects.current(), help_text="Id of the segment.")
    window_start = serializers.DateField()
    window_end = serializers.DateField()
    offer = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    cost = serializers.DecimalField(AMOUNT_DIGITS, CENTS, required=False, default=Decimal(0))
    expected_low = serializers.DecimalField(AMOUNT_DIGITS, CENTS, required=False, default=Decimal(0))
    expected_high = serializers.DecimalField(AMOUNT_DIGITS, CENTS, required=False, default=Decimal(0))


class StorySerializer(serializers.ModelSerializer[Story]):
    """A story as it is read. Without a sprint it is in the backlog, unless it was dropped.

    `version` says where it stands; a move that sends it along is refused when somebody else has moved it meanwhile.
    Without a `column` it stands in the first one of its state group, `status`.
    """

    version = serializers.CharField(read_only=True)
    blocked_by = serializers.CharField(read_only=True, help_text="What is in the way; `/blockers/` says more.")
    assignee = serializers.EmailField(source="assignee.user.email", allow_null=True, read_only=True)
    labels: "serializers.SlugRelatedField[Label]" = serializers.SlugRelatedField(
        slug_field="name", many=True, read_only=True
    )
    criteria = CriterionSerializer(many=True, read_only=True)
    hypothesis = HypothesisSerializer(allow_null=True, read_only=True)
    brief = BriefSerializer(allow_null=True, read_only=True)

    class Meta:
        model = Story
        fields = (
            "id", "number", "title", "as_a", "i_want", "so_that", "problem", "kind", "goal", "points", "assignee",
            "sprint", "status", "column", "version", "labels", "blocked_by", "criteria", "hypothesis", "brief",
            "created_at",
            "updated_at", "done_at", "dropped_at",
        )  # fmt: skip


class ReasonField(serializers.CharField):
    """Why a running sprint's scope changes."""

    def __init__(self, **options: Any) -> None:
        words = "For the scope log, if the sprint runs: why, in a sentence."
        super().__init__(
            **{"max_length": LONGEST_REASON, "required": False, "allow_blank": True, "help_text": words, **options}
        )


class StoryWriteSerializer(serializers.Serializer[Any]):
    """A story as it is sent. What is left out stays as it is."""

    title = serializers.CharField(max_length=160)
    as_a = serializers.CharField(max_length=160, required=False, allow_blank=True)
    i_want = serializers.CharField(max_length=300, required=False, allow_blank=True)
    so_that = serializers.CharField(max_length=300, required=False, allow_blank=True)
    problem = serializers.CharField(required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=StoryKind.choices, required=False)
    goal = InWorkspace(queryset=Goal.objects.all(), required=False, allow_null=True)
    points = serializers.IntegerField(min_value=0, max_value=MOST_POINTS, required=False, allow_null=True)
    assignee = MemberByEmail(required=False, allow_null=True, help_text="A member's e-mail address.")
    blocked_by = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="What is in the way; empty: nothing is."
    )
    criteria = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_CRITERION),
        required=False,
        help_text="All of them, in order; a text that stays keeps its tick.",
    )
    hypothesis = HypothesisSerializer(required=False)
    brief = BriefSerializer(required=False)
    reason = ReasonField()
    seen = serializers.DictField(
        required=False,
        help_text="What own fields were when they were read (rows by id, nothing as null). One that somebody changed "
        "meanwhile is refused with 409 `field_changed`; without this the last one wins.",
    )


class PlanSerializer(serializers.Serializer[Any]):
    """Into which sprint; null puts the story into the backlog."""

    sprint = InWorkspace(queryset=Sprint.objects.all(), allow_null=True)
    reason = ReasonField()


class MoveSerializer(serializers.Serializer[Any]):
    """To which column of the board, and before or after which story of the same list; without one it goes to the end.

    With `version` the move is refused (409 `move_conflict`) unless the story still stands where it was seen.
    """

    column = serializers.CharField(
        max_length=20, required=False, help_text="Id of a column, or the first of a group: todo, doing, review, done."
    )
    before = InWorkspace(queryset=Story.objects.all(), required=False, allow_null=True)
    after = InWorkspace(queryset=Story.objects.all(), required=False, allow_null=True)
    version = serializers.CharField(max_length=200, required=False, allow_blank=True)
    reason = ReasonField()

    def validate_column(self, key: str) -> BoardColumn:
        found = named(columns_of(self.context["workspace"]), key)
        if found is None:
            raise serializers.ValidationError(_("The board has no such column."))
        return found


class TickSerializer(serializers.Serializer[Any]):
    """Whether one of the story's criteria is met."""

    criterion = serializers.IntegerField(help_text="Id of a criterion of this story.")
    is_met = serializers.BooleanField()


class ListPages(CursorPages):
    """A list that people order by hand comes in that order, everything else newest first."""

    def get_ordering(self, request: Request, queryset: "QuerySet[Any]", view: Any) -> tuple[str, ...]:
        is_one_list = bool({"sprint", "backlog"} & set(request.query_params))
        return ("rank", "pk") if is_one_list else ("-pk",)


BACKLOG = OpenApiParameter("backlog", OpenApiTypes.BOOL, description="`1`: those that are planned nowhere.")
SPRINT = OpenApiParameter("sprint", OpenApiTypes.INT, description="Those of this sprint.")
LABEL = OpenApiParameter("label", OpenApiTypes.INT, description="Those with this label.")


WORDS = OpenApiParameter("q", OpenApiTypes.STR, description="Words in title, sentence, problem, criteria; `#12`.")
KIND = OpenApiParameter("kind", OpenApiTypes.STR, enum=StoryKind.values)
GOAL = OpenApiParameter("goal", OpenApiTypes.INT, description="Id of a goal.")
WHO = OpenApiParameter("who", OpenApiTypes.STR, description="Id of a member, `me` or `nobody`.")
SEGMENT = OpenApiParameter("segment", OpenApiTypes.INT, description="Id of a segment: who write to it or are about it.")
MARKS = OpenApiParameter("is", OpenApiTypes.STR, many=True, enum=Mark.values, description="What is missing, or wrong.")


class StoryViewSet(StoryMany, StoryWorth, mixins.RetrieveModelMixin, mixins.ListModelMixin):
    """Stories: the backlog with `?backlog=1`, those of a sprint with `?sprint=ID`, both in their order."""

    queryset = Story.objects.with_plan().select_related("score", "origin").prefetch_related("labels")
    serializer_class = StorySerializer
    pagination_class = ListPages
    can: ClassVar = {
        "list": SEE,
        "retrieve": SEE,
        "create": EDIT,
        "update": EDIT,
        "tick": EDIT,
        "move": EDIT,
        "plan": PLAN,
        "drop": PLAN,
        **WORTH,
        **MANY,
    }

    def get_queryset(self) -> Any:
        found: Any = super().get_queryset()
        params = self.request.query_params
        if params.get("sprint"):
            chosen = params["sprint"]
            found = found.filter(sprint=int(chosen)) if chosen.isdecimal() else found.none()
        found = narrowed(found, wanted_of(params), self.member)
        return found.in_backlog() if params.get("backlog") in {"1", "true"} else found

    @extend_schema(parameters=[BACKLOG, SPRINT, LABEL, WORDS, KIND, GOAL, WHO, SEGMENT, MARKS])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """All stories, also those that are done or dropped."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=StoryWriteSerializer, responses={201: StorySerializer})
    def create(self, request: Request) -> Response:
        """Put a story on top of the backlog, with all its parts or not at all."""
        return self._saved(None, self.checked(StoryWriteSerializer), status=201)

    @extend_schema(request=StoryWriteSerializer, responses={200: StorySerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change a story. What is left out stays as it is."""
        return self._saved(self.get_object(), self.checked(StoryWriteSerializer, partial=True), status=200)

    def _saved(self, story: Story | None, data: dict[str, Any], *, status: int) -> Response:
        parts = Parts(
            criteria=data.get("criteria"),
            belief=Belief(**data["hypothesis"]) if data.get("hypothesis") else None,
            brief=Brief(**data["brief"]) if data.get("brief") else None,
        )
        fields = {name: data[name] for name in STORY_FIELDS if name in data}
        seen = {name: text_of(value) for name, value in data.get("seen", {}).items()}
        written: dict[str, Any] = {"fields": fields, "parts": parts, "by": self.member, "now": self.now}
        written["reason"] = data.get("reason", "")
        if story is not None and seen:
            saved = save_story_as_seen(story=story, seen=seen, **written)
        else:
            saved = stories.save_story(workspace=self.workspace, story=story, **written)
        return self._again(saved, status=status)

    def _again(self, story: Story, *, status: int = 200) -> Response:
        """The story as it stands after the change."""
        return self.shown(Story.objects.with_plan().get(pk=story.pk), status=status)

    @extend_schema(request=TickSerializer, responses={200: StorySerializer})
    @action(detail=True, methods=["post"])
    def tick(self, request: Request, pk: str) -> Response:
        """Mark an acceptance criterion as met, or not."""
        story, data = self.get_object(), self.checked(TickSerializer)
        criterion = story.criteria.filter(pk=data["criterion"]).first()
        if criterion is None:
            raise serializers.ValidationError({"criterion": ["No criterion of this story."]})
        stories.tick_criterion(criterion=criterion, is_met=data["is_met"], by=self.member, now=self.now)
        return self._again(story)

    @extend_schema(request=PlanSerializer, responses={200: StorySerializer})
    @action(detail=True, methods=["post"])
    def plan(self, request: Request, pk: str) -> Response:
        """Put a story into a sprint, or back into the backlog."""
        story, data = self.get_object(), self.checked(PlanSerializer)
        reason = data.get("reason", "")
        stories.plan_story(story=story, sprint=data["sprint"], by=self.member, now=self.now, reason=reason)
        return self._again(story)

    @extend_schema(request=MoveSerializer, responses={200: StorySerializer})
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Move a story on the board, or within its list."""
        story, data = self.get_object(), self.checked(MoveSerializer)
        place = Place(None, data.get("column"), data.get("before"), data.get("after"))
        move = Move(place, version=data.get("version", ""), reason=data.get("reason", ""))
        move_card(story=story, move=move, by=self.member, now=self.now)
        return self._again(story)

    @extend_schema(request=None, responses={200: StorySerializer})
    @action(detail=True, methods=["post"])
    def drop(self, request: Request, pk: str) -> Response:
        """Take a story out of the backlog; planning it brings it back."""
        story = self.get_object()
        stories.drop_story(story=story, by=self.member, now=self.now)
        return self._again(story)


def register(router: SimpleRouter) -> None:
    router.register("stories", StoryViewSet, basename="story")
