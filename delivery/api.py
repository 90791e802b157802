"""REST: how a send is going and whom it reached, the buttons that stop it, test mails."""

from typing import Any, ClassVar, cast

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from audience.models import Contact
from campaigns.models import Campaign, UnknownPolicy
from delivery import services, signing
from delivery.dkim import Algorithm
from delivery.models import Delivery, DeliveryState, Reason, Run, RunState, SigningKey
from delivery.pace.groups import LABELS
from delivery.pace.services import FASTEST, set_speed_limit
from delivery.panel import RunPanel
from delivery.queries import last_test, recipients
from delivery.safety_api import ReactionViewSet, SafetyViewSet
from delivery.signing_domains import Standing, signing_domains
from delivery.speed_api import SlowedGroupSerializer, SpeedLimitViewSet, WarmUpViewSet
from delivery.transports.api import TransportViewSet
from workspaces.api import InWorkspace, ScopedViewSet
from workspaces.permissions import Can

STATES = [*DeliveryState.values, "pending"]
FILTERS = [
    OpenApiParameter("state", str, enum=STATES, description="`pending` is every state before a final one."),
    OpenApiParameter("reason", str, enum=Reason.values),
    OpenApiParameter("q", str, description="Part of an address."),
]


class BecauseSerializer(serializers.Serializer[Any]):
    """Why so many were not written to."""

    state = serializers.CharField()
    reason = serializers.CharField()
    words = serializers.CharField(source="label")
    people = serializers.IntegerField(source="count")


class CountsSerializer(serializers.Serializer[Any]):
    """The ledger in numbers: `matched` = `sent` + `skipped` + `failed` + `unknown` + `pending`."""

    matched = serializers.IntegerField()
    sent = serializers.IntegerField()
    skipped = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="The answer never came: perhaps delivered, perhaps not.")
    pending = serializers.IntegerField()
    deferred = serializers.IntegerField(help_text="Of those pending: to be tried again.")
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    per_minute = serializers.FloatField(source="rate", help_text="Settled by handing over in the last minute.")


class GroupProgressSerializer(serializers.Serializer[Any]):
    """The part of a send to one mailbox provider: `people` = `sent` + `failed` + `unknown` + `pending`."""

    group = serializers.ChoiceField(choices=list(LABELS))
    words = serializers.CharField(source="label")
    people = serializers.IntegerField(help_text="All on the list who were not left out.")
    sent = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField()
    pending = serializers.IntegerField()
    per_minute = serializers.FloatField(source="rate", help_text="Settled by handing over in the last minute.")


class StandstillSerializer(serializers.Serializer[Any]):
    """Why nothing has moved for long, and what to do; nothing to do where it is a matter of time."""

    what = serializers.CharField()
    advice = serializers.CharField()


class RunSerializer(serializers.Serializer[Any]):
    """A send: where it stands, and the ledger in numbers. `trouble` says why nothing goes out, if so."""

    campaign = serializers.IntegerField(source="run.campaign_id")
    state = serializers.ChoiceField(source="run.state", choices=RunState.choices)
    unknown_policy = serializers.ChoiceField(source="run.unknown_policy", choices=UnknownPolicy.choices)
    trouble = serializers.CharField(source="run.trouble")
    retry_at = serializers.DateTimeField(source="run.retry_at", allow_null=True)
    started_at = serializers.DateTimeField(source="run.started_at")
    planned_at = serializers.DateTimeField(source="run.planned_at", allow_null=True)
    finished_at = serializers.DateTimeField(source="run.finished_at", allow_null=True)
    speed_limit = serializers.IntegerField(
        source="run.speed_limit",
        allow_null=True,
        help_text="Messages a minute; null: as fast as all other limits allow.",
    )
    slowed = SlowedGroupSerializer(many=True)
    used_up = serializers.ListField(
        child=serializers.CharField(), help_text="Volumes of today that are used up, as sentences."
    )
    warning = serializers.CharField(help_text="How many complain, if that is more than is good.")
    standstill = StandstillSerializer(allow_null=True)
    counts = CountsSerializer()
    groups = GroupProgressSerializer(
        source="progress.groups", many=True, help_text="By mailbox provider, the largest first; empty without a list."
    )
    reasons = BecauseSerializer(many=True)


class RunSpeedSerializer(serializers.Serializer[Any]):
    """How fast a send may go."""

    per_minute = serializers.IntegerField(
        min_value=1, max_value=FASTEST, allow_null=True, help_text="Null: as fast as all other limits allow."
    )


class SendAgainSerializer(serializers.Serializer[Any]):
    """To whom to send again."""

    what = serializers.ChoiceField(choices=[str(what) for what in services.Again])


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One person's message: what became of it, and the server's words."""

    attempts = serializers.IntegerField(source="attempt")

    class Meta:
        model = Delivery
        fields = (
            "id", "contact", "address", "state", "reason", "reply_code", "reply_text", "attempts", "next_attempt_at",
            "decided_at",
        )  # fmt: skip


class RunViewSet(ScopedViewSet[Run]):
    """Sends, by the id of their campaign. There is none before the campaign's time has come."""

    queryset = Run.objects.with_parts()
    serializer_class = RunSerializer
    lookup_field = "campaign_id"
    lookup_url_kwarg = "pk"
    can: ClassVar = {
        "retrieve": Can.SEE_CAMPAIGNS,
        "deliveries": Can.SEE_AUDIENCE,
        "pause": Can.STOP_CAMPAIGNS,
        "resume": Can.STOP_CAMPAIGNS,
        "cancel": Can.STOP_CAMPAIGNS,
        "speed": Can.STOP_CAMPAIGNS,
        "send_again": Can.STOP_CAMPAIGNS,
    }

    @extend_schema(responses={200: RunSerializer})
    def retrieve(self, request: Request, pk: str) -> Response:
        """How a send is going."""
        return self._shown()

    @extend_schema(request=None, responses={200: RunSerializer})
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Stop a send; each worker stops after the message in its hands."""
        services.pause(run=self.get_object(), by=self.member, now=self.now)
        return self._shown()

    @extend_schema(request=None, responses={200: RunSerializer})
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on with a send that was paused."""
        services.resume(run=self.get_object(), by=self.member, now=self.now)
        return self._shown()

    @extend_schema(request=None, responses={200: RunSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """End a send for good; those still waiting are left out."""
        services.cancel(run=self.get_object(), by=self.member, now=self.now)
        return self._shown()

    @extend_schema(request=RunSpeedSerializer, responses={200: RunSerializer})
    @action(detail=True, methods=["put"])
    def speed(self, request: Request, pk: str) -> Response:
        """Move the speed of a send; workers follow within two seconds."""
        per_minute = self.checked(RunSpeedSerializer)["per_minute"]
        set_speed_limit(run=self.get_object(), per_minute=per_minute, by=self.member, now=self.now)
        return self._shown()

    @extend_schema(request=SendAgainSerializer, responses={200: RunSerializer})
    @action(detail=True, methods=["post"], url_path="send-again")
    def send_again(self, request: Request, pk: str) -> Response:
        """Send again to those of whom nobody knows, who may then get it twice, or to those refused for the sender."""
        what = services.Again(self.checked(SendAgainSerializer)["what"])
        services.send_again(run=self.get_object(), what=what, by=self.member, now=self.now)
        return self._shown()

    @extend_schema(parameters=FILTERS, responses={200: DeliverySerializer(many=True)})
    @action(detail=True, methods=["get"])
    def deliveries(self, request: Request, pk: str) -> Response:
        """The ledger: one row for everybody who matched."""
        asked = request.query_params
        state, reason = _known(asked.get("state", ""), "state"), _known(asked.get("reason", ""), "reason")
        rows = recipients(self.get_object(), self.member, state=state, reason=reason, words=asked.get("q", ""))
        shown: Any = self.paginate_queryset(cast("Any", rows))  # rows of the ledger, not of the viewset's model
        return self.get_paginated_response(DeliverySerializer(shown, many=True).data)

    def _shown(self) -> Response:
        return Response(RunSerializer(RunPanel(self.get_object(), self.now)).data)


def _known(value: str, name: str) -> str:
    if value and value not in (STATES if name == "state" else Reason.values):
        raise serializers.ValidationError({name: [_("There is no such %(name)s.") % {"name": name}]})
    return value


class TestMailWriteSerializer(serializers.Serializer[Any]):
    """A test of a campaign, as `contact` would get it; without one, as a made-up reader would."""

    campaign: Any = InWorkspace(queryset=Campaign.objects.with_parts())
    contact: Any = InWorkspace(queryset=Contact.objects.all(), required=False, allow_null=True, default=None)


class TestMailSerializer(serializers.Serializer[Any]):
    """What became of the last test of a campaign, with the server's words where it was not taken."""

    state = serializers.ChoiceField(choices=["asked", "sent", "failed"])
    to = serializers.EmailField()
    at = serializers.DateTimeField()
    words = serializers.CharField()


class TestMailViewSet(ScopedViewSet[Campaign]):
    """Test mails, to the member who made the key."""

    queryset = Campaign.objects.with_parts()
    serializer_class = TestMailSerializer
    can: ClassVar = {"create": Can.EDIT_CAMPAIGNS, "retrieve": Can.EDIT_CAMPAIGNS}

    @extend_schema(request=TestMailWriteSerializer, responses={201: TestMailSerializer})
    def create(self, request: Request) -> Response:
        """Have a worker send a test."""
        data = self.checked(TestMailWriteSerializer)
        services.ask_for_test(by=self.member, now=self.now, **data)
        return Response(TestMailSerializer(last_test(data["campaign"])).data, status=201)

    @extend_schema(responses={200: TestMailSerializer})
    def retrieve(self, request: Request, pk: str) -> Response:
        """What became of the last test of this campaign; 404 while there was none."""
        test = last_test(self.get_object())
        if test is None:
            raise NotFound
        return Response(TestMailSerializer(test).data)


class SigningKeySerializer(serializers.ModelSerializer[SigningKey]):
    """A DKIM key with the TXT record to publish. Its private half is never shown."""

    record_name = serializers.CharField(help_text="Where the TXT record stands.")
    record = serializers.CharField(help_text="What stands there.")
    zone_record = serializers.CharField(help_text="The same as a zone file has it, in strings of at most 255 octets.")
    replaces = serializers.PrimaryKeyRelatedField[SigningKey](read_only=True, allow_null=True)
    needed_until = serializers.DateTimeField(
        allow_null=True,
        help_text="Until when the record of a retired key has to stay; null while it signs or never did.",
    )

    class Meta:
        model = SigningKey
        fields = (
            "id", "domain", "selector", "algorithm", "state", "record_name", "record", "zone_record", "replaces",
            "needed_until", "created_at", "activated_at", "retired_at",
        )  # fmt: skip


class NewSigningKeySerializer(serializers.Serializer[Any]):
    """A key for the domain of a sender in use."""

    domain = serializers.CharField(max_length=253)
    algorithm = serializers.ChoiceField(choices=Algorithm.choices, default=Algorithm.RSA)


class RetireKeySerializer(serializers.Serializer[Any]):
    """`leave_unsigned` confirms that mail of the domain goes out unsigned, where no other key signs."""

    leave_unsigned = serializers.BooleanField(default=False)


class SigningDomainSerializer(serializers.Serializer[Any]):
    """A domain that mail is sent from, and whether it is signed."""

    domain = serializers.CharField(source="name")
    standing = serializers.ChoiceField(
        choices=[(standing.value, standing.value) for standing in Standing],
        help_text="`ed25519_alone` is not read by all providers; with `waiting` no key is switched on yet.",
    )
    senders = serializers.ListField(child=serializers.EmailField(), source="addresses")
    keys = serializers.ListField(child=serializers.IntegerField(), source="key_ids", help_text="Those not retired.")


class SigningKeyViewSet(ScopedViewSet[SigningKey], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Keys that mail is signed with (DKIM)."""

    queryset = SigningKey.objects.select_related("workspace").order_by("domain", "created_at", "pk")
    serializer_class = SigningKeySerializer
    can: ClassVar = {
        "list": Can.SEE_CAMPAIGNS,
        "retrieve": Can.SEE_CAMPAIGNS,
        "domains": Can.SEE_CAMPAIGNS,
        "create": Can.MANAGE_WORKSPACE,
        "switch_on": Can.MANAGE_WORKSPACE,
        "replace": Can.MANAGE_WORKSPACE,
        "retire": Can.MANAGE_WORKSPACE,
    }

    @extend_schema(request=NewSigningKeySerializer, responses={201: SigningKeySerializer})
    def create(self, request: Request) -> Response:
        """Make a key. It signs nothing before it is switched on."""
        data = self.checked(NewSigningKeySerializer)
        algorithm = Algorithm(data.pop("algorithm"))
        key = signing.add_key(workspace=self.workspace, algorithm=algorithm, by=self.member, now=self.now, **data)
        return self.shown(key, status=201)

    @extend_schema(request=None, responses={200: SigningKeySerializer})
    @action(detail=True, methods=["post"], url_path="switch-on")
    def switch_on(self, request: Request, pk: str) -> Response:
        """Sign with this key from now on, as its record is in DNS; the key that it replaces retires."""
        return self.shown(signing.switch_on(key=self.get_object(), by=self.member, now=self.now))

    @extend_schema(request=None, responses={201: SigningKeySerializer})
    @action(detail=True, methods=["post"])
    def replace(self, request: Request, pk: str) -> Response:
        """Make a successor of the same kind; it takes over when it is switched on."""
        return self.shown(signing.rotate_key(key=self.get_object(), by=self.member, now=self.now), status=201)

    @extend_schema(request=RetireKeySerializer, responses={200: SigningKeySerializer})
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """Sign with this key no more; its private half is destroyed."""
        asked = self.checked(RetireKeySerializer)
        return self.shown(signing.retire_key(key=self.get_object(), by=self.member, now=self.now, **asked))

    @extend_schema(responses={200: SigningDomainSerializer(many=True)}, filters=False)
    @action(detail=False, methods=["get"], pagination_class=None)
    def domains(self, request: Request) -> Response:
        """Every domain that mail is sent from, and whether it is signed."""
        return Response(SigningDomainSerializer(signing_domains(self.workspace), many=True).data)


router = SimpleRouter()
router.register("safety", SafetyViewSet, basename="safety")
router.register("reactions", ReactionViewSet, basename="reaction")
router.register("runs", RunViewSet, basename="run")
router.register("speed-limits", SpeedLimitViewSet, basename="speedlimit")
router.register("warm-ups", WarmUpViewSet, basename="warmup")
router.register("test-mails", TestMailViewSet, basename="testmail")
router.register("signing-keys", SigningKeyViewSet, basename="signingkey")
router.register("transports", TransportViewSet, basename="transport")
