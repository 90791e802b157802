"""Rows of the audience app."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from audience.models import Contact
from tests.factories.audience import (
    AttributeFactory,
    ContactFactory,
    ImportFactory,
    ListFactory,
    MembershipFactory,
    SegmentFactory,
)
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can

SEE, EDIT = Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE

EVERYBODY = '{"match": "all", "rules": []}'


def _contact(workspace: Workspace) -> dict[str, Any]:
    return {"pk": ContactFactory.create(workspace=workspace).pk}


def _membership(workspace: Workspace) -> dict[str, Any]:
    membership = MembershipFactory.create(contact__workspace=workspace)
    return {"pk": membership.contact.pk, "list_pk": membership.contact_list.pk}


def _segment(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SegmentFactory.create(workspace=workspace).pk}


def _import(workspace: Workspace) -> dict[str, Any]:
    return {"pk": ImportFactory.create(workspace=workspace).pk}


def _attribute(workspace: Workspace) -> dict[str, Any]:
    return {"pk": AttributeFactory.create(workspace=workspace).pk}


def _upload(_workspace: Workspace, _kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("people.csv", b"email\nann@example.org\n"), "encoding": ""}


ROWS = [
    Row("audience:contact_list", see=SEE),
    Row("audience:contact_new", see=EDIT, act=EDIT, data=lambda _w, _k: {"email": "new@example.org"}),
    Row("audience:contact_detail", see=SEE, kwargs=_contact),
    Row(
        "audience:contact_edit", see=EDIT, act=EDIT, kwargs=_contact, data=lambda _w, _k: {"email": "other@example.org"}
    ),
    Row("audience:contact_consent", act=EDIT, kwargs=_contact, data=lambda _w, _k: {"wording": "At the till"}),
    Row("audience:contact_suppress", act=EDIT, kwargs=_contact),
    Row(
        "audience:contact_add_to_list",
        act=EDIT,
        kwargs=_contact,
        data=lambda w, _k: {"contact_list": ListFactory.create(workspace=w).pk},
    ),
    Row("audience:contact_remove_from_list", act=EDIT, kwargs=_membership),
    Row("audience:list_list", see=SEE, act=EDIT, data=lambda _w, _k: {"name": "VIP"}),
    Row("audience:attribute_list", see=SEE, act=EDIT, data=lambda _w, _k: {"label": "Shoe size", "kind": "number"}),
    Row("audience:attribute_archive", act=EDIT, kwargs=_attribute),
    Row("audience:segment_list", see=SEE),
    Row("audience:segment_new", see=EDIT, act=EDIT, data=lambda _w, _k: {"name": "All", "do": "save"}),
    Row("audience:segment_preview", see=SEE),
    Row("audience:segment_edit", see=SEE, act=EDIT, kwargs=_segment, data=lambda _w, _k: {"name": "All", "do": "save"}),
    Row("audience:segment_json", see=SEE, act=EDIT, kwargs=_segment, data=lambda _w, _k: {"definition": EVERYBODY}),
    Row("audience:segment_watch", act=EDIT, kwargs=_segment, data=lambda _w, _k: {"watch": "1"}),
    Row("audience:segment_archive", act=EDIT, kwargs=_segment),
    Row("audience:import_list", see=SEE, act=EDIT, data=_upload),
    Row("audience:import_detail", see=SEE, kwargs=_import),
    Row(
        "audience:import_map",
        see=EDIT,
        act=EDIT,
        kwargs=_import,
        data=lambda _w, _k: {"column_0": "email", "column_1": "first_name", "consent": "unknown"},
    ),
    Row("audience:import_cancel", act=EDIT, kwargs=_import),
    Row("audience:import_refusals", see=SEE, kwargs=_import),
]

EVENT = {"email": "reader@example.org", "name": "visited", "occurred_at": "2026-01-01T10:00:00Z"}


def _event(workspace: Workspace, _method: str) -> dict[str, Any]:
    if not Contact.objects.for_workspace(workspace).filter(address="reader@example.org").exists():
        ContactFactory.create(workspace=workspace, email="reader@example.org")
    return {"events": [EVENT]}


API_ROWS = [
    ApiRow("api:contact-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: {"email": "api@example.org"}),
    ApiRow("api:contact-detail", {"get": SEE}, kwargs=_contact),
    ApiRow("api:contact-batch", {"post": EDIT}, data=lambda _w, _m: {"contacts": [{"email": "b@example.org"}]}),
    ApiRow("api:contact-suppress", {"post": EDIT}, kwargs=_contact),
    ApiRow("api:attribute-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: {"label": "Points", "kind": "number"}),
    ApiRow("api:list-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: {"name": "From the API"}),
    ApiRow(
        "api:segment-list",
        {"get": SEE, "post": EDIT},
        data=lambda _w, _m: {"name": "API", "definition": {"match": "all", "rules": []}},
    ),
    ApiRow(
        "api:segment-detail",
        {"get": SEE, "put": EDIT},
        kwargs=_segment,
        data=lambda _w, _m: {"name": "API 2", "definition": {"match": "all", "rules": []}},
    ),
    ApiRow("api:segment-fields", {"get": SEE}),
    ApiRow("api:segment-ask", {"post": SEE}, data=lambda _w, _m: {"definition": {"match": "all", "rules": []}}),
    ApiRow("api:segment-people", {"get": SEE}, kwargs=_segment),
    ApiRow("api:segment-watch", {"post": EDIT}, kwargs=_segment, data=lambda _w, _m: {"watched": True}),
    ApiRow("api:segment-count", {"get": SEE}, kwargs=_segment),
    ApiRow("api:event-list", {"post": EDIT}, data=_event),
]
