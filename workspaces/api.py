"""Bases of the REST API, and the API's view of the workspace itself.

A key authenticates, its member's role and its own scopes permit, and its workspace is the whole world of the request.
"""

from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Any, ClassVar, Generic, TypeVar, cast

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.response import Response
from rest_framework.views import APIView

from workspaces.api_access import ApiKeyAuthentication
from workspaces.models import ApiKey, Member, ScopedQuerySet, Workspace
from workspaces.permissions import Can

M = TypeVar("M", bound=models.Model)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the OpenAPI document how to authenticate."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key made under Settings, API keys."}


class WorkspaceApi(APIView):
    """Base of every endpoint: says per handler which action it needs, and knows the member, workspace and time."""

    can: ClassVar[Mapping[str, Can]] = {}

    @property
    def member(self) -> Member:
        return cast("ApiKey", self.request.auth).member

    @property
    def workspace(self) -> Workspace:
        return self.member.workspace

    @cached_property
    def now(self) -> datetime:
        return timezone.now()


class ScopedViewSet(WorkspaceApi, viewsets.GenericViewSet[M], Generic[M]):
    """Base of endpoints over rows of one model: one that the member does not see does not exist."""

    def get_queryset(self) -> models.QuerySet[M]:
        queryset = super().get_queryset()
        if not isinstance(queryset, ScopedQuerySet):
            raise TypeError(f"{type(self).__name__}.queryset cannot be scoped to a workspace")
        return queryset.seen_by(self.member)

    def checked(self, serializer_class: type[serializers.Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """The request's body, validated. Raises the 400 that lists what is wrong."""
        serializer = serializer_class(
            data=self.request.data, partial=partial, context={"workspace": self.workspace, "view": self}
        )
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data

    def shown(self, row: M, *, status: int = 200) -> Response:
        return Response(self.get_serializer(row).data, status=status)


class InWorkspace(serializers.PrimaryKeyRelatedField[M]):
    """A reference to a row that the member sees; any other id does not exist."""

    def get_queryset(self) -> models.QuerySet[M]:
        queryset = super().get_queryset()
        if not isinstance(queryset, ScopedQuerySet):
            raise TypeError("InWorkspace needs a scoped queryset")
        return cast("models.QuerySet[M]", queryset.seen_by(self.context["view"].member))


@extend_schema_field(OpenApiTypes.EMAIL)
class MemberByEmail(serializers.SlugRelatedField[Member]):
    """A member of the workspace who has not left, named by e-mail address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(slug_field="user__email", queryset=Member.objects.all(), **options)

    def get_queryset(self) -> models.QuerySet[Member]:
        return Member.objects.for_workspace(self.context["workspace"]).active()

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(str(data).strip().lower())


class JsonObject(serializers.DictField):
    """A JSON object of any content that PostgreSQL can keep: no zero bytes, half letters or infinite numbers."""

    def to_internal_value(self, data: Any) -> Any:
        if not _is_storable(data):
            raise serializers.ValidationError(_("This holds a zero byte, half a letter or a number without end."))
        return super().to_internal_value(data)


def _is_storable(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_storable(key) and _is_storable(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(map(_is_storable, value))
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    return not isinstance(value, float) or isfinite(value)


class RefusalSerializer(serializers.Serializer[Any]):
    """How every error answers."""

    code = serializers.CharField(help_text="Stable, for programs.")
    message = serializers.CharField(help_text="For people: what, why, what to do.")
    fields_ = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), source="fields")
