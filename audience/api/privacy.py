"""REST: erasing people, giving them their data, what they ask for, how long data is kept, the record of processing."""

from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from audience.models import (
    Contact,
    ErasureRecord,
    Handling,
    PrivacyRequest,
    PrivacySettings,
    RetentionRule,
)
from audience.processing import processing_record
from audience.services.erasures import erase_address, erase_contact, person_of, preview_erasure, receipt_document
from audience.services.privacy import (
    change_privacy_settings,
    decline_request,
    disclose,
    fulfil_request,
    privacy_settings,
)
from audience.services.retention import RuleState, outlook, rule_of, rules_of, set_rule
from workspaces.api import ScopedViewSet
from workspaces.permissions import Can

PRIVACY = Can.MANAGE_PRIVACY


class ErasureLineSerializer(serializers.Serializer[Any]):
    """One line of the preview; `count` is null for what is looked for afterwards."""

    key = serializers.CharField()
    label: Any = serializers.CharField()
    fate = serializers.CharField(help_text="deleted, anonymised or kept.")
    why = serializers.CharField()
    count = serializers.IntegerField(allow_null=True)


class ErasureSerializer(serializers.ModelSerializer[ErasureRecord]):
    """The receipt of an erasure: counts by part, and nothing of the person but a keyed hash."""

    rate = serializers.FloatField(read_only=True)

    class Meta:
        model = ErasureRecord
        fields = (
            "id", "contact_number", "address_hash", "asked_at", "at", "state", "rate", "counts", "proof", "finished_at",
        )  # fmt: skip


class ErasureAskSerializer(serializers.Serializer[Any]):
    """Whom to erase, by address; there need not be a contact."""

    email = serializers.CharField(max_length=254)


class ContactPrivacyViewSet(ScopedViewSet[Contact]):
    """One person's data: preview of an erasure, erasure, copy."""

    queryset = Contact.objects.select_related("workspace", "seller__user")
    serializer_class = ErasureLineSerializer
    can: ClassVar = {"preview": PRIVACY, "erase": PRIVACY, "copy": PRIVACY}

    def get_queryset(self) -> Any:
        return super().get_queryset().seen_by(self.member)  # type: ignore[attr-defined]  # scoped

    @extend_schema(responses={200: ErasureLineSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def preview(self, request: Request, pk: str) -> Response:
        """What an erasure would do."""
        lines = preview_erasure(person_of(self.get_object()))
        return Response(ErasureLineSerializer(lines, many=True).data)

    @extend_schema(request=None, responses={200: ErasureSerializer})
    @action(detail=True, methods=["post"])
    def erase(self, request: Request, pk: str) -> Response:
        """Erase the person for good."""
        receipt = erase_contact(contact=self.get_object(), by=self.member, now=self.now)
        return Response(ErasureSerializer(receipt).data)

    @extend_schema(request=None, responses={(200, "application/zip"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["post"])
    def copy(self, request: Request, pk: str) -> HttpResponse:
        """A ZIP of everything about the person; a POST, because each is written down."""
        packed = disclose(contact=self.get_object(), by=self.member, now=self.now)
        return HttpResponse(packed, content_type="application/zip")


class ErasureViewSet(ScopedViewSet[ErasureRecord], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Erasures, by address, and their receipts."""

    queryset = ErasureRecord.objects.select_related("workspace", "by__user")
    serializer_class = ErasureSerializer
    can: ClassVar = {"list": PRIVACY, "retrieve": PRIVACY, "create": PRIVACY, "receipt": PRIVACY}

    @extend_schema(request=ErasureAskSerializer, responses={201: ErasureSerializer})
    def create(self, request: Request) -> Response:
        """Erase whoever has an address. Repeating gives the receipt of the first time."""
        email = self.checked(ErasureAskSerializer)["email"]
        receipt = erase_address(workspace=self.workspace, email=email, by=self.member, now=self.now)
        return self.shown(receipt, status=201)

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    @action(detail=True, methods=["get"])
    def receipt(self, request: Request, pk: str) -> Response:
        """The receipt to be kept."""
        return Response(receipt_document(self.get_object()))


class PrivacyRequestSerializer(serializers.ModelSerializer[PrivacyRequest]):
    """What a person asked for, and until when an answer is due."""

    class Meta:
        model = PrivacyRequest
        fields = ("id", "kind", "contact", "state", "asked_at", "due_on", "confirmed_at", "handled_at", "note")


class PrivacyDeclineSerializer(serializers.Serializer[Any]):
    """Why a request is declined: the person may ask."""

    note = serializers.CharField(max_length=300)


class PrivacyRequestViewSet(ScopedViewSet[PrivacyRequest], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Requests of people for a copy of their data, or to be forgotten."""

    queryset = PrivacyRequest.objects.select_related("contact__workspace", "workspace")
    serializer_class = PrivacyRequestSerializer
    can: ClassVar = {"list": PRIVACY, "retrieve": PRIVACY, "fulfil": PRIVACY, "decline": PRIVACY}

    def get_queryset(self) -> Any:
        return super().get_queryset().seen_by(self.member)  # type: ignore[attr-defined]  # scoped

    @extend_schema(request=None, responses={200: ErasureSerializer})
    @action(detail=True, methods=["post"])
    def fulfil(self, request: Request, pk: str) -> Response:
        """Erase the person who asked for it."""
        receipt = fulfil_request(asked=self.get_object(), by=self.member, now=self.now)
        return Response(ErasureSerializer(receipt).data)

    @extend_schema(request=PrivacyDeclineSerializer, responses={200: PrivacyRequestSerializer})
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        """Do not erase, and say why."""
        note = self.checked(PrivacyDeclineSerializer)["note"]
        decline_request(asked=self.get_object(), note=note, by=self.member, now=self.now)
        return self.shown(self.get_object())


class RetentionRuleSerializer(serializers.Serializer[Any]):
    """How long one kind of data is kept. Off: for ever."""

    kind = serializers.CharField(source="rule.kind")
    label: Any = serializers.CharField(source="keeping.label")
    days = serializers.IntegerField(source="rule.days")
    least_days = serializers.IntegerField(source="keeping.least_days")
    handling = serializers.ChoiceField(choices=Handling.choices, source="rule.handling")
    is_on = serializers.BooleanField(source="rule.is_on")


class RetentionRuleWriteSerializer(serializers.Serializer[Any]):
    """A rule as it is sent."""

    days = serializers.IntegerField(min_value=1, max_value=36_500)
    handling = serializers.ChoiceField(choices=Handling.choices)
    is_on = serializers.BooleanField()


class RetentionOutlookSerializer(serializers.Serializer[Any]):
    """What a rule would let go now."""

    before = serializers.DateTimeField()
    count = serializers.IntegerField()
    is_exact = serializers.BooleanField(help_text="False for more than 10,000: an estimate.")
    samples = serializers.ListField(child=serializers.CharField())


class RetentionViewSet(ScopedViewSet[RetentionRule]):
    """Rules by kind of data."""

    queryset = RetentionRule.objects.all()
    serializer_class = RetentionRuleSerializer
    lookup_field = "kind"
    pagination_class = None
    can: ClassVar = {"list": PRIVACY, "retrieve": PRIVACY, "update": PRIVACY, "preview": PRIVACY}

    @extend_schema(responses={200: RetentionRuleSerializer(many=True)}, filters=False)
    def list(self, request: Request) -> Response:
        """All kinds of data, with their rules."""
        return Response(RetentionRuleSerializer(rules_of(self.workspace), many=True).data)

    @extend_schema(responses={200: RetentionRuleSerializer})
    def retrieve(self, request: Request, kind: str) -> Response:
        """One rule."""
        return self._told(rule_of(self.workspace, kind))

    @extend_schema(request=RetentionRuleWriteSerializer, responses={200: RetentionRuleSerializer})
    def update(self, request: Request, kind: str) -> Response:
        """Set a rule; it holds from the coming night on."""
        data = self.checked(RetentionRuleWriteSerializer)
        handling = Handling(data.pop("handling"))
        set_rule(workspace=self.workspace, kind=kind, handling=handling, by=self.member, now=self.now, **data)
        return self._told(rule_of(self.workspace, kind))

    @extend_schema(
        parameters=[OpenApiParameter("days", int)], responses={200: RetentionOutlookSerializer}, filters=False
    )
    @action(detail=True, methods=["get"])
    def preview(self, request: Request, kind: str) -> Response:
        """What would go now, at the rule's age or at another."""
        asked = str(request.query_params.get("days", ""))
        is_number = asked.isdecimal() and len(asked) <= len("36500")
        days = int(asked) if is_number else rule_of(self.workspace, kind).rule.days
        seen = outlook(workspace=self.workspace, kind=kind, days=days, now=self.now)
        return Response(RetentionOutlookSerializer(seen).data)

    def _told(self, state: RuleState) -> Response:
        return Response(RetentionRuleSerializer(state).data)


class ProcessingEntrySerializer(serializers.Serializer[Any]):
    """One line of the record."""

    label: Any = serializers.CharField()
    words = serializers.CharField()


class ProcessingChapterSerializer(serializers.Serializer[Any]):
    """A chapter of the record."""

    heading = serializers.CharField()
    entries = ProcessingEntrySerializer(many=True)


class PrivacySettingsSerializer(serializers.ModelSerializer[PrivacySettings]):
    """What only the workspace itself can say."""

    class Meta:
        model = PrivacySettings
        fields = ("controller", "officer", "purposes", "processors", "transfers", "measures", "keeps_books")


class ProcessingViewSet(ScopedViewSet[PrivacySettings]):
    """The record of processing (GDPR article 30)."""

    queryset = PrivacySettings.objects.all()
    serializer_class = PrivacySettingsSerializer
    pagination_class = None
    can: ClassVar = {"list": PRIVACY, "said": PRIVACY, "say": PRIVACY}

    @extend_schema(responses={200: ProcessingChapterSerializer(many=True)}, filters=False)
    def list(self, request: Request) -> Response:
        """The record, chapter by chapter."""
        return Response(ProcessingChapterSerializer(processing_record(self.workspace), many=True).data)

    @extend_schema(responses={200: PrivacySettingsSerializer}, filters=False)
    @action(detail=False, methods=["get"])
    def said(self, request: Request) -> Response:
        """What the workspace says."""
        return Response(PrivacySettingsSerializer(privacy_settings(self.workspace)).data)

    @extend_schema(request=PrivacySettingsSerializer, responses={200: PrivacySettingsSerializer})
    @said.mapping.patch
    def say(self, request: Request) -> Response:
        """Change it; fields left out stay."""
        said = self.checked(PrivacySettingsSerializer, partial=True)
        found = change_privacy_settings(workspace=self.workspace, said=said, by=self.member, now=self.now)
        return Response(PrivacySettingsSerializer(found).data)


def register(router: SimpleRouter) -> None:
    """Put these endpoints among the others of the app."""
    router.register("contact-privacy", ContactPrivacyViewSet, basename="contactprivacy")
    router.register("erasures", ErasureViewSet, basename="erasure")
    router.register("privacy-requests", PrivacyRequestViewSet, basename="privacyrequest")
    router.register("retention", RetentionViewSet, basename="retention")
    router.register("processing", ProcessingViewSet, basename="processing")
