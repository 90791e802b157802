"""What every API request passes: authentication by key, permission, pages, and how errors answer.

The REST framework loads these classes while it loads itself, so this module must not import its views.
"""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from emailops.lib.errors import DomainError
from workspaces.models import ApiKey, User
from workspaces.services import authenticate_key

if TYPE_CHECKING:
    from rest_framework.views import APIView


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


class KeyMay(BasePermission):
    """Allows what the table allows to the member's role and the key's scopes; an undeclared handler allows nothing."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        handler = getattr(view, "action", None) or (request.method or "").lower()
        needed = getattr(view, "can", {}).get(handler)
        return needed is not None and isinstance(request.auth, ApiKey) and request.auth.member.may(needed)


class CursorPages(CursorPagination):
    """Pages that stay right while rows are added; newest first."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering = "-pk"


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
