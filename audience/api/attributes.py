"""REST: the registry of attributes."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audience import services
from audience.models import AttributeDefinition, AttributeKind
from audience.services import AttributeDetails
from workspaces.api import ScopedViewSet
from workspaces.models import Language
from workspaces.permissions import Can


class AttributeChoiceSerializer(serializers.Serializer[Any]):
    """Something to choose. The key is made from the label when it is new, and stays."""

    key = serializers.CharField(max_length=40, required=False)
    label: Any = serializers.CharField(max_length=80)
    labels = serializers.DictField(child=serializers.CharField(max_length=80, allow_blank=True), required=False)


class AttributeSerializer(serializers.ModelSerializer[AttributeDefinition]):
    """An attribute of contacts. `labels` and those of choices are by language."""

    labels = serializers.DictField(child=serializers.CharField(max_length=80, allow_blank=True), required=False)
    choices: Any = AttributeChoiceSerializer(many=True, required=False)

    class Meta:
        model = AttributeDefinition
        fields = ("id", "key", "label", "kind", "labels", "description", "choices", "position", "archived_at")
        read_only_fields = ("key", "position", "archived_at")

    def validate_labels(self, labels: dict[str, str]) -> dict[str, str]:
        if unknown := set(labels) - set(Language.values):
            raise serializers.ValidationError(f"No language: {min(unknown)}.")
        return labels


class AttributeMoveSerializer(serializers.Serializer[Any]):
    """Where to."""

    up = serializers.BooleanField()


class AttributeViewSet(ScopedViewSet[AttributeDefinition], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """What the workspace keeps about its contacts."""

    queryset = AttributeDefinition.objects.select_related("workspace")
    serializer_class = AttributeSerializer
    can: ClassVar = {
        "list": Can.SEE_AUDIENCE,
        "retrieve": Can.SEE_AUDIENCE,
        "create": Can.EDIT_AUDIENCE,
        "update": Can.EDIT_AUDIENCE,
        "move": Can.EDIT_AUDIENCE,
        "archive": Can.EDIT_AUDIENCE,
        "bring_back": Can.EDIT_AUDIENCE,
    }

    def get_queryset(self) -> Any:
        """The list holds those in use; the others are found by their id."""
        found = super().get_queryset()
        return found.filter(archived_at=None) if self.action == "list" else found

    @extend_schema(request=AttributeSerializer, responses={201: AttributeSerializer})
    def create(self, request: Request) -> Response:
        """Define an attribute."""
        data = self.checked(AttributeSerializer)
        definition = services.define_attribute(
            workspace=self.workspace,
            label=data["label"],
            kind=AttributeKind(data.get("kind", AttributeKind.TEXT)),
            details=_details(data),
            by=self.member,
            now=self.now,
        )
        return self.shown(definition, status=201)

    @extend_schema(request=AttributeSerializer, responses={200: AttributeSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change what it is called and what one can choose from; its key and kind stay."""
        definition, data = self.get_object(), self.checked(AttributeSerializer)
        services.change_attribute(
            definition=definition, label=data["label"], details=_details(data), by=self.member, now=self.now
        )
        return self.shown(self.get_object())

    @extend_schema(request=AttributeMoveSerializer, responses={200: AttributeSerializer})
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """One place up or down in the order in which they are shown."""
        up = self.checked(AttributeMoveSerializer)["up"]
        services.move_attribute(definition=self.get_object(), up=up, by=self.member, now=self.now)
        return self.shown(self.get_object())

    @extend_schema(request=None, responses={200: AttributeSerializer})
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Take it out of use. Contacts keep their values."""
        services.archive_attribute(definition=self.get_object(), by=self.member, now=self.now)
        return self.shown(self.get_object())

    @extend_schema(request=None, responses={200: AttributeSerializer})
    @action(detail=True, methods=["post"], url_path="return")
    def bring_back(self, request: Request, pk: str) -> Response:
        """Take it into use again."""
        services.return_attribute(definition=self.get_object(), by=self.member, now=self.now)
        return self.shown(self.get_object())


def _details(data: dict[str, Any]) -> AttributeDetails:
    return AttributeDetails(data.get("labels", {}), data.get("description", ""), data.get("choices", ()))
