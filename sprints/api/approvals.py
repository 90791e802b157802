"""REST: ask for an approval, read what was asked and said, remind, and decide."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.answers import Answer, Say
from sprints.deciders import answers_for
from sprints.forms.approvals import LONGEST_WORDS
from sprints.models import (
    ApprovalCondition,
    ApprovalMessage,
    ApprovalRequest,
    ItemDecision,
    Sprint,
    StoryDecision,
    Verdict,
)
from sprints.services import approvals, strategy_approvals
from sprints.services.answer_words import LONGEST_CONDITION, MOST_CONDITIONS
from sprints.services.approval_talk import LONGEST_MESSAGE, may_speak, write_message
from strategy.models import Goal, Principle
from workspaces.api import InWorkspace, MemberByEmail, ScopedViewSet
from workspaces.api_access import CursorPages
from workspaces.permissions import Can


class StoryDecisionSerializer(serializers.ModelSerializer[StoryDecision]):
    """What was said of one story."""

    class Meta:
        model = StoryDecision
        fields = ("story", "verdict", "comment")


class ItemDecisionSerializer(serializers.ModelSerializer[ItemDecision]):
    """What was said of one goal or principle; `item` is its id in the snapshot."""

    class Meta:
        model = ItemDecision
        fields = ("item", "verdict", "comment")


class ConditionSerializer(serializers.ModelSerializer[ApprovalCondition]):
    """Something a yes depends on; without a story, everything that was approved with it."""

    met_by = serializers.EmailField(source="met_by.user.email", allow_null=True, default=None)
    named = serializers.EmailField(
        source="named.user.email", allow_null=True, default=None, help_text="Who sees to it."
    )

    class Meta:
        model = ApprovalCondition
        fields = ("id", "request", "story", "text", "met_at", "met_by", "named", "named_at")


class MessageSerializer(serializers.ModelSerializer[ApprovalMessage]):
    """A question or an answer about a version, in Markdown."""

    author = serializers.EmailField(source="author.user.email", read_only=True)

    class Meta:
        model = ApprovalMessage
        fields = ("id", "request", "author", "text", "via", "written_at")


class SayingSerializer(serializers.Serializer[Any]):
    """What is said. `@` and a member's name tells that member."""

    text = serializers.CharField(max_length=LONGEST_MESSAGE)


class ApprovalSerializer(serializers.ModelSerializer[ApprovalRequest]):
    """A frozen version and the answer to it. `snapshot` is what the owner is shown, word for word."""

    approver = serializers.EmailField(source="approver.user.email")
    requested_by = serializers.EmailField(source="requested_by.user.email")
    decided_by = serializers.EmailField(source="decided_by.user.email", allow_null=True, default=None)
    decisions = StoryDecisionSerializer(many=True)
    item_decisions = ItemDecisionSerializer(many=True)
    conditions = ConditionSerializer(many=True)
    carried = serializers.ListField(child=serializers.IntegerField(), help_text="Ids approved before, not asked again.")
    snapshot = serializers.DictField()

    class Meta:
        model = ApprovalRequest
        fields = (
            "id", "subject", "sprint", "story", "goal", "principle", "version", "state", "fingerprint", "snapshot",
            "carried", "message", "requested_by", "requested_at", "approver", "due_at", "silence_at", "verdict",
            "comment", "decided_by", "decided_at", "decided_via", "decisions", "item_decisions", "conditions",
            "is_automatic",
        )  # fmt: skip


class AskSerializer(serializers.Serializer[Any]):
    """What is asked about, exactly one of the first four, and the member who decides."""

    sprint: Any = InWorkspace(queryset=Sprint.objects.all(), required=False, help_text="Its plan.")
    goal: Any = InWorkspace(queryset=Goal.objects.all(), required=False)
    principle: Any = InWorkspace(queryset=Principle.objects.all(), required=False)
    plan = serializers.BooleanField(required=False, help_text="All open goals and all principles in force.")
    approver: Any = MemberByEmail(help_text="E-mail address of a member who is a business owner.")
    message = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_WORDS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one thing; the others are left out, and so is the mark of the plan."""
        named = [name for name in ASKS if attrs.get(name)]
        if len(named) != 1:
            words = [_("Name one of sprint, goal, principle and plan.")]
            raise serializers.ValidationError(dict.fromkeys(named or ["sprint"], words))
        return attrs


ASKS: dict[str, Callable[..., ApprovalRequest]] = {
    "sprint": approvals.request_approval,
    "goal": strategy_approvals.request_goal_approval,
    "principle": strategy_approvals.request_principle_approval,
    "plan": strategy_approvals.request_plan_approval,
}


def _conditions() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_CONDITION),
        max_length=MOST_CONDITIONS,
        required=False,
        default=list,
        help_text="Of a yes with conditions; without them the lines of the comment are taken.",
    )


class SaySerializer(serializers.Serializer[Any]):
    """What is said of one story, goal or principle."""

    id = serializers.IntegerField(help_text="Of the item, as in the snapshot.")
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    comment = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_WORDS)
    conditions = _conditions()


class DecideSerializer(serializers.Serializer[Any]):
    """The answer. `fingerprint` is that of the version it is about; `stories` are those judged otherwise."""

    fingerprint = serializers.CharField(max_length=64)
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    comment = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_WORDS)
    conditions = _conditions()
    stories = SaySerializer(many=True, required=False, default=list)
    code = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=20, help_text="Mailed when a yes needs it."
    )


class RequestPages(CursorPages):
    """Few a page: each holds a whole frozen plan."""

    page_size = 10


class ApprovalViewSet(ScopedViewSet[ApprovalRequest], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Requests for approval, newest first; narrow with `?sprint=` and `?state=`."""

    queryset = ApprovalRequest.objects.with_people().prefetch_related(
        "decisions", "item_decisions", "conditions__met_by__user", "conditions__named__user"
    )
    serializer_class = ApprovalSerializer
    pagination_class = RequestPages
    can: ClassVar = {
        "list": Can.SEE_SPRINTS,
        "retrieve": Can.SEE_SPRINTS,
        "create": Can.PLAN_SPRINTS,
        "remind": Can.PLAN_SPRINTS,
        "decide": Can.ANSWER,
        "messages": Can.SEE_SPRINTS,
        "say": Can.ANSWER,
    }

    def get_queryset(self) -> Any:
        requests = super().get_queryset()
        params = self.request.query_params
        if params.get("sprint", "").isdecimal():
            requests = requests.filter(sprint=int(params["sprint"]))
        return requests.filter(state=params["state"]) if params.get("state") else requests

    @extend_schema(request=AskSerializer, responses={201: ApprovalSerializer})
    def create(self, request: Request) -> Response:
        """Freeze a plan, a goal or a principle and ask the owner. What is missing stands under `fields.readiness`."""
        data = self.checked(AskSerializer)
        name = next(name for name in ASKS if data.get(name))
        about = {} if name == "plan" else {name: data[name]}
        asked = ASKS[name](by=self.member, now=self.now, approver=data["approver"], message=data["message"], **about)
        return self.shown(asked, status=201)

    @extend_schema(request=None, responses={200: ApprovalSerializer})
    @action(detail=True, methods=["post"])
    def remind(self, request: Request, pk: str) -> Response:
        """Mail the owner a fresh link; the one before stops working."""
        asked = self.get_object()
        approvals.remind(request=asked, by=self.member, now=self.now)
        return self.shown(self.get_object())

    @extend_schema(request=DecideSerializer, responses={200: ApprovalSerializer})
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Say what becomes of the plan, as the owner, or the delegate, the key belongs to. Once."""
        asked, data = self.get_object(), self.checked(DecideSerializer)
        if not answers_for(asked, self.member, self.now):
            raise PermissionDenied
        approvals.decide(
            request=asked,
            shown=data["fingerprint"],
            answer=_answer(data),
            code=data["code"],
            by=self.member,
            now=self.now,
        )
        return self.shown(self.get_object())

    @extend_schema(responses={200: MessageSerializer(many=True)})
    @action(detail=True, methods=["get"], pagination_class=None)
    def messages(self, request: Request, pk: str) -> Response:
        """What was said about all versions of this question, oldest first."""
        versions = ApprovalRequest.objects.about_same(self.get_object())
        rows = ApprovalMessage.objects.filter(request__in=versions).select_related("author__user")
        return Response(MessageSerializer(rows.order_by("written_at", "pk"), many=True).data)

    @extend_schema(request=SayingSerializer, responses={201: MessageSerializer})
    @action(detail=True, methods=["post"])
    def say(self, request: Request, pk: str) -> Response:
        """Ask or answer something about it. It decides nothing, stands in the log, and is never changed."""
        asked, data = self.get_object(), self.checked(SayingSerializer)
        if not may_speak(asked, self.member, self.now):
            raise PermissionDenied
        message = write_message(request=asked, text=data["text"], by=self.member, now=self.now)
        return Response(MessageSerializer(message).data, status=201)


def _answer(data: dict[str, Any]) -> Answer:
    each = {said["id"]: Say(Verdict(said["verdict"]), said["comment"], said["conditions"]) for said in data["stories"]}
    return Answer(Verdict(data["verdict"]), each, data["comment"], data["conditions"])


def register(router: SimpleRouter) -> None:
    router.register("approvals", ApprovalViewSet, basename="approval")
