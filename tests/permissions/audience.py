"""Rows of the audience app."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from audience.models import AttributeDefinition, Contact
from tests.factories.audience import (
    AttributeFactory,
    BulkEditFactory,
    ContactFactory,
    ImportFactory,
    ListFactory,
    MembershipFactory,
    SegmentFactory,
)
from tests.factories.commerce import ShopOrderFactory, SiteFactory
from tests.factories.delivery import OrderFactory
from tests.factories.workspaces import MemberFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Member, Workspace
from workspaces.permissions import Can, Role

EXPORT = Can.EXPORT_AUDIENCE
SEE, EDIT, TEND = Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE, Can.TEND_CONTACTS

EVERYBODY = '{"match": "all", "rules": []}'


def a_contact(workspace: Workspace) -> dict[str, Any]:
    return {"pk": _tended(workspace).pk}


def _tended(workspace: Workspace) -> Contact:
    """A contact that the seller of the cast looks after, so that every role sees it."""
    made: Contact = ContactFactory.create(workspace=workspace, seller=_seller(workspace))
    return made


def _seller(workspace: Workspace) -> Member:
    found = Member.objects.for_workspace(workspace).filter(role=Role.SELLER).first()
    return found or MemberFactory.create(workspace=workspace, role=Role.SELLER)


def _two_contacts(workspace: Workspace) -> dict[str, Any]:
    return {"pk": _tended(workspace).pk, "other_pk": _tended(workspace).pk}


def _note(workspace: Workspace) -> dict[str, Any]:
    lead = Member.objects.for_workspace(workspace).filter(role=Role.LEAD).first()
    by = lead or MemberFactory.create(workspace=workspace)
    contact = _tended(workspace)
    return {
        "pk": contact.pk,
        "note_pk": contact.notes.create(workspace=workspace, text="Hi", by=by, at=timezone.now()).pk,
    }


def _bulk_edit(workspace: Workspace, **fields: Any) -> dict[str, Any]:
    return {"pk": BulkEditFactory.create(workspace=workspace, by=_seller(workspace), **fields).pk}


def _done_edit(workspace: Workspace) -> dict[str, Any]:
    return _bulk_edit(workspace, state="done", changed_count=1)


def _a_list(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"list": ListFactory.create(workspace=workspace).pk}


def _list(workspace: Workspace) -> dict[str, Any]:
    return {"pk": ListFactory.create(workspace=workspace).pk}


def _archived_list(workspace: Workspace) -> dict[str, Any]:
    return {"pk": ListFactory.create(workspace=workspace, archived_at=timezone.now()).pk}


def _contact_and_list(workspace: Workspace) -> dict[str, Any]:
    return {"pk": _tended(workspace).pk, "list_pk": ListFactory.create(workspace=workspace).pk}


def _many(workspace: Workspace, _kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"action": "add_tag", "tag": "vip", "contact": _tended(workspace).pk}


def _merge(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"merged": _tended(workspace).pk}


def _membership(workspace: Workspace) -> dict[str, Any]:
    membership = MembershipFactory.create(contact=_tended(workspace))
    return {"pk": membership.contact.pk, "list_pk": membership.contact_list.pk}


def _segment(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SegmentFactory.create(workspace=workspace).pk}


def _import(workspace: Workspace) -> dict[str, Any]:
    return {"pk": ImportFactory.create(workspace=workspace, created_by=_seller(workspace)).pk}


def _attribute(workspace: Workspace) -> dict[str, Any]:
    key = f"city_{AttributeDefinition.objects.count()}"
    return {"pk": AttributeFactory.create(workspace=workspace, key=key).pk}


def _two_attributes(workspace: Workspace) -> dict[str, Any]:
    AttributeFactory.create(workspace=workspace, key="a", label="A")
    return {"pk": AttributeFactory.create(workspace=workspace, key="b", label="B", position=1).pk}


def _archived_attribute(workspace: Workspace) -> dict[str, Any]:
    return {"pk": AttributeFactory.create(workspace=workspace, archived_at=timezone.now()).pk}


def _upload(_workspace: Workspace, _kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("people.csv", b"email\nann@example.org\n"), "encoding": ""}


SITE = {"name": "Our shop", "origins": "https://shop.example", "is_on": "on"}
SITE_BY_API = {"name": "From the API", "origins": ["https://shop.example"]}


def _order(workspace: Workspace) -> dict[str, Any]:
    return {"pk": ShopOrderFactory.create(contact=_tended(workspace)).pk}


def _event_row(workspace: Workspace) -> dict[str, Any]:
    return {"pk": OrderFactory.create(contact=_tended(workspace)).pk}


def _site(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SiteFactory.create(workspace=workspace).pk}


ROWS = [
    Row("audience:contact_list", see=SEE),
    Row("audience:contact_new", see=TEND, act=TEND, data=lambda _w, _k: {"email": "new@example.org"}),
    Row("audience:contact_detail", see=SEE, kwargs=a_contact),
    Row(
        "audience:contact_edit",
        see=TEND,
        act=TEND,
        kwargs=a_contact,
        data=lambda _w, _k: {"email": "other@example.org"},
    ),
    Row("audience:contact_consent", act=TEND, kwargs=a_contact, data=lambda _w, _k: {"wording": "At the till"}),
    Row("audience:contact_suppress", act=TEND, kwargs=a_contact),
    Row(
        "audience:contact_add_to_list",
        act=TEND,
        kwargs=a_contact,
        data=lambda w, _k: {"contact_list": ListFactory.create(workspace=w).pk},
    ),
    Row("audience:contact_remove_from_list", act=TEND, kwargs=_membership),
    Row("audience:list_list", see=SEE, act=EDIT, data=lambda _w, _k: {"name": "VIP"}),
    Row("audience:list_edit", see=EDIT, act=EDIT, kwargs=_list, data=lambda _w, _k: {"name": "VIP"}),
    Row("audience:list_archive", act=EDIT, kwargs=_list),
    Row("audience:list_return", act=EDIT, kwargs=_archived_list),
    Row("audience:attribute_list", see=SEE, act=EDIT, data=lambda _w, _k: {"label": "Shoe size", "kind": "number"}),
    Row("audience:attribute_archive", act=EDIT, kwargs=_attribute),
    Row(
        "audience:attribute_edit",
        see=EDIT,
        act=EDIT,
        kwargs=_attribute,
        data=lambda _w, _k: {"label": "Town", "kind": "text"},
    ),
    Row("audience:attribute_move", act=EDIT, kwargs=_two_attributes, data=lambda _w, _k: {"to": "up"}),
    Row("audience:attribute_return", act=EDIT, kwargs=_archived_attribute),
    Row("audience:contact_note", act=TEND, kwargs=a_contact, data=lambda _w, _k: {"text": "Rings on Mondays"}),
    Row("audience:contact_note_remove", act=TEND, kwargs=_note),
    Row("audience:contact_merge", see=TEND, act=TEND, kwargs=_two_contacts),
    Row("audience:duplicate_list", see=SEE),
    Row("audience:bulk_list", see=TEND),
    Row("audience:bulk_new", see=TEND, act=TEND, data=_many),
    Row("audience:bulk_detail", see=TEND, kwargs=_bulk_edit),
    Row("audience:bulk_cancel", act=TEND, kwargs=_bulk_edit),
    Row("audience:bulk_undo", act=TEND, kwargs=_done_edit),
    Row("audience:segment_list", see=SEE),
    Row("audience:segment_new", see=EDIT, act=EDIT, data=lambda _w, _k: {"name": "All", "do": "save"}),
    Row(
        "audience:segment_new_json",
        see=EDIT,
        act=EDIT,
        data=lambda _w, _k: {"name": "Written down", "definition": EVERYBODY},
    ),
    Row("audience:segment_preview", see=SEE),
    Row("audience:segment_edit", see=SEE, act=EDIT, kwargs=_segment, data=lambda _w, _k: {"name": "All", "do": "save"}),
    Row("audience:segment_json", see=SEE, act=EDIT, kwargs=_segment, data=lambda _w, _k: {"definition": EVERYBODY}),
    Row("audience:segment_watch", act=EDIT, kwargs=_segment, data=lambda _w, _k: {"watch": "1"}),
    Row("audience:segment_archive", act=EDIT, kwargs=_segment),
    Row("audience:export", see=EXPORT, act=EXPORT, data=lambda _w, _k: {"what": "contacts", "form": "csv"}),
    Row("audience:import_list", see=SEE, act=EDIT, data=_upload),
    Row("audience:import_detail", see=SEE, kwargs=_import),
    Row(
        "audience:import_map",
        see=EDIT,
        act=EDIT,
        kwargs=_import,
        data=lambda _w, _k: {"column_0": "email", "column_1": "first_name", "consent": "unknown"},
    ),
    Row("audience:import_read", act=EDIT, kwargs=_import, data=lambda _w, _k: {"encoding": "", "delimiter": ";"}),
    Row("audience:import_start", act=EDIT, kwargs=_import),
    Row("audience:import_cancel", act=EDIT, kwargs=_import),
    Row("audience:import_refusals", see=SEE, kwargs=_import),
    Row("audience:order_list", see=SEE),
    Row("audience:order_detail", see=SEE, kwargs=_order),
    Row("audience:event_list", see=SEE),
    Row("audience:site_list", see=SEE, act=EDIT, data=lambda _w, _k: SITE),
    Row("audience:site_detail", see=SEE, act=EDIT, kwargs=_site, data=lambda _w, _k: SITE),
]


def _many_by_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"action": "add_tag", "detail": {"tag": "vip"}, "contacts": [_tended(workspace).pk]}


EVENT = {"email": "reader@example.org", "name": "visited", "occurred_at": "2026-01-01T10:00:00Z"}


def _event(workspace: Workspace, _method: str) -> dict[str, Any]:
    if not Contact.objects.for_workspace(workspace).filter(address="reader@example.org").exists():
        ContactFactory.create(workspace=workspace, email="reader@example.org")
    return {"events": [EVENT]}


def _order_by_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    _event(workspace, _method)
    order = {"email": "reader@example.org", "external_id": "O-1", "placed_at": "2026-01-01T10:00:00Z", "total": "9.00"}
    return {"orders": [order]}


def _upload_to_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    return _upload(workspace, {})


API_ROWS = [
    ApiRow("api:contact-list", {"get": SEE, "post": TEND}, data=lambda _w, _m: {"email": "api@example.org"}),
    ApiRow(
        "api:contact-detail",
        {"get": SEE, "patch": TEND},
        kwargs=a_contact,
        data=lambda _w, _m: {"first_name": "Ann"},
    ),
    ApiRow("api:contact-batch", {"post": TEND}, data=lambda _w, _m: {"contacts": [{"email": "b@example.org"}]}),
    ApiRow("api:contact-suppress", {"post": TEND}, kwargs=a_contact),
    ApiRow("api:contact-timeline", {"get": SEE}, kwargs=a_contact),
    ApiRow("api:contact-duplicates", {"get": SEE}, kwargs=a_contact),
    ApiRow("api:contact-notes", {"get": SEE, "post": TEND}, kwargs=a_contact, data=lambda _w, _m: {"text": "Hi"}),
    ApiRow("api:contact-note", {"delete": TEND}, kwargs=_note),
    ApiRow("api:contact-lists", {"get": SEE, "post": TEND}, kwargs=a_contact, data=_a_list),
    ApiRow("api:contact-list-membership", {"delete": TEND}, kwargs=_contact_and_list),
    ApiRow("api:contact-merge", {"post": TEND}, kwargs=a_contact, data=_merge),
    ApiRow("api:bulk-edit-list", {"get": TEND, "post": TEND}, data=_many_by_api),
    ApiRow("api:bulk-edit-detail", {"get": TEND}, kwargs=_bulk_edit),
    ApiRow("api:bulk-edit-cancel", {"post": TEND}, kwargs=_bulk_edit),
    ApiRow("api:bulk-edit-undo", {"post": TEND}, kwargs=_done_edit),
    ApiRow("api:attribute-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: {"label": "Points", "kind": "number"}),
    ApiRow("api:attribute-detail", {"get": SEE, "put": EDIT}, kwargs=_attribute, data=lambda _w, _m: {"label": "Town"}),
    ApiRow("api:attribute-move", {"post": EDIT}, kwargs=_attribute, data=lambda _w, _m: {"up": True}),
    ApiRow("api:attribute-archive", {"post": EDIT}, kwargs=_attribute),
    ApiRow("api:attribute-bring-back", {"post": EDIT}, kwargs=_attribute),
    ApiRow("api:list-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: {"name": "From the API"}),
    ApiRow("api:list-detail", {"get": SEE, "put": EDIT}, kwargs=_list, data=lambda _w, _m: {"name": "Renamed"}),
    ApiRow("api:list-archive", {"post": EDIT}, kwargs=_list),
    ApiRow("api:list-bring-back", {"post": EDIT}, kwargs=_archived_list),
    ApiRow(
        "api:segment-list",
        {"get": SEE, "post": EDIT},
        data=lambda _w, _m: {"name": "API", "definition": {"match": "all", "rules": []}},
    ),
    ApiRow(
        "api:segment-detail",
        {"get": SEE, "put": EDIT, "delete": EDIT},
        kwargs=_segment,
        data=lambda _w, _m: {"name": "API 2", "definition": {"match": "all", "rules": []}},
    ),
    ApiRow("api:segment-fields", {"get": SEE}),
    ApiRow("api:segment-ask", {"post": SEE}, data=lambda _w, _m: {"definition": {"match": "all", "rules": []}}),
    ApiRow("api:segment-days", {"get": SEE}, kwargs=_segment),
    ApiRow("api:segment-people", {"get": SEE}, kwargs=_segment),
    ApiRow("api:segment-watch", {"post": EDIT}, kwargs=_segment, data=lambda _w, _m: {"watched": True}),
    ApiRow("api:segment-count", {"get": SEE}, kwargs=_segment),
    ApiRow("api:contactimport-list", {"get": SEE, "post": EDIT}, data=_upload_to_api, body="multipart"),
    ApiRow("api:contactimport-detail", {"get": SEE}, kwargs=_import),
    ApiRow("api:contactimport-read", {"post": EDIT}, kwargs=_import),
    ApiRow("api:contactimport-check", {"post": EDIT}, kwargs=_import),
    ApiRow("api:contactimport-start", {"post": EDIT}, kwargs=_import),
    ApiRow("api:contactimport-cancel", {"post": EDIT}, kwargs=_import),
    ApiRow("api:contactimport-refused", {"get": SEE}, kwargs=_import),
    ApiRow("api:export-list", {"post": EXPORT}, data=lambda _w, _m: {"what": "contacts"}),
    ApiRow("api:event-list", {"get": SEE, "post": EDIT}, data=_event),
    ApiRow("api:event-detail", {"get": SEE}, kwargs=_event_row),
    ApiRow("api:order-list", {"get": SEE, "post": EDIT}, data=_order_by_api),
    ApiRow("api:order-detail", {"get": SEE}, kwargs=_order),
    ApiRow("api:site-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: SITE_BY_API),
    ApiRow("api:site-detail", {"get": SEE, "put": EDIT}, kwargs=_site, data=lambda _w, _m: SITE_BY_API),
]
