"""People ask for a copy of their data, or to be forgotten: by a page, a mail, and a member's decision."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from audience.models import Contact, ErasureRecord, PrivacyRequest, RequestKind, RequestState
from audience.services.preferences import preferences_token
from audience.services.privacy import (
    RequestRefused,
    a_month_after,
    ask_about_data,
    confirm_erasure,
    decline_request,
    disclose,
    fulfil_request,
    privacy_token,
    withdraw_request,
)
from tests.factories.audience import ContactFactory
from tests.factories.privacy import ADDRESS, BROWSER, FORMER, SAID, vera
from workspaces.models import AuditEntry, Member, SystemMail
from workspaces.systemmail import send_due


def _opened(packed: bytes) -> tuple[dict[str, Any], str]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return json.loads(archive.read("person.json")), archive.read("person.html").decode()


def _asked(contact: Contact, kind: RequestKind, now: datetime) -> PrivacyRequest:
    return ask_about_data(contact=contact, kind=kind, evidence={"ip": "192.0.2.7"}, now=now)


class TestTheCopy:
    """The ZIP."""

    def test_it_holds_everything_about_the_person(self, lead: Member, now: datetime) -> None:
        document, page = _opened(disclose(contact=vera(lead, now), by=lead, now=now))

        told = document["sections"]
        assert document["format"] == "emailops.person/1"
        assert told["person"][0]["email"] == "Vera.Holm@example.org"
        assert told["former_addresses"][0]["email"] == FORMER
        assert told["consent"][0]["wording"] == "You may write to me"
        assert told["orders"][0]["lines"][0]["sku"] == "GLOW"
        assert told["mails"][0]["subject"] == "Glow in three steps, {{ contact.first_name }}"
        assert [len(told[key]) for key in ("events", "reactions", "feedback", "ideas", "stories")] == [3, 1, 1, 1, 2]
        assert "You may write to me" in page

    def test_it_says_in_words_what_was_bought_answered_and_seen_on_web_sites(self, lead: Member, now: datetime) -> None:
        document, page = _opened(disclose(contact=vera(lead, now), by=lead, now=now))

        told = document["sections"]
        assert {event["name"]: event["reported_by"] for event in told["events"]}["page_view"] == "Web site"
        assert [answer["question"] for answer in told["answers"][0]["answers"]] == ["Would you recommend us?", "Why?"]
        assert told["answers"][0]["answers"][0]["answer"] == "9"
        assert told["browsers"][0]["browser"] == BROWSER
        assert told["orders"][0]["lines"][0]["quantity"] == "2.000"
        assert SAID in page

    def test_the_page_is_in_the_persons_language_and_escapes_what_was_typed(
        self, lead: Member, now: datetime, settings: Settings
    ) -> None:
        settings.LANGUAGES = [("en", "English"), ("ru", "Russian")]
        contact = ContactFactory.create(workspace=lead.workspace, language="ru", first_name="<script>alert(1)</script>")

        _document, page = _opened(disclose(contact=contact, by=lead, now=now))

        assert '<html lang="ru">' in page
        assert "<script>" not in page

    def test_each_copy_is_written_down(self, lead: Member, now: datetime) -> None:
        disclose(contact=ContactFactory.create(workspace=lead.workspace), by=lead, now=now)

        assert AuditEntry.objects.filter(action="contact.disclosed", member=lead).count() == 1

    def test_a_member_fetches_it_on_the_contacts_page(
        self, lead: Member, browse: Callable[[Member], Client], now: datetime
    ) -> None:
        contact = vera(lead, now)
        url = reverse("audience:contact_disclose", args=["maren-moss", contact.pk])

        answer = browse(lead).post(url)

        assert answer["Content-Type"] == "application/zip"
        assert _opened(answer.content)[0]["sections"]["person"]


class TestAsking:
    """The reader's page, the mail, and its link."""

    def test_opening_the_page_changes_nothing(self, lead: Member) -> None:
        contact = ContactFactory.create(workspace=lead.workspace)

        answer = Client().get(reverse("audience:privacy_ask", args=[preferences_token(contact.pk)]))

        assert answer.status_code == 200
        assert not PrivacyRequest.objects.exists()

    @pytest.mark.parametrize("kind", ["copy", "erasure"])
    def test_asking_writes_to_the_address_and_shows_nothing(self, kind: str, lead: Member) -> None:
        contact = ContactFactory.create(workspace=lead.workspace, last_name="Secretname")

        answer = Client().post(reverse("audience:privacy_ask", args=[preferences_token(contact.pk)]), {"do": kind})

        assert PrivacyRequest.objects.get().kind == kind
        assert SystemMail.objects.get().to == contact.email
        assert "Secretname" not in answer.content.decode()
        assert Contact.objects.filter(pk=contact.pk).exists()

    def test_a_word_that_is_no_request_asks_for_nothing(self, lead: Member) -> None:
        contact = ContactFactory.create(workspace=lead.workspace)

        Client().post(reverse("audience:privacy_ask", args=[preferences_token(contact.pk)]), {"do": "everything"})

        assert not PrivacyRequest.objects.exists()

    def test_one_mail_of_a_kind_a_day(self, lead: Member, now: datetime) -> None:
        contact = ContactFactory.create(workspace=lead.workspace)

        for _time in range(3):
            _asked(contact, RequestKind.COPY, now)
        _asked(contact, RequestKind.ERASURE, now)
        _asked(contact, RequestKind.COPY, now + timedelta(days=1))

        assert SystemMail.objects.count() == 3

    def test_the_mail_leads_to_the_copy_which_a_post_fetches(self, lead: Member, now: datetime) -> None:
        asked = _asked(vera(lead, now), RequestKind.COPY, now)
        url = reverse("audience:privacy_link", args=[privacy_token(asked)])
        send_due(timezone.now())

        shown, fetched = Client().get(url), Client().post(url)

        assert any(url in str(letter.body) for letter in mail.outbox)
        assert ADDRESS not in shown.content.decode().lower()
        assert _opened(fetched.content)[0]["sections"]["person"]
        assert PrivacyRequest.objects.get().state == RequestState.DONE

    def test_the_link_to_a_copy_lapses(self, lead: Member, now: datetime) -> None:
        asked = _asked(ContactFactory.create(workspace=lead.workspace), RequestKind.COPY, now - timedelta(days=8))

        answer = Client().post(reverse("audience:privacy_link", args=[privacy_token(asked)]))

        assert answer.status_code == 404

    def test_a_forged_link_leads_nowhere(self, db: None) -> None:
        assert Client().get(reverse("audience:privacy_link", args=["forged"])).status_code == 404

    def test_scanners_that_open_the_link_of_an_erasure_decide_nothing(self, lead: Member, now: datetime) -> None:
        asked = _asked(ContactFactory.create(workspace=lead.workspace), RequestKind.ERASURE, now)

        for _time in range(5):
            Client().get(reverse("audience:privacy_link", args=[privacy_token(asked)]))

        asked.refresh_from_db()
        assert (asked.state, asked.confirmed_at) == (RequestState.OPEN, None)

    @pytest.mark.parametrize(
        ("word", "state", "is_confirmed"), [("confirm", "open", True), ("withdraw", "withdrawn", False)]
    )
    def test_the_reader_confirms_or_stops_it(
        self, word: str, state: str, is_confirmed: bool, lead: Member, now: datetime
    ) -> None:
        asked = _asked(ContactFactory.create(workspace=lead.workspace), RequestKind.ERASURE, now)

        Client().post(reverse("audience:privacy_link", args=[privacy_token(asked)]), {"do": word})

        asked.refresh_from_db()
        assert (asked.state, asked.confirmed_at is not None) == (state, is_confirmed)
        assert not ErasureRecord.objects.exists()


class TestDeciding:
    """What a member does about it."""

    def test_one_click_erases_and_closes_the_request(
        self, lead: Member, browse: Callable[[Member], Client], now: datetime
    ) -> None:
        asked = _asked(vera(lead, now), RequestKind.ERASURE, now)

        answer = browse(lead).post(reverse("audience:privacy_fulfil", args=["maren-moss", asked.pk]))

        asked.refresh_from_db()
        receipt = ErasureRecord.objects.get()
        assert answer.status_code == 302
        assert (asked.state, asked.contact_id, asked.evidence, asked.handled_by) == ("done", None, {}, lead)
        assert receipt.asked_at == asked.asked_at

    def test_a_request_is_handled_once(self, lead: Member, now: datetime) -> None:
        asked = _asked(ContactFactory.create(workspace=lead.workspace), RequestKind.ERASURE, now)
        withdraw_request(asked=asked, now=now)
        asked.refresh_from_db()

        with pytest.raises(RequestRefused):
            fulfil_request(asked=asked, by=lead, now=now)
        with pytest.raises(RequestRefused):
            decline_request(asked=asked, note="Too late", by=lead, now=now)

    def test_a_withdrawn_request_is_not_confirmed_afterwards(self, lead: Member, now: datetime) -> None:
        asked = _asked(ContactFactory.create(workspace=lead.workspace), RequestKind.ERASURE, now)
        withdraw_request(asked=asked, now=now)

        confirm_erasure(asked=asked, now=now)

        asked.refresh_from_db()
        assert asked.confirmed_at is None

    def test_declining_needs_a_reason(self, lead: Member, now: datetime) -> None:
        asked = _asked(ContactFactory.create(workspace=lead.workspace), RequestKind.ERASURE, now)

        with pytest.raises(RequestRefused):
            decline_request(asked=asked, note="  ", by=lead, now=now)

    def test_the_page_lists_who_waits(self, lead: Member, browse: Callable[[Member], Client], now: datetime) -> None:
        _asked(vera(lead, now), RequestKind.ERASURE, now - timedelta(days=40))

        page = browse(lead).get(reverse("audience:privacy_list", args=["maren-moss"])).content.decode()

        assert "Vera Holmqvist" in page
        assert "badge--bad" in page

    @pytest.mark.parametrize(
        ("day", "due"),
        [
            (date(2026, 1, 31), date(2026, 2, 28)),
            (date(2026, 12, 15), date(2027, 1, 15)),
            (date(2024, 1, 30), date(2024, 2, 29)),
        ],
    )
    def test_an_answer_is_due_within_a_month(self, day: date, due: date) -> None:
        assert a_month_after(day) == due


class TestErasingInTheBrowser:
    """The contact's page."""

    def test_the_address_has_to_be_typed(self, lead: Member, browse: Callable[[Member], Client], now: datetime) -> None:
        contact = vera(lead, now)
        url = reverse("audience:contact_erase", args=["maren-moss", contact.pk])

        wrong = browse(lead).post(url, {"typed": "somebody@else.example"})
        right = browse(lead).post(url, {"typed": "VERA.holm@example.org"})

        receipt = ErasureRecord.objects.get()
        assert wrong.status_code == 422
        assert right["Location"] == reverse("audience:privacy_erasure", args=["maren-moss", receipt.pk])

    def test_the_receipt_can_be_downloaded(
        self, lead: Member, browse: Callable[[Member], Client], now: datetime
    ) -> None:
        asked = _asked(vera(lead, now), RequestKind.ERASURE, now)
        receipt = fulfil_request(asked=asked, by=lead, now=now)

        answer = browse(lead).get(reverse("audience:privacy_receipt", args=["maren-moss", receipt.pk]))

        assert json.loads(answer.content)["counts"]["events"] == 3

    def test_sellers_erase_nobody(
        self, seller: Member, browse: Callable[[Member], Client], api: Callable[..., APIClient]
    ) -> None:
        own = ContactFactory.create(workspace=seller.workspace, seller=seller)

        page = browse(seller).post(reverse("audience:contact_erase", args=["maren-moss", own.pk]), {"typed": own.email})
        program = api(seller).post(reverse("api:contactprivacy-erase", args=[own.pk]))

        assert (page.status_code, program.status_code) == (403, 403)
        assert Contact.objects.filter(pk=own.pk).exists()


class TestByApi:
    """The same for programs."""

    def test_a_person_is_previewed_copied_and_erased(
        self, lead: Member, api: Callable[..., APIClient], now: datetime
    ) -> None:
        contact, client = vera(lead, now), api(lead)

        preview = client.get(reverse("api:contactprivacy-preview", args=[contact.pk])).json()
        copy = client.post(reverse("api:contactprivacy-copy", args=[contact.pk]))
        receipt = client.post(reverse("api:contactprivacy-erase", args=[contact.pk])).json()

        assert {line["key"] for line in preview} >= {"events", "hash", "mails"}
        assert _opened(copy.content)[0]["format"] == "emailops.person/1"
        assert receipt["counts"]["contact"] == 1

    def test_erasing_an_address_twice_gives_one_receipt(self, lead: Member, api: Callable[..., APIClient]) -> None:
        client, url = api(lead), reverse("api:erasure-list")

        first, second = (client.post(url, {"email": ADDRESS}, format="json").json() for _time in range(2))

        assert first["id"] == second["id"]

    @pytest.mark.parametrize("email", ["", "no address", "a" * 300, "\0"])
    def test_nonsense_is_refused(self, email: str, lead: Member, api: Callable[..., APIClient]) -> None:
        answer = api(lead).post(reverse("api:erasure-list"), {"email": email}, format="json")

        assert answer.status_code == 400
