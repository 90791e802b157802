"""REST: delegations, an owner's own rules, the conditions of a yes, the policy, and the log of approvals."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.api.approvals import ConditionSerializer
from sprints.approval_log import verify
from sprints.deciders import policy_of
from sprints.models import (
    AMOUNT_DIGITS,
    CENTS,
    ApprovalCondition,
    ApprovalLogEntry,
    ApprovalPolicy,
    Covers,
    Delegation,
    DelegationScope,
    OwnerRules,
)
from sprints.services.approval_policy import LEAST_QUIET, MOST_QUIET, set_policy
from sprints.services.conditions import may_tick, name_condition, tick_condition
from sprints.services.delegations import delegate, revoke_delegation
from sprints.services.owner_rules import set_rules
from sprints.silence import rules_of
from workspaces.api import MemberByEmail, ScopedViewSet, WorkspaceApi
from workspaces.permissions import Can

AMOUNT: dict[str, Any] = {"max_digits": AMOUNT_DIGITS, "decimal_places": CENTS, "min_value": 0}


class DelegationSerializer(serializers.ModelSerializer[Delegation]):
    """Who decides for whom."""

    giver = serializers.EmailField(source="giver.user.email")
    receiver = serializers.EmailField(source="receiver.user.email")

    class Meta:
        model = Delegation
        fields = ("id", "giver", "receiver", "scope", "limit", "start_date", "end_date", "created_at", "revoked_at")


class DelegateSerializer(serializers.Serializer[Any]):
    """To whom the decision of the key's member is given, on what, up to which cost, from when to when."""

    to: Any = MemberByEmail()
    scope = serializers.ChoiceField(choices=DelegationScope.choices, default=DelegationScope.ALL)
    limit = serializers.DecimalField(**AMOUNT, required=False, allow_null=True, default=None)
    start_date = serializers.DateField()
    end_date = serializers.DateField()


class DelegationViewSet(ScopedViewSet[Delegation], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Delegations, newest first."""

    queryset = Delegation.objects.with_people()
    serializer_class = DelegationSerializer
    can: ClassVar = {
        "list": Can.SEE_SPRINTS,
        "retrieve": Can.SEE_SPRINTS,
        "create": Can.DECIDE,
        "revoke": Can.DECIDE,
    }

    @extend_schema(request=DelegateSerializer, responses={201: DelegationSerializer})
    def create(self, request: Request) -> Response:
        """Let somebody decide instead of the owner the key belongs to."""
        return self.shown(delegate(by=self.member, now=self.now, **self.checked(DelegateSerializer)), status=201)

    @extend_schema(request=None, responses={200: DelegationSerializer})
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """End it at once. Repeating changes nothing."""
        revoke_delegation(delegation=self.get_object(), by=self.member, now=self.now)
        return self.shown(self.get_object())


class RulesSerializer(serializers.ModelSerializer[OwnerRules]):
    """Hours without reminders by the owner's own clock, and what silence means."""

    silence_below = serializers.DecimalField(**AMOUNT)

    class Meta:
        model = OwnerRules
        fields = ("quiet_from", "quiet_until", "quiet_weekends", "silence_is_yes", "silence_below", "silence_days")


class ChoiceViewSet(WorkspaceApi, viewsets.ViewSet):
    """Base of what a workspace or a person has one of: read it with GET, choose anew with POST."""

    def chosen(self, serializer_class: type[serializers.BaseSerializer[Any]]) -> dict[str, Any]:
        """The fields that were sent, validated. Raises the 400 that lists what is wrong."""
        context = {"workspace": self.workspace, "view": self}
        serializer = serializer_class(data=self.request.data, partial=True, context=context)
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data


class RulesViewSet(ChoiceViewSet):
    """How the owner the key belongs to is asked."""

    can: ClassVar = {"list": Can.DECIDE, "create": Can.DECIDE}

    @extend_schema(responses={200: RulesSerializer})
    def list(self, request: Request) -> Response:
        return Response(RulesSerializer(rules_of(self.member)).data)

    @extend_schema(request=RulesSerializer, responses={200: RulesSerializer})
    def create(self, request: Request) -> Response:
        """Choose anew; what is left out stays."""
        set_rules(by=self.member, now=self.now, **self.chosen(RulesSerializer))
        return Response(RulesSerializer(rules_of(self.member)).data)


class ConditionTickSerializer(serializers.Serializer[Any]):
    """Whether the condition is met."""

    is_met = serializers.BooleanField()


class ConditionNameSerializer(serializers.Serializer[Any]):
    """Who sees to the condition; null for nobody."""

    named: Any = MemberByEmail(allow_null=True)


class ConditionViewSet(ScopedViewSet[ApprovalCondition], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Conditions of approvals, newest first."""

    queryset = ApprovalCondition.objects.select_related("request", "met_by__user", "named__user", "workspace")
    serializer_class = ConditionSerializer
    can: ClassVar = {
        "list": Can.SEE_SPRINTS,
        "retrieve": Can.SEE_SPRINTS,
        "tick": Can.ANSWER,
        "assign": Can.TICK_CONDITIONS,
    }

    @extend_schema(request=ConditionTickSerializer, responses={200: ConditionSerializer})
    @action(detail=True, methods=["post"])
    def tick(self, request: Request, pk: str) -> Response:
        """Say that it is met, or that it is not."""
        found, is_met = self.get_object(), self.checked(ConditionTickSerializer)["is_met"]
        if not (self.member.may(Can.TICK_CONDITIONS) or may_tick(found, self.member)):
            raise PermissionDenied
        tick_condition(condition=found, is_met=is_met, by=self.member, now=self.now)
        return self.shown(self.get_object())

    @extend_schema(request=ConditionNameSerializer, responses={200: ConditionSerializer})
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str) -> Response:
        """Say who sees to it; that person is mailed a link to tick it."""
        found, person = self.get_object(), self.checked(ConditionNameSerializer)["named"]
        name_condition(condition=found, person=person, by=self.member, now=self.now)
        return self.shown(self.get_object())


class PolicySerializer(serializers.ModelSerializer[ApprovalPolicy]):
    """What an approval covers in the workspace, and how answers are got. Tolerances are shares from 0 to 1."""

    covers = serializers.ChoiceField(choices=Covers.choices)
    audience_tolerance = serializers.FloatField(min_value=0, max_value=1)
    points_tolerance = serializers.FloatField(min_value=0, max_value=1)
    code_above = serializers.DecimalField(**AMOUNT, allow_null=True)
    remind_after_days = serializers.IntegerField(min_value=0, max_value=30)
    escalate_after_days = serializers.IntegerField(min_value=0, max_value=60)
    quiet_minutes = serializers.IntegerField(min_value=LEAST_QUIET, max_value=MOST_QUIET)
    escalate_to: Any = MemberByEmail(allow_null=True)

    class Meta:
        model = ApprovalPolicy
        fields = (
            "covers", "audience_tolerance", "points_tolerance", "code_above", "remind_after_days",
            "escalate_after_days", "escalate_to", "lead_ticks_conditions", "one_person", "asks_again",
            "quiet_minutes",
        )  # fmt: skip


class PolicyViewSet(ChoiceViewSet):
    """The policy of approvals."""

    can: ClassVar = {"list": Can.MANAGE_WORKSPACE, "create": Can.MANAGE_WORKSPACE}

    @extend_schema(responses={200: PolicySerializer})
    def list(self, request: Request) -> Response:
        return Response(PolicySerializer(policy_of(self.workspace)).data)

    @extend_schema(request=PolicySerializer, responses={200: PolicySerializer})
    def create(self, request: Request) -> Response:
        """Choose anew; what is left out stays."""
        stays = policy_of(self.workspace)
        chosen: dict[str, Any] = {"covers": stays.covers, "audience_tolerance": stays.audience_tolerance}
        chosen |= self.chosen(PolicySerializer)
        set_policy(workspace=self.workspace, by=self.member, now=self.now, **chosen)
        return Response(PolicySerializer(policy_of(self.workspace)).data)


class LogSerializer(serializers.ModelSerializer[ApprovalLogEntry]):
    """One line of the log; `digest` is the SHA-256 of its canonical form, which holds the `previous` one."""

    detail = serializers.DictField()

    class Meta:
        model = ApprovalLogEntry
        fields = (
            "id", "number", "at", "event", "request", "subject", "actor", "through", "detail", "previous", "digest",
        )  # fmt: skip


class ChainSerializer(serializers.Serializer[Any]):
    """Whether the log is intact; if not, at which line it is broken, and why."""

    is_intact = serializers.BooleanField()
    count = serializers.IntegerField()
    broken_at = serializers.IntegerField(allow_null=True)
    why = serializers.CharField()


class LogViewSet(ScopedViewSet[ApprovalLogEntry], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """The log of approvals, newest first. It only grows."""

    queryset = ApprovalLogEntry.objects.all()
    serializer_class = LogSerializer
    can: ClassVar = {"list": Can.SEE_AUDIT, "retrieve": Can.SEE_AUDIT, "verify": Can.SEE_AUDIT}

    @extend_schema(responses={200: ChainSerializer})
    @action(detail=False, methods=["get"])
    def verify(self, request: Request) -> Response:
        """Read the whole log and say whether it is intact."""
        return Response(ChainSerializer(verify(self.workspace)).data)


def register(router: SimpleRouter) -> None:
    router.register("delegations", DelegationViewSet, basename="delegation")
    router.register("owner-rules", RulesViewSet, basename="owner-rules")
    router.register("approval-conditions", ConditionViewSet, basename="approval-condition")
    router.register("approval-policy", PolicyViewSet, basename="approval-policy")
    router.register("approval-log", LogViewSet, basename="approval-log")
