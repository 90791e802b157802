"""REST: ask for an approval, read what was asked and said, remind, and decide."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.forms.approvals import LONGEST_WORDS
from sprints.models import ApprovalRequest, Sprint, StoryDecision, Verdict
from sprints.services import approvals
from sprints.services.approvals import Say
from workspaces.api import InWorkspace, MemberByEmail, ScopedViewSet
from workspaces.permissions import Can


class StoryDecisionSerializer(serializers.ModelSerializer[StoryDecision]):
    """What was said of one story."""

    class Meta:
        model = StoryDecision
        fields = ("story", "verdict", "comment")


class ApprovalSerializer(serializers.ModelSerializer[ApprovalRequest]):
    """A frozen version and the answer to it. `snapshot` is what the owner is shown, word for word."""

    approver = serializers.EmailField(source="approver.user.email")
    requested_by = serializers.EmailField(source="requested_by.user.email")
    decided_by = serializers.EmailField(source="decided_by.user.email", allow_null=True, default=None)
    decisions = StoryDecisionSerializer(many=True)
    snapshot = serializers.DictField()

    class Meta:
        model = ApprovalRequest
        fields = (
            "id", "subject", "sprint", "story", "version", "state", "fingerprint", "snapshot", "message",
            "requested_by", "requested_at", "approver", "due_at", "verdict", "comment", "decided_by", "decided_at",
            "decisions",
        )  # fmt: skip


class AskSerializer(serializers.Serializer[Any]):
    """The sprint whose plan is sent, and the member who decides."""

    sprint: Any = InWorkspace(queryset=Sprint.objects.all())
    approver: Any = MemberByEmail(help_text="E-mail address of a member who is a business owner.")
    message = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_WORDS)


class SaySerializer(serializers.Serializer[Any]):
    """What is said of one story."""

    id = serializers.IntegerField(help_text="Of the story, as in the snapshot.")
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    comment = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_WORDS)


class DecideSerializer(serializers.Serializer[Any]):
    """The answer. `fingerprint` is that of the version it is about; `stories` are those judged otherwise."""

    fingerprint = serializers.CharField(max_length=64)
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    comment = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_WORDS)
    stories = SaySerializer(many=True, required=False, default=list)


class ApprovalViewSet(ScopedViewSet[ApprovalRequest], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Requests for approval, newest first; narrow with `?sprint=` and `?state=`."""

    queryset = ApprovalRequest.objects.with_people().prefetch_related("decisions")
    serializer_class = ApprovalSerializer
    can: ClassVar = {
        "list": Can.SEE_SPRINTS,
        "retrieve": Can.SEE_SPRINTS,
        "create": Can.PLAN_SPRINTS,
        "remind": Can.PLAN_SPRINTS,
        "decide": Can.DECIDE,
    }

    def get_queryset(self) -> Any:
        requests = super().get_queryset()
        params = self.request.query_params
        if params.get("sprint", "").isdecimal():
            requests = requests.filter(sprint=int(params["sprint"]))
        return requests.filter(state=params["state"]) if params.get("state") else requests

    @extend_schema(request=AskSerializer, responses={201: ApprovalSerializer})
    def create(self, request: Request) -> Response:
        """Freeze a sprint's plan and ask the owner. What is missing stands under `fields.readiness`."""
        asked = approvals.request_approval(by=self.member, now=self.now, **self.checked(AskSerializer))
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
        """Say what becomes of the plan, as the business owner the key belongs to. Once."""
        asked, data = self.get_object(), self.checked(DecideSerializer)
        approvals.decide(
            request=asked,
            shown=data["fingerprint"],
            whole=Verdict(data["verdict"]),
            each={said["id"]: Say(Verdict(said["verdict"]), said["comment"]) for said in data["stories"]},
            comment=data["comment"],
            by=self.member,
            now=self.now,
        )
        return self.shown(self.get_object())


def register(router: SimpleRouter) -> None:
    router.register("approvals", ApprovalViewSet, basename="approval")
