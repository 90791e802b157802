"""The brand is set by page and API, and readers see it."""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from audience.services import ConsentBasis
from audience.services.opt_ins import Ask, ask_to_opt_in
from audience.services.preferences import preferences_token
from audience.services.signup import form_token
from tests.factories.audience import ContactFactory, SignupFormFactory
from tests.workspaces.brand.test_logos import picture
from workspaces.brand.services import BrandChange, change_brand, look_of
from workspaces.models import AuditEntry, Brand, Member, Workspace
from workspaces.systemmail import send_due

pytestmark = pytest.mark.django_db
MOSS = "#2f4a3a"


@pytest.fixture
def settings_page(workspace: Workspace) -> str:
    return reverse("workspaces:settings_brand", args=[workspace.slug])


def _save(client: Client, page: str, **given: Any) -> Any:
    return client.post(page, {"name": "Moss & Co", "colour": MOSS, **given})


def _upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("logo.png", content, content_type="image/png")


def test_what_is_set_stands_on_the_readers_page(
    client: Client, browse: Callable[[Member], Client], lead: Member, settings_page: str
) -> None:
    reader = ContactFactory.create(workspace=lead.workspace)

    saved = _save(browse(lead), settings_page, logo=_upload(picture()))
    page = client.get(reverse("audience:preferences", args=[preferences_token(reader.pk)])).content.decode()

    look = look_of(lead.workspace)
    assert saved.status_code == 302
    assert "Moss &amp; Co" in page
    assert look.logo_address in page
    assert look.style_address in page
    assert "style=" not in page


def test_a_frame_has_the_colour_without_a_head(client: Client, lead: Member, now: datetime) -> None:
    signup = SignupFormFactory.create(workspace=lead.workspace)
    change_brand(workspace=lead.workspace, change=BrandChange("Moss & Co", MOSS), by=lead, now=now)

    framed = client.get(reverse("audience:signup_frame", args=[form_token(signup)])).content.decode()
    alone = client.get(reverse("audience:signup_page", args=[form_token(signup)])).content.decode()

    assert "masthead" in alone
    assert "masthead" not in framed
    assert look_of(lead.workspace).style_address in framed


def test_without_a_brand_pages_show_the_workspaces_name_in_our_colour(client: Client, workspace: Workspace) -> None:
    reader = ContactFactory.create(workspace=workspace)

    page = client.get(reverse("audience:preferences", args=[preferences_token(reader.pk)])).content.decode()

    assert '<span class="masthead__name">Maren &amp; Moss</span>' in page
    assert "style.css" not in page


def test_the_style_sheet_is_kept_by_browsers_until_the_colour_changes(
    client: Client, lead: Member, now: datetime
) -> None:
    change_brand(workspace=lead.workspace, change=BrandChange(colour=MOSS), by=lead, now=now)
    address = look_of(lead.workspace).style_address

    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    change_brand(workspace=lead.workspace, change=BrandChange(colour="#7a1020"), by=lead, now=now)
    later = client.get(address, headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Content-Type"] == "text/css; charset=utf-8"
    assert f"--accent:light-dark({MOSS}," in first.content.decode()
    assert "immutable" in first.headers["Cache-Control"]
    assert (again.status_code, again.content) == (304, b"")
    assert later.status_code == 200
    assert "immutable" not in later.headers["Cache-Control"]
    assert look_of(lead.workspace).style_address != address
    assert not first.cookies


def test_the_logo_is_a_png_of_our_own(
    client: Client, browse: Callable[[Member], Client], lead: Member, settings_page: str
) -> None:
    _save(browse(lead), settings_page, logo=_upload(picture("JPEG")))

    answer = client.get(look_of(lead.workspace).logo_address)

    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["workspaces:brand_logo", "workspaces:brand_style"])
def test_an_address_of_nothing_is_not_found(client: Client, workspace: Workspace, name: str) -> None:
    assert client.get(reverse(name, args=["AAAA"])).status_code == 404
    assert client.post(reverse(name, args=["AAAA"])).status_code == 405


def test_the_logo_can_be_taken_away(
    client: Client, browse: Callable[[Member], Client], lead: Member, settings_page: str
) -> None:
    entered = browse(lead)
    _save(entered, settings_page, logo=_upload(picture()))
    address = look_of(lead.workspace).logo_address

    _save(entered, settings_page, is_logo_gone="on")

    assert look_of(lead.workspace).logo_address == ""
    assert client.get(address).status_code == 404


def test_what_is_left_out_stays(browse: Callable[[Member], Client], lead: Member, settings_page: str) -> None:
    entered = browse(lead)
    _save(entered, settings_page, logo=_upload(picture()))

    _save(entered, settings_page, colour="#7a1020")

    kept = Brand.objects.get()
    assert (kept.name, kept.colour, kept.logo_width) == ("Moss & Co", "#7a1020", 60)


def test_saving_the_same_again_is_not_written_down(
    browse: Callable[[Member], Client], lead: Member, settings_page: str
) -> None:
    entered = browse(lead)
    _save(entered, settings_page)
    entries = AuditEntry.objects.count()

    _save(entered, settings_page)

    assert AuditEntry.objects.count() == entries


@pytest.mark.parametrize(
    ("given", "words"),
    [({"colour": "red;}*{display:none"}, "#2f4fd6"), ({"logo": _upload(b"<svg/>")}, "SVG"), ({"name": ""}, "required")],
)
def test_nonsense_is_refused_on_the_form(
    browse: Callable[[Member], Client], lead: Member, settings_page: str, given: dict[str, Any], words: str
) -> None:
    answer = _save(browse(lead), settings_page, **given)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Brand.objects.exists()


def test_a_colour_that_had_to_change_is_told(
    browse: Callable[[Member], Client], lead: Member, settings_page: str
) -> None:
    entered = browse(lead)

    _save(entered, settings_page, colour="#ffd500")

    assert "would be hard to read" in entered.get(settings_page).content.decode()


def test_the_same_by_api(api: Callable[..., APIClient], lead: Member) -> None:
    client = api(lead)
    logo = base64.b64encode(picture()).decode()

    made = client.patch(reverse("api:brand"), {"name": "Moss & Co", "colour": MOSS, "logo": logo}, format="json")
    gone = client.patch(reverse("api:brand"), {"logo": None}, format="json")

    assert (made.status_code, made.json()["name"], made.json()["button"]) == (200, "Moss & Co", MOSS)
    assert made.json()["logo_url"].startswith("http")
    assert gone.json()["logo_url"] == ""
    assert gone.json()["colour"] == MOSS
    assert client.get(reverse("api:brand")).json() == gone.json()


@pytest.mark.parametrize(
    "given", [{"colour": "#ff"}, {"logo": "no base 64!"}, {"logo": base64.b64encode(b"<svg/>").decode()}]
)
def test_nonsense_is_refused_by_the_api(api: Callable[..., APIClient], lead: Member, given: dict[str, str]) -> None:
    answer = api(lead).patch(reverse("api:brand"), given, format="json")

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == set(given)


def test_the_mail_that_asks_for_consent_carries_the_brand(workspace: Workspace, lead: Member, now: datetime) -> None:
    change = BrandChange("Moss & Co", MOSS)
    change_brand(workspace=workspace, change=change, by=lead, now=now)
    ask = Ask("ann@example.org", ConsentBasis("form", "Yes"), "en")

    ask_to_opt_in(workspace=workspace, ask=ask, by=None, now=now)
    send_due(now)

    (sent,) = mail.outbox
    assert isinstance(sent, EmailMultiAlternatives)
    html = str(sent.alternatives[0][0])
    assert "Moss & Co" in sent.subject
    assert f"background:{MOSS}" in html
    assert "Moss & Co would like to write to you" in sent.body
