"""What mail clients call: RFC 8058 to the letter, a redirect that is never an open one, a GET that changes nothing."""

from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from django.db import InterfaceError, OperationalError
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from audience.models import Consent, Contact, Suppression
from audience.services import merge_contacts
from audience.services.preferences import preferences_token, visitor_of
from delivery import reactions
from delivery.links import click_url, open_url, preferences_url, unsubscribe_url
from delivery.models import Delivery, DeliveryState, Hit, HitKind, Nature
from emailops.lib.signing import Kind, seal, sign_text
from tests.factories.audience import ContactFactory
from tests.factories.delivery import BROWSER, DeliveryFactory
from workspaces.models import AuditEntry, Member, Workspace

TARGET = "https://shop.example/glow?a=1&b=ж#top"


@pytest.fixture
def row(workspace: Workspace) -> Delivery:
    made: Delivery = DeliveryFactory.create(run__workspace=workspace, state=DeliveryState.SENT)
    return made


@pytest.fixture
def reader() -> Client:
    """A mail client or a mailbox provider: no cookie, no token, and strict about both."""
    return Client(enforce_csrf_checks=True, headers={"User-Agent": BROWSER})


def path_of(url: str) -> str:
    return url.partition("/t/")[1] + url.partition("/t/")[2]


def unsubscribe_path(row: Delivery) -> str:
    return path_of(unsubscribe_url(row.pk))


ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_unsubscribes_without_cookie_token_or_redirect(
    row: Delivery, reader: Client, content_type: str
) -> None:
    if content_type == "multipart/form-data":
        answer = reader.post(unsubscribe_path(row), ONE_CLICK)
    else:
        answer = reader.post(unsubscribe_path(row), "List-Unsubscribe=One-Click", content_type=content_type)

    assert answer.status_code == 200
    assert not answer.cookies
    assert Contact.objects.get(pk=row.contact_id or 0).consent == Consent.WITHDRAWN
    assert Hit.objects.get().kind == HitKind.UNSUBSCRIBE
    assert Suppression.objects.get().note == "one-click unsubscribe"


def test_the_address_works_without_a_slash_at_its_end_and_is_not_redirected(row: Delivery, reader: Client) -> None:
    assert not unsubscribe_path(row).endswith("/")
    assert reader.post(unsubscribe_path(row), ONE_CLICK, follow=False).status_code == 200


def test_many_posts_are_one_event(row: Delivery, reader: Client) -> None:
    for _time in range(5):
        assert reader.post(unsubscribe_path(row), ONE_CLICK).status_code == 200

    assert Hit.objects.count() == 1
    assert Contact.objects.get(pk=row.contact_id or 0).consent_log.count() == 1
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing_however_often(row: Delivery, reader: Client, method: str) -> None:
    for _time in range(5):
        assert getattr(reader, method)(unsubscribe_path(row)).status_code == 200

    assert Contact.objects.get(pk=row.contact_id or 0).consent == Consent.GIVEN
    assert not Hit.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_page_shows_a_button_and_then_that_it_is_done(row: Delivery, reader: Client) -> None:
    asked = reader.get(unsubscribe_path(row)).content.decode()
    done = reader.post(unsubscribe_path(row)).content.decode()

    assert '<form method="post">' in asked
    assert "Unsubscribe?" in asked
    assert "You are unsubscribed" in done
    assert escape(row.workspace.name) in asked
    assert "csrf" not in asked
    assert Suppression.objects.get().note == "unsubscribe page"


def test_the_page_speaks_the_readers_language_where_it_is_spoken(
    row: Delivery, reader: Client, settings: Settings
) -> None:
    Contact.objects.filter(pk=row.contact_id or 0).update(language="bg")
    before = reader.get(unsubscribe_path(row)).content.decode()

    settings.LANGUAGES = [("en", "English"), ("bg", "Bulgarian")]

    assert '<html lang="en">' in before
    assert '<html lang="bg">' in reader.get(unsubscribe_path(row)).content.decode()


def test_a_reader_who_was_erased_gets_the_same_answer(row: Delivery, reader: Client) -> None:
    Contact.objects.get(pk=row.contact_id or 0).delete()

    assert reader.get(unsubscribe_path(row)).status_code == 200
    assert reader.post(unsubscribe_path(row), ONE_CLICK).status_code == 200


@pytest.mark.parametrize("has_both", [True, False], ids=["both had the mail", "one had it"])
def test_after_a_merge_old_links_unsubscribe_who_is_left(
    row: Delivery, reader: Client, lead: Member, now: datetime, has_both: bool
) -> None:
    gone = row.contact
    assert gone is not None
    kept = ContactFactory.create(workspace=row.workspace, email="kept@example.org")
    if has_both:
        DeliveryFactory.create(run=row.run, contact=kept)
    merge_contacts(kept=kept, merged=gone, by=lead, now=now)

    page = reader.get(unsubscribe_path(row)).content.decode()
    room = reader.get(path_of(preferences_url(row.pk)))
    reader.post(unsubscribe_path(row), {"List-Unsubscribe": "One-Click"})

    kept.refresh_from_db()
    assert reverse("audience:preferences", args=[preferences_token(kept.pk, row.pk)]) in page
    assert visitor_of(room.headers["Location"].rpartition("/")[2]).contact == kept
    assert kept.consent == Consent.WITHDRAWN


def test_a_message_that_is_gone_gets_the_same_answer(db: None, reader: Client) -> None:
    path = path_of(unsubscribe_url(999_999))

    assert reader.get(path).status_code == 200
    assert reader.post(path, ONE_CLICK).status_code == 200


def forged(row: Delivery) -> list[str]:
    good = seal(Kind.UNSUBSCRIBE, row.pk)
    return [
        "x", good[:-1], good + "A", good[:-1] + ("A" if good[-1] != "A" else "B"), seal(Kind.OPEN, row.pk),
        seal(Kind.CLICK, row.pk), seal(Kind.UNSUBSCRIBE, row.pk, 1), seal(Kind.UNSUBSCRIBE), "ж" * 20,
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["unsubscribe", "open"])
def test_a_forged_token_is_not_found_whatever_is_wrong_with_it(row: Delivery, reader: Client, name: str) -> None:
    wrong = [token for token in forged(row) if not (name == "open" and token == seal(Kind.OPEN, row.pk))]

    answers = [reader.get(reverse(f"delivery:{name}", args=[token])) for token in wrong]
    answers += [reader.post(reverse("delivery:unsubscribe", args=[token]), ONE_CLICK) for token in forged(row)]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1, "nothing can be learned by trying"
    assert not any(answer.cookies for answer in answers)
    assert not Hit.objects.exists()


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_an_unsubscribe_that_could_not_be_written_is_never_called_done(
    row: Delivery, reader: Client, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_given: object) -> None:
        raise error("the database is away")

    monkeypatch.setattr(reactions, "unsubscribe", away)

    answer = reader.post(unsubscribe_path(row), ONE_CLICK)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_the_pixel_is_a_picture_that_is_not_kept_and_notes_the_opening(row: Delivery, reader: Client) -> None:
    answer = reader.get(path_of(open_url(row.pk)))

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/gif")
    assert answer.content.startswith(b"GIF89a")
    assert "no-store" in answer.headers["Cache-Control"]
    assert not answer.cookies
    hit = Hit.objects.get()
    assert (hit.kind, hit.nature, hit.user_agent) == (HitKind.OPEN, Nature.HUMAN, BROWSER)


def test_a_link_leads_on_and_notes_the_click(row: Delivery, reader: Client) -> None:
    answer = reader.get(path_of(click_url(row.pk, TARGET)))

    assert answer.status_code == 302
    assert answer.headers["Location"] == "https://shop.example/glow?a=1&b=%D0%B6#top"
    assert not answer.cookies
    hit = Hit.objects.get()
    assert (hit.kind, hit.nature, hit.url) == (HitKind.CLICK, Nature.HUMAN, TARGET)


def test_head_leads_on_and_is_never_a_persons_click(row: Delivery, reader: Client) -> None:
    answer = reader.head(path_of(click_url(row.pk, TARGET)))

    assert answer.status_code == 302
    assert Hit.objects.get().nature == Nature.MACHINE


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_nothing_else_is_answered(row: Delivery, reader: Client, method: str) -> None:
    assert getattr(reader, method)(path_of(click_url(row.pk, TARGET))).status_code in {403, 405}
    assert getattr(reader, method)(path_of(open_url(row.pk))).status_code in {403, 405}


def test_a_database_that_is_away_costs_the_note_and_not_the_way(
    row: Delivery, reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_given: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(reactions, "record_hit", away)

    assert reader.get(path_of(click_url(row.pk, TARGET))).status_code == 302
    assert reader.get(path_of(open_url(row.pk))).status_code == 200


def test_a_link_in_a_mail_to_somebody_long_gone_still_leads_on(db: None, reader: Client) -> None:
    assert reader.get(path_of(click_url(999_999, TARGET))).status_code == 302
    assert not Hit.objects.exists()


TRICKS = [
    "https://evil.example/", "//evil.example", "javascript:alert(1)", "data:text/html,x", "", "\\\\evil.example",
    "https://shop.example@evil.example/", " https://evil.example", "https:evil.example", "HTTPS://EVIL.EXAMPLE",
    "https://evil.example\nLocation: https://evil.example",
]  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_a_target_we_did_not_sign_is_not_found(row: Delivery, reader: Client, trick: str) -> None:
    good = path_of(click_url(row.pk, TARGET))

    answer = reader.get(good.partition("?")[0] + "?u=" + quote(trick))

    assert answer.status_code == 404
    assert not Hit.objects.exists()


@pytest.mark.parametrize("target", ["javascript:alert(1)", "data:text/html,x", "ftp://shop.example/"])
def test_even_a_signed_target_must_be_of_the_web(row: Delivery, reader: Client, target: str) -> None:
    path = reverse("delivery:click", args=[seal(Kind.CLICK, row.pk), sign_text(Kind.LINK, target)])

    assert reader.get(path, {"u": target}).status_code == 404


@pytest.mark.django_db
@examples(max_examples=150, deadline=None)
@given(
    target=st.one_of(st.text(max_size=80), st.sampled_from(TRICKS), st.from_regex(r"https?://[a-z.]{1,20}/\S{0,10}")),
    signature=st.one_of(st.text(alphabet="abcdefghijABCDEFGHIJ0123456789-_", min_size=16, max_size=16), st.text()),
)
def test_no_guess_makes_it_an_open_redirect(target: str, signature: str) -> None:
    token = seal(Kind.CLICK, 1)
    path = f"/t/c/{token}/{quote(signature, safe='')}"

    answer = Client().get(path, {"u": target})

    assert answer.status_code == 404
    assert "Location" not in answer.headers


def test_the_pages_hold_the_policy_of_the_house(row: Delivery, reader: Client) -> None:
    answer = reader.get(unsubscribe_path(row))

    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_scanner_that_comes_at_once_is_seen_through(row: Delivery, reader: Client) -> None:
    Delivery.objects.filter(pk=row.pk).update(state=DeliveryState.SENDING, decided_at=None)

    reader.get(path_of(click_url(row.pk, TARGET)))

    assert Hit.objects.get().nature == Nature.MACHINE


def test_tokens_do_not_expire(row: Delivery, reader: Client) -> None:
    Delivery.objects.filter(pk=row.pk).update(decided_at=F("decided_at") - timedelta(days=800))

    assert reader.post(unsubscribe_path(row), ONE_CLICK).status_code == 200
    assert Contact.objects.get(pk=row.contact_id or 0).consent == Consent.WITHDRAWN
