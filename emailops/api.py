"""The REST API: every app's endpoints under one version, their OpenAPI document, and a page to read it on."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from audience.api import router as audience_router
from audience.api.preferences import ReadersPageView
from campaigns.api import router as campaigns_router
from delivery.api import router as delivery_router
from insights.api import router as insights_router
from sprints.api import router as sprints_router
from sprints.api.story_worth import FormulaView
from strategy.api import router as strategy_router
from workspaces.brand.api import BrandView
from workspaces.notices.api import router as notices_router

router = SimpleRouter()
for part in (
    notices_router,
    audience_router,
    strategy_router,
    sprints_router,
    campaigns_router,
    delivery_router,
    insights_router,
):
    router.registry.extend(part.registry)


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Every endpoint with what it takes and answers, for people."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return render(request, "api/reference.html", {"info": schema["info"], "groups": _grouped(schema)})


def _grouped(schema: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The operations by their first path element, each with its bodies spelled out."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for route, methods in schema["paths"].items():
        for method, operation in methods.items():
            name = route.removeprefix("/api/v1/").partition("/")[0]
            groups.setdefault(name, []).append(_operation(route, method, operation, schema["components"]["schemas"]))
    return sorted(groups.items())


def _operation(route: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    body = _schema_of(operation.get("requestBody", {}))
    answers = [
        {"status": status, "fields": _fields(_schema_of(answer), schemas)}
        for status, answer in operation["responses"].items()
    ]
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "route": route,
        "about": operation.get("description", ""),
        "parameters": [p for p in operation.get("parameters", []) if p["in"] == "query"],
        "body": _fields(body, schemas),
        "answers": answers,
    }


def _schema_of(holder: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _fields(schema: dict[str, Any], schemas: dict[str, Any], prefix: str = "") -> list[dict[str, Any]]:
    """The fields of a body, nested ones as `outer.inner` and `list[].inner`."""
    schema = _resolved(schema, schemas)
    if schema.get("type") == "array":
        return _fields(schema["items"], schemas, f"{prefix}[]")
    rows: list[dict[str, Any]] = []
    for name, field in schema.get("properties", {}).items():
        inner = _resolved(field, schemas)
        path_name = f"{prefix}.{name}" if prefix else name
        nested = _fields(inner, schemas, path_name)
        rows.append(
            {
                "name": path_name,
                "type": inner.get("format") or inner.get("type", ""),
                "choices": [choice for choice in inner.get("enum", []) if choice not in {"", None}],
                "required": name in schema.get("required", []) and not inner.get("readOnly"),
                "about": field.get("description", ""),
            }
        )
        rows.extend(nested)
    return rows


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, or the first of several alternatives."""
    for key in ("allOf", "oneOf", "anyOf"):
        if key in schema:
            return _resolved(schema[key][0], schemas)
    if "$ref" in schema:
        found: dict[str, Any] = schemas[schema["$ref"].rpartition("/")[2]]
        return _resolved(found, schemas)
    return schema


urlpatterns: list[URLPattern | URLResolver] = [
    path("", reference, name="reference"),
    path("openapi.json", SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[]), name="openapi"),
    path("story-formula/", FormulaView.as_view(), name="story-formula"),
    path("brand/", BrandView.as_view(), name="brand"),
    path("readers-page/", ReadersPageView.as_view(), name="readers_page"),
    *router.urls,
]
