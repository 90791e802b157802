"""REST: limits on the speed of sending, warm-ups, and what they mean today."""

from itertools import islice
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from delivery.models import INSTALLATION, LimitScope, SpeedLimit, WarmUp
from delivery.pace import services
from delivery.pace.groups import LABELS
from delivery.pace.outlook import Outlook
from delivery.pace.services import FASTEST, LARGEST_DAY, STEEPEST
from delivery.pace.slowing import slowed_groups
from workspaces.api import ScopedViewSet
from workspaces.permissions import Can

MOST_DAYS = 366
"""Of a schedule that one answer lists."""


class SpeedLimitSerializer(serializers.ModelSerializer[SpeedLimit]):
    """At most so many messages for one thing: everything, a mail server (0: the installation's), or a group."""

    class Meta:
        model = SpeedLimit
        fields = ("id", "scope", "transport_id", "group", "per_minute", "per_day")


class SpeedLimitWriteSerializer(serializers.Serializer[Any]):
    """What to limit, and to how much. A limit on the same thing is replaced."""

    scope = serializers.ChoiceField(choices=LimitScope.choices)
    transport_id = serializers.IntegerField(min_value=0, max_value=2**63 - 1, required=False, default=INSTALLATION)
    group = serializers.ChoiceField(choices=list(LABELS), required=False, allow_blank=True, default="")
    per_minute = serializers.IntegerField(min_value=1, max_value=FASTEST, required=False, allow_null=True, default=None)
    per_day = serializers.IntegerField(
        min_value=1, max_value=LARGEST_DAY, required=False, allow_null=True, default=None
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["per_minute"] is None and attrs["per_day"] is None:
            raise serializers.ValidationError({"per_minute": [_("A limit needs a number a minute or a day.")]})
        return attrs


class SlowedGroupSerializer(serializers.Serializer[Any]):
    """A group whose servers asked for less."""

    transport_id = serializers.IntegerField(source="server.id")
    group = serializers.CharField()
    per_minute = serializers.IntegerField()
    usual_per_minute = serializers.IntegerField()
    gone_at = serializers.DateTimeField(help_text="When it is as before, if no server asks again.")


class ServerOutlookSerializer(serializers.Serializer[Any]):
    """A mail server today."""

    transport_id = serializers.IntegerField(source="server.id")
    name = serializers.CharField(source="server.name")
    per_minute = serializers.IntegerField(help_text="0: no limit.")
    given_today = serializers.IntegerField(source="drawn")
    warm_up_today = serializers.IntegerField(source="volume", allow_null=True)


class OutlookSerializer(serializers.Serializer[Any]):
    """What all limits together mean; 0 is no limit."""

    per_minute = serializers.IntegerField()
    per_day = serializers.IntegerField()
    words = serializers.CharField()
    servers = ServerOutlookSerializer(many=True)
    slowed = SlowedGroupSerializer(many=True)


class SpeedLimitViewSet(ScopedViewSet[SpeedLimit]):
    """Limits on the speed of sending."""

    queryset = SpeedLimit.objects.all()
    serializer_class = SpeedLimitSerializer
    can: ClassVar = dict.fromkeys(("list", "create", "destroy", "outlook"), Can.MANAGE_WORKSPACE)

    @extend_schema(responses={200: SpeedLimitSerializer(many=True)})
    def list(self, request: Request) -> Response:
        """Every limit; what has none is not in the list."""
        shown = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(shown, many=True).data)

    @extend_schema(request=SpeedLimitWriteSerializer, responses={201: SpeedLimitSerializer})
    def create(self, request: Request) -> Response:
        """Set a limit; one on the same thing is replaced."""
        data = self.checked(SpeedLimitWriteSerializer)
        about = (data.pop("scope"), data.pop("transport_id"), data.pop("group"))
        limit = services.set_limit(workspace=self.workspace, about=about, by=self.member, now=self.now, **data)
        return Response(self.get_serializer(limit).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Lift a limit."""
        limit = self.get_object()
        about = (limit.scope, limit.transport_id, limit.group)
        services.set_limit(workspace=self.workspace, about=about, by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(responses={200: OutlookSerializer})
    @action(detail=False, methods=["get"])
    def outlook(self, request: Request) -> Response:
        """What all limits together mean today, and which groups are slowed down."""
        outlook = Outlook(self.workspace, self.now)
        slowed = slowed_groups(self.workspace, self.now)
        found = {name: getattr(outlook, name) for name in ("per_minute", "per_day", "words", "servers")}
        return Response(OutlookSerializer({**found, "slowed": slowed}).data)


class WarmUpDaySerializer(serializers.Serializer[Any]):
    """A day of a schedule."""

    date = serializers.DateField()
    at_most = serializers.IntegerField()


class WarmUpSerializer(serializers.ModelSerializer[WarmUp]):
    """A schedule and its days with a limit, from the first; 366 at most."""

    last_day = serializers.DateField(read_only=True)
    days = serializers.SerializerMethodField()

    class Meta:
        model = WarmUp
        fields = (
            "id", "transport_id", "start_date", "first_day_count", "growth_percent", "target_count", "last_day", "days",
        )  # fmt: skip

    @extend_schema_field(WarmUpDaySerializer(many=True))
    def get_days(self, warm_up: WarmUp) -> list[dict[str, Any]]:
        days = islice(warm_up.days(warm_up.start_date), MOST_DAYS)
        return [{"date": day.isoformat(), "at_most": count} for day, count in days]


class WarmUpWriteSerializer(serializers.Serializer[Any]):
    """A schedule for a mail server (0: the installation's). One that it has already is replaced."""

    transport_id = serializers.IntegerField(min_value=0, max_value=2**63 - 1, required=False, default=INSTALLATION)
    start_date = serializers.DateField()
    first_day_count = serializers.IntegerField(min_value=1, max_value=LARGEST_DAY)
    growth_percent = serializers.IntegerField(min_value=1, max_value=STEEPEST)
    target_count = serializers.IntegerField(min_value=2, max_value=LARGEST_DAY)


class WarmUpViewSet(ScopedViewSet[WarmUp]):
    """Mail servers that are given a little more each day."""

    queryset = WarmUp.objects.all()
    serializer_class = WarmUpSerializer
    can: ClassVar = dict.fromkeys(("list", "create", "destroy"), Can.MANAGE_WORKSPACE)

    @extend_schema(responses={200: WarmUpSerializer(many=True)})
    def list(self, request: Request) -> Response:
        """Every warm-up with its days."""
        shown = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(shown, many=True).data)

    @extend_schema(request=WarmUpWriteSerializer, responses={201: WarmUpSerializer})
    def create(self, request: Request) -> Response:
        """Start to warm a mail server up, or change how."""
        data = self.checked(WarmUpWriteSerializer)
        planned = services.start_warm_up(
            workspace=self.workspace,
            transport_id=data.pop("transport_id"),
            start_date=data.pop("start_date"),
            schedule=data,
            by=self.member,
            now=self.now,
        )
        return Response(self.get_serializer(planned).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """End a warm-up: the server gets everything from now on."""
        services.end_warm_up(warm_up=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)
