"""Readers' pages: without a sign-in, without script; opening one changes nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from rest_framework.test import APIClient

from audience.models import (
    Consent,
    ConsentEntry,
    Contact,
    OptInRequest,
    SignupForm,
    SignupKind,
    Topic,
    TopicConsent,
)
from audience.services import ConsentBasis, withdraw_consent
from audience.services.opt_ins import Ask, ask_to_opt_in, opt_in_token
from audience.services.preferences import change_preference_page, preferences_token
from audience.services.signup import change_form, form_token, shown_stamp
from tests.factories.audience import AttributeFactory, ContactFactory, SignupFormFactory, TopicFactory
from workspaces.models import AuditEntry, Member, Workspace
from workspaces.systemmail import send_due

pytestmark = pytest.mark.django_db
SOON = timedelta(seconds=5)


@pytest.fixture
def reader(workspace: Workspace) -> Contact:
    made: Contact = ContactFactory.create(workspace=workspace, email="ann@example.org", language="en")
    return made


@pytest.fixture
def topic(workspace: Workspace) -> Topic:
    made: Topic = TopicFactory.create(workspace=workspace, name="Tips", names={"bg": "Съвети"})
    return made


@pytest.fixture
def signup(workspace: Workspace) -> SignupForm:
    made: SignupForm = SignupFormFactory.create(workspace=workspace)
    return made


def _page(contact: Contact) -> str:
    return reverse("audience:preferences", args=[preferences_token(contact.pk)])


def test_opening_the_page_changes_nothing(client: Client, reader: Contact, topic: Topic) -> None:
    answer = client.get(_page(reader))

    assert topic.name in answer.content.decode()
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not answer.cookies
    assert not ConsentEntry.objects.exists()
    assert not AuditEntry.objects.exists()


def test_topics_are_in_the_readers_language_and_all_else_in_one(client: Client, reader: Contact, topic: Topic) -> None:
    Contact.objects.update(language="bg")

    answer = client.get(_page(reader))

    assert "Съвети" in answer.content.decode()
    assert '<html lang="en">' in answer.content.decode()


@pytest.mark.parametrize(
    ("following", "box", "said"),
    [
        ("unless_no", {"tracking": "on"}, "unknown"),
        ("unless_no", {}, "withdrawn"),
        ("if_yes", {"tracking": "on"}, "given"),
        ("if_yes", {}, "unknown"),
    ],
)
def test_the_box_shows_how_things_are_and_only_a_change_is_a_word(
    following: str, box: dict[str, str], said: str, client: Client, reader: Contact, lead: Member
) -> None:
    given: dict[str, Any] = {"intro": "", "attributes": [], "tracking_wording": "", "following": following}
    change_preference_page(workspace=reader.workspace, by=lead, now=reader.created_at, **given)
    shown = client.get(_page(reader)).content.decode()

    client.post(_page(reader), {"do": "save", **box})

    reader.refresh_from_db()
    assert reader.tracking == said
    assert ('name="tracking" class="check" id="id_tracking" checked' in shown) is (following == "unless_no")


def test_what_was_chosen_is_written_down(client: Client, reader: Contact, topic: Topic, lead: Member) -> None:
    AttributeFactory.create(workspace=reader.workspace)
    given: dict[str, Any] = {
        "intro": "",
        "attributes": ["city"],
        "tracking_wording": "Follow me",
        "following": "if_yes",
    }
    change_preference_page(workspace=reader.workspace, by=lead, now=reader.created_at, **given)

    chosen = {"do": "save", "frequency": "weekly", "tracking": "on", "first_name": "Anna", "attribute_city": "Ruse"}
    answer = client.post(_page(reader), chosen, REMOTE_ADDR="192.0.2.7")

    reader.refresh_from_db()
    assert answer.status_code == 200
    assert (reader.frequency, reader.tracking, reader.first_name) == ("weekly", "given", "Anna")
    assert reader.attributes == {"city": "Ruse"}
    assert TopicConsent.objects.get().consent == Consent.WITHDRAWN
    assert {entry.evidence["ip"] for entry in ConsentEntry.objects.all()} == {"192.0.2.7"}


CHOICES = [{"key": "dry", "label": "Dry", "labels": {"bg": "Суха"}}, {"key": "oily", "label": "Oily", "labels": {}}]
KINDS = {"spent": "money", "skin": "choice", "cares": "list", "vip": "boolean"}


@pytest.fixture
def asked(workspace: Workspace, lead: Member, now: datetime) -> list[str]:
    for key, kind in KINDS.items():
        choices = CHOICES if kind in {"choice", "list"} else []
        AttributeFactory.create(workspace=workspace, key=key, label=key.title(), kind=kind, choices=choices)
    change_preference_page(workspace=workspace, intro="", attributes=list(KINDS), tracking_wording="", by=lead, now=now)
    return [f"attribute.{key}" for key in KINDS]


ABOUT: dict[str, Any] = {
    "attribute_spent": "12,50 €",
    "attribute_skin": "dry",
    "attribute_cares": ["oily", "dry"],
    "attribute_vip": "no",
}
STORED = {"spent": 12.5, "skin": "dry", "cares": ["dry", "oily"], "vip": False}


@pytest.mark.usefixtures("asked")
def test_attributes_of_every_kind_can_be_changed_and_emptied(client: Client, reader: Contact) -> None:
    Contact.objects.update(language="bg")
    page = client.get(_page(reader)).content.decode()
    client.post(_page(reader), {"do": "save", "frequency": "", **ABOUT})
    reader.refresh_from_db()

    assert "Суха" in page
    assert reader.attributes == STORED
    client.post(_page(reader), {"do": "save", "frequency": ""})
    reader.refresh_from_db()
    assert reader.attributes == {}


@pytest.mark.usefixtures("asked")
def test_what_stays_as_it_was_leaves_no_trace(client: Client, reader: Contact) -> None:
    Contact.objects.update(attributes=STORED, first_name="", last_name="", language="")

    client.post(_page(reader), {"do": "save", "frequency": "", **ABOUT, "attribute_spent": "12.5"})

    assert not AuditEntry.objects.filter(action="contact.updated").exists()


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    "wrong", [{"attribute_spent": "1,000"}, {"attribute_skin": "wet"}, {"attribute_cares": ["dry", "wet"]}]
)
def test_what_is_no_value_is_refused_beside_its_field(client: Client, reader: Contact, wrong: dict[str, Any]) -> None:
    answer = client.post(_page(reader), {"do": "save", "frequency": "", **wrong})

    reader.refresh_from_db()
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(wrong)
    assert reader.attributes == {}


def test_a_form_asks_for_every_kind_and_keeps_what_it_read(
    client: Client, signup: SignupForm, asked: list[str], now: datetime
) -> None:
    SignupForm.objects.update(fields=[{"key": key, "required": False} for key in asked])

    assert _fill_in(client, signup, now, **ABOUT) == 200
    assert OptInRequest.objects.get().values["attributes"] == STORED
    assert _fill_in(client, signup, now, attribute_spent="much") == 422
    assert OptInRequest.objects.count() == 1


def test_a_pause_in_the_past_is_refused_on_the_page(client: Client, reader: Contact) -> None:
    answer = client.post(_page(reader), {"do": "save", "frequency": "", "paused_until": "2001-01-01"})

    assert answer.status_code == 422


@pytest.mark.parametrize("body", [{"do": "leave"}, {"List-Unsubscribe": "One-Click"}])
def test_leaving_everything_is_one_press(client: Client, reader: Contact, body: dict[str, str]) -> None:
    answer = client.post(_page(reader), body)

    assert answer.status_code == 200
    assert not Contact.objects.reachable().exists()


def test_who_left_is_asked_by_mail_before_anything_comes_again(client: Client, reader: Contact, now: datetime) -> None:
    withdraw_consent(contact=reader, basis=ConsentBasis("link"), by=None, now=now)

    client.post(_page(reader), {"do": "return"})

    assert not Contact.objects.reachable().exists()
    assert OptInRequest.objects.get().mailed_at is not None


@pytest.mark.parametrize("route", ["preferences", "opt_in", "signup_page", "signup_frame"])
def test_a_forged_address_leads_nowhere(client: Client, route: str) -> None:
    answer = client.post(reverse(f"audience:{route}", args=["AQAAAA"]))

    assert answer.status_code == 404


def test_a_scanner_that_opens_the_link_of_the_mail_agrees_to_nothing(
    client: Client, workspace: Workspace, now: datetime
) -> None:
    ask = Ask("ann@example.org", ConsentBasis("form", "Write to me"))
    request = ask_to_opt_in(workspace=workspace, ask=ask, by=None, now=now)
    address = reverse("audience:opt_in", args=[opt_in_token(request)])

    for method in (client.get, client.head):
        assert method(address).status_code == 200

    assert not Contact.objects.exists()
    assert client.post(address).status_code == 200
    assert Contact.objects.reachable().get().address == "ann@example.org"


def _fill_in(client: Client, signup: SignupForm, now: datetime, **also: Any) -> int:
    stamp = shown_stamp(signup, now - SOON)
    data = {"email": "ann@example.org", "consent": "on", "shown": stamp, **also}
    return client.post(reverse("audience:signup_page", args=[form_token(signup)]), data).status_code


def test_a_form_asks_by_mail(client: Client, signup: SignupForm, now: datetime) -> None:
    assert _fill_in(client, signup, now) == 200

    send_due(now + SOON)
    assert mail.outbox[0].subject == signup.confirm_subject
    assert "List-Unsubscribe" not in mail.outbox[0].extra_headers
    assert not Contact.objects.exists()


def test_known_and_unknown_addresses_get_the_same_answer(client: Client, signup: SignupForm, now: datetime) -> None:
    ContactFactory.create(workspace=signup.workspace, email="ann@example.org")
    address, stamp = reverse("audience:signup_page", args=[form_token(signup)]), shown_stamp(signup, now - SOON)

    bodies = {
        client.post(address, {"email": email, "consent": "on", "shown": stamp}).content
        for email in ("ann@example.org", "new@example.org")
    }

    assert len(bodies) == 1


def test_the_trap_is_thanked_and_not_kept(client: Client, signup: SignupForm, now: datetime) -> None:
    assert _fill_in(client, signup, now, website="https://spam.example") == 200

    assert not OptInRequest.objects.exists()


@pytest.mark.parametrize("stamp", ["", "forged"])
def test_what_no_page_of_ours_showed_is_asked_again(
    client: Client, signup: SignupForm, now: datetime, stamp: str
) -> None:
    _fill_in(client, signup, now, shown=stamp)

    assert not OptInRequest.objects.exists()


def test_a_form_on_another_site_needs_no_stamp(client: Client, signup: SignupForm, now: datetime) -> None:
    SignupForm.objects.update(kind=SignupKind.EMBED)

    _fill_in(client, signup, now, shown="")

    assert OptInRequest.objects.get().form == signup


def test_consent_is_a_box_to_tick(client: Client, signup: SignupForm, now: datetime) -> None:
    assert _fill_in(client, signup, now, consent="") == 422

    assert not OptInRequest.objects.exists()


def test_a_pop_up_may_stand_in_a_frame_anywhere(client: Client, signup: SignupForm) -> None:
    answer = client.get(reverse("audience:signup_frame", args=[form_token(signup)]))

    assert "X-Frame-Options" not in answer.headers
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]


def test_other_words_make_another_version(signup: SignupForm, lead: Member, now: datetime) -> None:
    same = change_form(form=signup, content={"name": "Renamed"}, by=lead, now=now)
    other = change_form(form=signup, content={"consent_wording": "Weekly, please"}, by=lead, now=now)

    assert (same.version, other.version) == (1, 2)
    assert other.versions.get(number=2).content["consent_wording"] == "Weekly, please"


@pytest.mark.parametrize("kind", SignupKind)
def test_a_member_gets_what_to_put_on_a_site(
    browse: Callable[[Member], Client], lead: Member, signup: SignupForm, kind: SignupKind
) -> None:
    SignupForm.objects.update(kind=kind)

    answer = browse(lead).get(reverse("audience:form_detail", args=[lead.workspace.slug, signup.pk]))

    assert form_token(signup) in answer.content.decode()


def test_the_readers_page_is_set_by_api_as_in_the_browser(api: Callable[..., APIClient], lead: Member) -> None:
    client, address = api(lead), reverse("api:readers_page")
    AttributeFactory.create(workspace=lead.workspace, key="city")

    made = client.patch(address, {"following": "if_yes", "attributes": ["city"]}, format="json")
    refused = client.patch(address, {"attributes": ["nowhere"]}, format="json")

    assert made.json() == {"intro": "", "attributes": ["city"], "tracking_wording": "", "following": "if_yes"}
    assert refused.status_code == 400
    assert client.get(address).json() == made.json()


def test_a_form_that_was_closed_says_whose_it_was(client: Client, workspace: Workspace, now: datetime) -> None:
    form = SignupFormFactory.create(workspace=workspace, archived_at=now)

    answer = client.get(reverse("audience:signup_page", args=[form_token(form)]))

    assert answer.status_code == 404
    assert "This page is closed" in answer.content.decode()
    assert escape(workspace.name) in answer.content.decode()
