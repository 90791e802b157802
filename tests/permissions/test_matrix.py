"""Who may do what, asked of every route: strangers find nothing, wrong roles are refused, right ones are let in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.test import APIClient

from tests.permissions.matrix import API_ROWS, NOT_OURS, OUTSIDE_WORKSPACES, ROWS
from tests.permissions.rows import ApiRow, Row, nothing
from workspaces.models import AuditEntry, Member, Workspace
from workspaces.permissions import TABLE, Can, Role, scope_for

BY_NAME = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
API_BY_NAME = pytest.mark.parametrize("row", API_ROWS, ids=lambda row: row.name)
READS = {"get", "head"}


def _route_names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for part in resolver.url_patterns:
        if isinstance(part, URLResolver):
            namespace = f"{prefix}{part.namespace}:" if part.namespace else prefix
            yield from _route_names(part, namespace)
        elif isinstance(part, URLPattern):
            yield f"{prefix}{part.name}"


def test_every_route_has_a_row() -> None:
    routes = {name for name in _route_names(get_resolver()) if not name.startswith(NOT_OURS)}

    rows = {row.name for row in ROWS} | {row.name for row in API_ROWS} | set(OUTSIDE_WORKSPACES)

    assert routes - rows == set(), "these routes have no row in tests/permissions"
    assert rows - routes == set(), "these rows have no route"


def _url(row: Row, workspace: Workspace) -> tuple[str, dict[str, Any]]:
    kwargs = row.kwargs(workspace)
    return reverse(row.name, kwargs={"workspace": workspace.slug, **kwargs}), kwargs


@BY_NAME
def test_reading_is_for_the_roles_in_the_table(
    row: Row, cast: dict[Role, Member], workspace: Workspace, browse: Callable[[Member], Client]
) -> None:
    if row.see is None:
        url, _kwargs = _url(row, workspace)
        assert browse(cast[Role.LEAD]).get(url).status_code == 405
        return
    url, _kwargs = _url(row, workspace)

    answers = {role: browse(member).get(url).status_code for role, member in cast.items()}

    refused = {role for role, status in answers.items() if status == 403}
    assert refused == set(Role) - TABLE[row.see]
    assert {status for role, status in answers.items() if role not in refused} <= {200, 302}


@BY_NAME
def test_writing_is_for_the_roles_in_the_table(
    row: Row, cast: dict[Role, Member], workspace: Workspace, browse: Callable[[Member], Client]
) -> None:
    url, kwargs = _url(row, workspace)
    if row.act is None:
        assert browse(cast[Role.LEAD]).post(url).status_code == 405
        return
    allowed = TABLE[row.act]

    for role in set(Role) - allowed:
        assert browse(cast[role]).post(url, row.data(workspace, kwargs)).status_code == 403, role
    entries = AuditEntry.objects.count()
    answer = browse(cast[_one_of(allowed)]).post(url, row.data(workspace, kwargs))

    assert answer.status_code in {200, 302}, answer.content[:2000]
    if row.is_audited:
        assert AuditEntry.objects.count() > entries, "a write without an audit entry"


def _let(member: Member, can: Can | None) -> Member:
    """The same person in a role that may do it, so that only the wall between workspaces is asked."""
    if can is not None and not member.may(can):
        member.role = _one_of(TABLE[can])
        member.save(update_fields=["role"])
    return member


def _one_of(allowed: frozenset[Role]) -> Role:
    return next(role for role in (Role.LEAD, Role.OWNER, Role.MARKETER) if role in allowed)


@BY_NAME
def test_nothing_exists_for_a_stranger(
    row: Row, outsider: Member, workspace: Workspace, browse: Callable[[Member], Client]
) -> None:
    url, kwargs = _url(row, workspace)
    client = browse(outsider)
    entries = AuditEntry.objects.count()

    assert client.get(url).status_code == (404 if row.see else 405)
    assert client.post(url, row.data(workspace, kwargs)).status_code == (404 if row.act else 405)

    assert AuditEntry.objects.count() == entries


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.kwargs is not nothing and not row.is_shared], ids=lambda row: row.name
)
def test_rows_of_another_workspace_do_not_exist_inside_ones_own(
    row: Row, outsider: Member, workspace: Workspace, browse: Callable[[Member], Client]
) -> None:
    kwargs = row.kwargs(workspace)
    url = reverse(row.name, kwargs={"workspace": outsider.workspace.slug, **kwargs})
    client = browse(_let(outsider, row.act or row.see))

    assert client.get(url).status_code == (404 if row.see else 405)
    assert client.post(url, row.data(workspace, kwargs)).status_code == (404 if row.act else 405)


@BY_NAME
def test_whoever_has_not_signed_in_is_asked_to(row: Row, workspace: Workspace) -> None:
    url, _kwargs = _url(row, workspace)

    for answer in (Client().get(url), Client().post(url)):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("row", [row for row in ROWS if row.act], ids=lambda row: row.name)
def test_writing_needs_the_csrf_token(row: Row, lead: Member, workspace: Workspace) -> None:
    url, kwargs = _url(row, workspace)
    client = Client(enforce_csrf_checks=True)
    client.force_login(lead.user)

    assert client.post(url, row.data(workspace, kwargs)).status_code == 403


def _api_call(client: APIClient, row: ApiRow, method: str, workspace: Workspace) -> Any:
    url = reverse(row.name, kwargs=row.kwargs(workspace))
    data = row.data(workspace, method) if method not in READS else None
    return getattr(client, method)(url, data, format=row.body if data else "json")


@API_BY_NAME
def test_the_api_asks_role_and_scope(
    row: ApiRow, cast: dict[Role, Member], workspace: Workspace, api: Callable[..., APIClient]
) -> None:
    for method, can in row.can.items():
        wrong_roles = set(Role) - TABLE[can]
        for role in wrong_roles:
            assert _api_call(api(cast[role]), row, method, workspace).status_code == 403, (method, role)
        right = cast[_one_of(TABLE[can])]
        without = [scope_for(other) for other in Can if scope_for(other) != scope_for(can)]
        assert _api_call(api(right, without), row, method, workspace).status_code == 403, method
        answer = _api_call(api(right, [scope_for(can)]), row, method, workspace)
        assert answer.status_code in {200, 201, 204}, answer.content


@API_BY_NAME
def test_the_api_needs_a_key_and_knows_its_methods(
    row: ApiRow, lead: Member, workspace: Workspace, api: Callable[..., APIClient]
) -> None:
    url = reverse(row.name, kwargs=row.kwargs(workspace))

    for method in row.can:
        assert getattr(APIClient(), method)(url).status_code == 401
    others = {"get", "post", "put", "patch", "delete"} - set(row.can)
    client = api(lead)
    for method in others:
        assert getattr(client, method)(url, {}, format="json").status_code in {403, 405}, method


@pytest.mark.parametrize(
    "row", [row for row in API_ROWS if row.kwargs is not nothing and not row.is_shared], ids=lambda row: row.name
)
def test_the_api_has_nothing_of_another_workspace(
    row: ApiRow, outsider: Member, workspace: Workspace, api: Callable[..., APIClient]
) -> None:
    kwargs = row.kwargs(workspace)
    for can in row.can.values():
        _let(outsider, can)
    client = api(outsider)
    entries = AuditEntry.objects.count()

    for method in row.can:
        url = reverse(row.name, kwargs=kwargs)
        body = None if method in READS else row.data(workspace, method)
        assert getattr(client, method)(url, body, format="json").status_code == 404, method

    assert AuditEntry.objects.count() == entries
