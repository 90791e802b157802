"""REST: mail servers. Secrets go in and never come out."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from delivery.models import Security, SignIn, Transport, TransportKind
from delivery.transports import services
from delivery.transports.catalogue import providers
from delivery.transports.queries import TransportState, last_trial, line_of, overview
from delivery.transports.rules import SECRETS
from workspaces.api import ScopedViewSet
from workspaces.permissions import Can

MANAGE = Can.MANAGE_WORKSPACE


class TransportSerializer(serializers.Serializer[Any]):
    """A mail server: its settings without secrets, its health, and the share of the mail that it gets now."""

    id = serializers.IntegerField(source="transport.pk")
    name = serializers.CharField(source="transport.name")
    kind = serializers.ChoiceField(source="transport.kind", choices=TransportKind.choices)
    host = serializers.CharField(source="transport.host")
    port = serializers.IntegerField(source="transport.port")
    security = serializers.ChoiceField(source="transport.security", choices=Security.choices)
    sign_in = serializers.ChoiceField(source="transport.sign_in", choices=SignIn.choices)
    username = serializers.CharField(source="transport.username")
    token_url = serializers.CharField(source="transport.token_url")
    client_id = serializers.CharField(source="transport.client_id")
    provider = serializers.CharField(source="transport.provider")
    provider_settings = serializers.SerializerMethodField(help_text="Those that are no secrets.")
    secrets = serializers.SerializerMethodField(help_text="The names of the secrets that are kept.")
    weight = serializers.IntegerField(source="transport.weight")
    connections = serializers.IntegerField(source="transport.connections", allow_null=True)
    signs_itself = serializers.BooleanField(source="transport.signs_itself")
    is_enabled = serializers.BooleanField(source="transport.is_enabled")
    state = serializers.ChoiceField(choices=TransportState.choices)
    share = serializers.FloatField()
    trouble = serializers.CharField(source="transport.trouble")
    failures = serializers.IntegerField(source="transport.failures", help_text="In a row.")
    retry_at = serializers.DateTimeField(source="transport.retry_at", allow_null=True)
    last_ok_at = serializers.DateTimeField(source="transport.last_ok_at", allow_null=True)

    def get_provider_settings(self, line: Any) -> dict[str, str]:
        return {name: value for name, value in self._options(line).items() if name not in self._secrets_of(line)}

    def get_secrets(self, line: Any) -> list[str]:
        kept = {name for name in SECRETS if getattr(line.transport, name)}
        return sorted(kept | (self._options(line).keys() & self._secrets_of(line)))

    def _options(self, line: Any) -> dict[str, str]:
        return {} if line.transport.is_smtp else services.options_of(line.transport)

    def _secrets_of(self, line: Any) -> frozenset[str]:
        known = providers().get(line.transport.provider)
        return known.secrets if known else frozenset()


def _secret() -> serializers.CharField:
    return serializers.CharField(
        required=False, allow_blank=True, max_length=10_000, trim_whitespace=False, write_only=True
    )


class TransportChangeSerializer(serializers.Serializer[Any]):
    """What to change of a mail server; what is left out stays, an empty secret too.

    Where mail would leave to another server, or less protected, the secrets must be given again.
    """

    name = serializers.CharField(max_length=80, required=False)
    host = serializers.CharField(max_length=253, required=False)
    port = serializers.IntegerField(min_value=1, max_value=65535, required=False)
    security = serializers.ChoiceField(choices=Security.choices, required=False)
    sign_in = serializers.ChoiceField(choices=SignIn.choices, required=False)
    username = serializers.CharField(max_length=254, required=False, allow_blank=True)
    password = _secret()
    access_token = _secret()
    token_url = serializers.URLField(max_length=500, required=False, allow_blank=True)
    client_id = serializers.CharField(max_length=500, required=False, allow_blank=True)
    client_secret = _secret()
    refresh_token = _secret()
    provider_settings = serializers.DictField(
        child=serializers.CharField(max_length=10_000, allow_blank=True, trim_whitespace=False), required=False
    )
    weight = serializers.IntegerField(min_value=0, max_value=100, required=False)
    connections = serializers.IntegerField(min_value=1, max_value=100, required=False, allow_null=True)
    signs_itself = serializers.BooleanField(required=False)


class TransportWriteSerializer(TransportChangeSerializer):
    """A new mail server: by SMTP with `host`, or a `provider` with its settings."""

    name = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField(choices=TransportKind.choices, default=TransportKind.SMTP)
    provider = serializers.CharField(max_length=40, required=False, help_text="As `GET /transports/providers/` has it.")


class ProviderSettingSerializer(serializers.Serializer[Any]):
    """One thing that a provider wants to know."""

    name = serializers.CharField()
    is_required = serializers.BooleanField()
    is_secret = serializers.BooleanField()
    example = serializers.CharField(source="default", help_text="What is taken when it is left out.")


class ProviderSerializer(serializers.Serializer[Any]):
    """A provider that this installation can speak to."""

    name = serializers.CharField()
    title = serializers.CharField(source="label")
    is_batched = serializers.BooleanField(help_text="One call carries many messages.")
    settings = ProviderSettingSerializer(many=True)


class TryWriteSerializer(serializers.Serializer[Any]):
    """How far to go."""

    with_mail = serializers.BooleanField(default=False, help_text="Also send a test mail to the key's member.")


class TrialStepSerializer(serializers.Serializer[Any]):
    """One step: `cause` is stable and meant for programs, the rest is for people."""

    title = serializers.CharField()
    about = serializers.CharField()
    passed = serializers.BooleanField(source="is_passed")
    cause = serializers.CharField()
    what = serializers.CharField()
    remedy = serializers.CharField()
    words = serializers.CharField(help_text="The server's own.")


class TrialSerializer(serializers.Serializer[Any]):
    """How a trial went. `lost`: no worker has answered within five minutes."""

    state = serializers.ChoiceField(choices=["asked", "passed", "failed", "lost"])
    asked_at = serializers.DateTimeField(source="trial.asked_at")
    finished_at = serializers.DateTimeField(source="trial.finished_at", allow_null=True)
    with_mail = serializers.BooleanField(source="trial.with_mail")
    steps = TrialStepSerializer(many=True)


class TransportViewSet(ScopedViewSet[Transport], mixins.ListModelMixin):
    """The mail servers of the workspace. Without any, mail leaves through the installation's."""

    queryset = Transport.objects.select_related("workspace")
    serializer_class = TransportSerializer
    can: ClassVar = dict.fromkeys(
        (
            "list",
            "create",
            "retrieve",
            "partial_update",
            "destroy",
            "enable",
            "disable",
            "try_it",
            "trial",
            "providers",
        ),
        MANAGE,
    )

    @extend_schema(responses={200: TransportSerializer(many=True)})
    def list(self, request: Request) -> Response:
        """All mail servers; newest first."""
        page = self.paginate_queryset(self.get_queryset())
        by_pk = {line.transport.pk: line for line in overview(self.workspace, self.now).lines}
        lines = [by_pk[row.pk] for row in page or [] if row.pk in by_pk]
        return self.get_paginated_response(TransportSerializer(lines, many=True).data)

    @extend_schema(responses={200: TransportSerializer})
    def retrieve(self, request: Request, pk: str) -> Response:
        """One mail server."""
        return self._shown(self.get_object())

    @extend_schema(request=TransportWriteSerializer, responses={201: TransportSerializer})
    def create(self, request: Request) -> Response:
        """Add a mail server; mail may leave through it from now on."""
        data = self.checked(TransportWriteSerializer)
        kind = data.pop("kind")
        transport = services.add_transport(
            workspace=self.workspace, kind=kind, by=self.member, now=self.now, wanted=data
        )
        return self._shown(transport, status=201)

    @extend_schema(request=TransportChangeSerializer, responses={200: TransportSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a mail server."""
        data = self.checked(TransportChangeSerializer, partial=True)
        transport = services.change_transport(transport=self.get_object(), by=self.member, now=self.now, wanted=data)
        return self._shown(transport)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a mail server and its secrets for good."""
        services.remove_transport(transport=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(request=None, responses={200: TransportSerializer})
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, pk: str) -> Response:
        """Let mail leave this way."""
        return self._switched(on=True)

    @extend_schema(request=None, responses={200: TransportSerializer})
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, pk: str) -> Response:
        """Let no mail leave this way any more; workers look anew within 20 seconds."""
        return self._switched(on=False)

    @extend_schema(request=TryWriteSerializer, responses={201: TrialSerializer})
    @action(detail=True, methods=["post"], url_path="try")
    def try_it(self, request: Request, pk: str) -> Response:
        """Have a worker try it, step by step."""
        transport, data = self.get_object(), self.checked(TryWriteSerializer)
        services.ask_to_try(transport=transport, with_mail=data["with_mail"], by=self.member, now=self.now)
        return Response(TrialSerializer(last_trial(transport, self.now)).data, status=201)

    @extend_schema(responses={200: TrialSerializer})
    @action(detail=True, methods=["get"])
    def trial(self, request: Request, pk: str) -> Response:
        """How the last trial went; 404 while there was none."""
        trial = last_trial(self.get_object(), self.now)
        if trial is None:
            raise NotFound
        return Response(TrialSerializer(trial).data)

    @extend_schema(responses={200: ProviderSerializer(many=True)})
    @action(detail=False, methods=["get"], pagination_class=None)
    def providers(self, request: Request) -> Response:
        """The providers that this installation can speak to, and what each wants to know."""
        return Response(ProviderSerializer(providers().values(), many=True).data)

    def _switched(self, *, on: bool) -> Response:
        transport = self.get_object()
        services.switch_transport(transport=transport, on=on, by=self.member, now=self.now)
        return self._shown(transport)

    def _shown(self, transport: Transport, *, status: int = 200) -> Response:
        return Response(TransportSerializer(line_of(transport, self.now)).data, status=status)
