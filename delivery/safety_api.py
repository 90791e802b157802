"""REST: safety limits, the doubt about a restored database, and what others report of messages."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from delivery import installation, safety
from delivery.feedback import LONGEST_WORDS, Reported, report_reaction
from delivery.models import BOUNDS, Doubt, Feedback, FeedbackKind, RestoreHold, SafetyLimits
from workspaces.api import ScopedViewSet
from workspaces.permissions import Can

LONGEST_MESSAGE_ID = 250


class LimitsSerializer(serializers.ModelSerializer[SafetyLimits]):
    """When sends stop by themselves. Rates are shares, 0 to 1."""

    class Meta:
        model = SafetyLimits
        fields = tuple(BOUNDS)


class LimitsChangeSerializer(serializers.Serializer[Any]):
    """Limits to change; what is left out stays."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            name: serializers.FloatField(min_value=low, max_value=high, required=False)
            if name.endswith("_rate")
            else serializers.IntegerField(min_value=int(low), max_value=int(high), required=False)
            for name, (low, high) in BOUNDS.items()
        }


class HoldSerializer(serializers.Serializer[Any]):
    """Whether all sends are held back, as the database may not know everything that was sent, and why."""

    is_held = serializers.BooleanField()
    doubt = serializers.ChoiceField(choices=Doubt.choices, allow_blank=True)
    known_until = serializers.DateTimeField(allow_null=True)
    seen_at = serializers.DateTimeField(allow_null=True)
    since = serializers.DateTimeField(allow_null=True)


class SafetyViewSet(ScopedViewSet[RestoreHold]):
    """What stops sends by themselves."""

    queryset = RestoreHold.objects.all()
    serializer_class = HoldSerializer
    pagination_class = None
    can: ClassVar = {
        "limits": Can.MANAGE_WORKSPACE,
        "change_limits": Can.MANAGE_WORKSPACE,
        "doubt": Can.MANAGE_WORKSPACE,
        "confirm": Can.MANAGE_WORKSPACE,
    }

    @extend_schema(responses={200: LimitsSerializer})
    @action(detail=False, methods=["get"])
    def limits(self, request: Request) -> Response:
        """The limits of this workspace."""
        return Response(LimitsSerializer(safety.limits_of(self.workspace)).data)

    @extend_schema(request=LimitsChangeSerializer, responses={200: LimitsSerializer})
    @limits.mapping.patch
    def change_limits(self, request: Request) -> Response:
        """Change limits. They hold at once, also for sends under way."""
        changes = self.checked(LimitsChangeSerializer, partial=True)
        limits = safety.set_limits(workspace=self.workspace, by=self.member, now=self.now, **changes)
        return Response(LimitsSerializer(limits).data)

    @extend_schema(responses={200: HoldSerializer})
    @action(detail=False, methods=["get"])
    def doubt(self, request: Request) -> Response:
        """Whether the database is in doubt."""
        return self._doubt()

    @extend_schema(request=None, responses={200: HoldSerializer})
    @action(detail=False, methods=["post"])
    def confirm(self, request: Request) -> Response:
        """This is the right database, and no other installation sends from a copy of it: sends may start again."""
        installation.confirm_restore(workspace=self.workspace, by=self.member, now=self.now)
        return self._doubt()

    def _doubt(self) -> Response:
        hold = self.get_queryset().filter(confirmed_at=None).first()
        times = {name: getattr(hold, name, None) for name in ("known_until", "seen_at", "since")}
        shown = {"is_held": hold is not None, "doubt": hold.doubt if hold else "", **times}
        return Response(HoldSerializer(shown).data)


class ReactionSerializer(serializers.Serializer[Any]):
    """A complaint or bounce about a message: named by its Message-ID, or by the address it went to."""

    kind = serializers.ChoiceField(choices=FeedbackKind.choices)
    message_id = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=LONGEST_MESSAGE_ID,
        help_text="As in the mail’s header.",
    )
    address = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=254, help_text="Then its newest message is meant."
    )
    status = serializers.RegexField(
        r"^[245]\.\d{1,3}\.\d{1,3}$", required=False, allow_blank=True, default="", help_text="As in 5.1.1 (RFC 3463)."
    )
    words = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_WORDS)
    at = serializers.DateTimeField(required=False, help_text="When it happened; left out means now.")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if bool(data["message_id"]) == bool(data["address"]):
            raise serializers.ValidationError({"message_id": [_("Name either the message or the address.")]})
        return data


class FeedbackSerializer(serializers.ModelSerializer[Feedback]):
    """A complaint or bounce as it was noted. `is_final`: the address does not exist and is never written to again."""

    campaign = serializers.IntegerField(source="run.campaign_id")

    class Meta:
        model = Feedback
        fields = ("id", "campaign", "delivery", "contact", "kind", "status", "words", "is_final", "at", "reported_at")


class ReactionViewSet(ScopedViewSet[Feedback]):
    """Complaints and bounces that a provider or a CRM learned of."""

    queryset = Feedback.objects.select_related("run")
    serializer_class = FeedbackSerializer
    can: ClassVar = {"create": Can.EDIT_AUDIENCE, "list": Can.SEE_AUDIENCE}

    @extend_schema(request=ReactionSerializer, responses={201: FeedbackSerializer, 204: None})
    def create(self, request: Request) -> Response:
        """Report one. The same again changes nothing; 204 when only the address is known, which is then suppressed."""
        data = self.checked(ReactionSerializer)
        reported = Reported(**{**data, "kind": FeedbackKind(data["kind"]), "at": data.get("at") or self.now})
        feedback = report_reaction(workspace=self.workspace, reported=reported, by=self.member, now=self.now)
        return Response(status=204) if feedback is None else self.shown(feedback, status=201)

    @extend_schema(responses={200: FeedbackSerializer(many=True)})
    def list(self, request: Request) -> Response:
        """What was reported, newest first."""
        shown = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(FeedbackSerializer(shown, many=True).data)
