"""Rows of the privacy area."""

from typing import Any

from django.utils import timezone

from audience.models import Contact, ErasureRecord
from tests.factories.audience import ContactFactory
from tests.factories.privacy import PrivacyRequestFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can

PRIVACY = Can.MANAGE_PRIVACY
RULE = {"days": 365, "seen_days": 365, "handling": "delete", "is_on": "on"}


def _contact(workspace: Workspace) -> dict[str, Any]:
    return {"pk": ContactFactory.create(workspace=workspace).pk}


def _typed(_workspace: Workspace, kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"typed": Contact.objects.get(pk=kwargs["pk"]).email}


def _receipt(workspace: Workspace) -> dict[str, Any]:
    return {"pk": ErasureRecord.objects.create(workspace=workspace, address_hash="0" * 64, at=timezone.now()).pk}


def _request(workspace: Workspace) -> dict[str, Any]:
    contact = ContactFactory.create(workspace=workspace)
    return {"pk": PrivacyRequestFactory.create(contact=contact).pk}


def _events(_workspace: Workspace) -> dict[str, Any]:
    return {"kind": "events"}


ROWS = [
    Row("audience:contact_erase", see=PRIVACY, act=PRIVACY, kwargs=_contact, data=_typed),
    Row("audience:contact_disclose", act=PRIVACY, kwargs=_contact),
    Row("audience:privacy_list", see=PRIVACY),
    Row("audience:privacy_erasure", see=PRIVACY, kwargs=_receipt),
    Row("audience:privacy_receipt", see=PRIVACY, kwargs=_receipt),
    Row("audience:privacy_sales", see=PRIVACY),
    Row("audience:privacy_fulfil", act=PRIVACY, kwargs=_request),
    Row("audience:privacy_decline", act=PRIVACY, kwargs=_request, data=lambda _w, _k: {"note": "An open invoice"}),
    Row("audience:privacy_retention", see=PRIVACY),
    Row("audience:privacy_rule", see=PRIVACY, act=PRIVACY, kwargs=_events, data=lambda _w, _k: RULE, is_shared=True),
    Row("audience:privacy_record", see=PRIVACY, act=PRIVACY, data=lambda _w, _k: {"officer": "Ann"}),
    Row("audience:privacy_record_pdf", see=PRIVACY),
    Row("audience:privacy_record_csv", see=PRIVACY),
]

API_ROWS = [
    ApiRow("api:contactprivacy-preview", {"get": PRIVACY}, kwargs=_contact),
    ApiRow("api:contactprivacy-erase", {"post": PRIVACY}, kwargs=_contact),
    ApiRow("api:contactprivacy-copy", {"post": PRIVACY}, kwargs=_contact),
    ApiRow("api:erasure-list", {"get": PRIVACY, "post": PRIVACY}, data=lambda _w, _m: {"email": "gone@example.org"}),
    ApiRow("api:erasure-detail", {"get": PRIVACY}, kwargs=_receipt),
    ApiRow("api:erasure-receipt", {"get": PRIVACY}, kwargs=_receipt),
    ApiRow("api:privacyrequest-list", {"get": PRIVACY}),
    ApiRow("api:privacyrequest-detail", {"get": PRIVACY}, kwargs=_request),
    ApiRow("api:privacyrequest-fulfil", {"post": PRIVACY}, kwargs=_request),
    ApiRow("api:privacyrequest-decline", {"post": PRIVACY}, kwargs=_request, data=lambda _w, _m: {"note": "Invoice"}),
    ApiRow("api:retention-list", {"get": PRIVACY}),
    ApiRow(
        "api:retention-detail",
        {"get": PRIVACY, "put": PRIVACY},
        kwargs=_events,
        data=lambda _w, _m: {"days": 365, "handling": "delete", "is_on": True},
        is_shared=True,
    ),
    ApiRow("api:retention-preview", {"get": PRIVACY}, kwargs=_events, is_shared=True),
    ApiRow("api:processing-list", {"get": PRIVACY}),
    ApiRow("api:processing-said", {"get": PRIVACY, "patch": PRIVACY}, data=lambda _w, _m: {"officer": "Ann"}),
]
