"""Rows of the mail servers."""

from typing import Any

from django.utils import timezone

from tests.factories.transports import TransportFactory, TrialFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can

MANAGE = Can.MANAGE_WORKSPACE
FORM = {
    "name": "Our relay",
    "host": "mail.example.com",
    "port": "587",
    "security": "starttls",
    "sign_in": "none",
    "weight": "50",
}


def _transport(workspace: Workspace) -> dict[str, Any]:
    return {"pk": TransportFactory.create(workspace=workspace).pk}


def _tried(workspace: Workspace) -> dict[str, Any]:
    return {"pk": TrialFactory.create(transport__workspace=workspace, asked_at=timezone.now()).transport_id}


ROWS = [
    Row("delivery:settings_transports", see=MANAGE),
    Row("delivery:transport_new", see=MANAGE, act=MANAGE, data=lambda _w, _k: {**FORM, "via": "smtp"}),
    Row("delivery:transport_edit", see=MANAGE, act=MANAGE, kwargs=_transport, data=lambda _w, _k: FORM),
    Row("delivery:transport_switch", act=MANAGE, kwargs=_transport, data=lambda _w, _k: {"on": "0"}),
    Row("delivery:transport_remove", act=MANAGE, kwargs=_transport),
    Row("delivery:transport_try", see=MANAGE, act=MANAGE, kwargs=_transport),
]


def _new(_workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"name": "Our relay", "host": "mail.example.com", "sign_in": "none"}


API_ROWS = [
    ApiRow("api:transport-list", {"get": MANAGE, "post": MANAGE}, data=_new),
    ApiRow("api:transport-providers", {"get": MANAGE}),
    ApiRow("api:transport-detail", {"get": MANAGE, "patch": MANAGE, "delete": MANAGE}, kwargs=_transport),
    ApiRow("api:transport-enable", {"post": MANAGE}, kwargs=_transport),
    ApiRow("api:transport-disable", {"post": MANAGE}, kwargs=_transport),
    ApiRow("api:transport-try-it", {"post": MANAGE}, kwargs=_transport),
    ApiRow("api:transport-trial", {"get": MANAGE}, kwargs=_tried),
]
