"""Bases of the REST API, and the API's view of the workspace itself.

A key authenticates, its member's role and its own scopes permit, and its workspace is the whole world of the request.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions, serializers, viewsets
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from emailops.lib.errors import DomainError
from workspaces.models import ApiKey, Member, ScopedQuerySet, User, Workspace
from workspaces.permissions import Can
from workspaces.services import authenticate_key

M = TypeVar("M", bound=models.Model)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer eo_…`"""

    def authenticate(self, request: Request) -> tuple[User, ApiKey]:
        scheme, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        key = authenticate_key(secret.strip(), timezone.now()) if scheme.lower() == "bearer" else None
        if key is None:
            raise exceptions.AuthenticationFailed(_("Send a valid API key: Authorization: Bearer eo_…"))
        key.member.acting_through = key
        return key.member.user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


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


class KeyMay(BasePermission):
    """Allows what the table allows to the member's role and the key's scopes; an undeclared handler allows nothing."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(view, WorkspaceApi):
            return False
        handler = getattr(view, "action", None) or (request.method or "").lower()
        needed = view.can.get(handler)
        return needed is not None and view.member.may(needed)


class ScopedViewSet(WorkspaceApi, viewsets.GenericViewSet[M], Generic[M]):
    """Base of endpoints over rows of one model: a row of another workspace does not exist."""

    def get_queryset(self) -> models.QuerySet[M]:
        queryset = super().get_queryset()
        if not isinstance(queryset, ScopedQuerySet):
            raise TypeError(f"{type(self).__name__}.queryset cannot be scoped to a workspace")
        return queryset.for_workspace(self.workspace)

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
    """A reference to a row of the same workspace; any other id does not exist."""

    def get_queryset(self) -> models.QuerySet[M]:
        queryset = super().get_queryset()
        if not isinstance(queryset, ScopedQuerySet):
            raise TypeError("InWorkspace needs a scoped queryset")
        return cast("models.QuerySet[M]", queryset.for_workspace(self.context["workspace"]))


class CursorPages(CursorPagination):
    """Pages that stay right while rows are added; newest first."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering = "-pk"


class RefusalSerializer(serializers.Serializer[Any]):
    """How every error answers."""

    code = serializers.CharField(help_text="Stable, for programs.")
    message = serializers.CharField(help_text="For people: what, why, what to do.")
    fields_ = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), source="fields")


def answer_for_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """`{"code", "message", "fields"}` for everything expected; None leaves the unexpected to Django."""
    if isinstance(error, DomainError):
        fields = {name: [str(word) for word in words] for name, words in error.fields.items()}
        return _answer(error.status, error.code, str(error), fields)
    if isinstance(error, Http404):
        return _answer(404, "not_found", _("There is nothing at this address in your workspace."))
    if isinstance(error, PermissionDenied):
        return _answer(403, "forbidden", _("This key may not do that."))
    if isinstance(error, exceptions.ValidationError):
        return _answer(400, "invalid", _("Some fields are not valid."), _flat(error.detail))
    if isinstance(error, exceptions.APIException):
        response = _answer(error.status_code, str(error.default_code), str(error.detail))
        if isinstance(error, exceptions.AuthenticationFailed | exceptions.NotAuthenticated):
            response.headers["WWW-Authenticate"] = "Bearer"
        return response
    return None


def _answer(status: int, code: str, message: str, fields: dict[str, Any] | None = None) -> Response:
    return Response({"code": code, "message": message, "fields": fields or {}}, status=status)


def _flat(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Nested errors as one level: `{"rules.0.field": ["…"]}`."""
    if isinstance(detail, dict):
        pairs = [(f"{path}.{name}" if path else str(name), value) for name, value in detail.items()]
    elif isinstance(detail, list) and any(isinstance(item, dict) for item in detail):
        pairs = [(f"{path}.{index}", item) for index, item in enumerate(detail) if item]
    else:
        return {path or "non_field_errors": [str(word) for word in (detail if isinstance(detail, list) else [detail])]}
    return {name: words for key, value in pairs for name, words in _flat(value, key).items()}
