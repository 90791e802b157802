"""Signing in and up, and a forgotten password, through the pages that people see."""

import re
from collections.abc import Iterator

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from tests.factories.workspaces import PASSWORD, UserFactory
from tests.html import html_of, without_tokens
from workspaces.models import Member, User, Workspace

NEW_PASSWORD = "a-garden-of-ferns"


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> Iterator[None]:
    """Allauth counts attempts in the cache."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def elena(lead: Member) -> User:
    return lead.user


def _signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("email", ["elena@marenmoss.example", "ELENA@MarenMoss.example", " elena@marenmoss.example "])
def test_address_and_password_sign_in(client: Client, elena: User, email: str) -> None:
    answer = client.post("/accounts/login/", {"login": email, "password": PASSWORD})

    assert _signed_in(client)
    assert answer.headers["Location"] == "/"
    assert client.get("/").headers["Location"] == "/w/maren-moss/"


def test_signing_in_leads_to_the_page_that_was_asked_for(client: Client, elena: User) -> None:
    wanted = client.get("/w/maren-moss/contacts/").headers["Location"]

    answer = client.post(wanted, {"login": elena.email, "password": PASSWORD})

    assert answer.headers["Location"] == "/w/maren-moss/contacts/"


@pytest.mark.parametrize("next_page", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_signing_in_never_leads_elsewhere(client: Client, elena: User, next_page: str) -> None:
    answer = client.post(
        "/accounts/login/", {"login": elena.email, "password": PASSWORD, "next": next_page}, follow=False
    )

    assert "elsewhere" not in answer.headers.get("Location", "")
    assert "javascript" not in answer.headers.get("Location", "")


@pytest.mark.parametrize(
    ("email", "password"),
    [("elena@marenmoss.example", "wrong"), ("nobody@example.org", PASSWORD), ("elena@marenmoss.example", "")],
)
def test_a_wrong_password_and_an_unknown_address_look_the_same(
    client: Client, elena: User, email: str, password: str
) -> None:
    answer = client.post("/accounts/login/", {"login": email, "password": password})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert not _signed_in(client)
    assert 'class="notice notice--bad"' in page or "field__error" in page
    assert "registered" not in page


def test_trying_passwords_is_stopped(client: Client, elena: User) -> None:
    for _attempt in range(6):
        client.post("/accounts/login/", {"login": elena.email, "password": "wrong"})

    client.post("/accounts/login/", {"login": elena.email, "password": PASSWORD})

    assert not _signed_in(client)


def test_a_switched_off_account_says_so(client: Client, elena: User) -> None:
    User.objects.filter(pk=elena.pk).update(is_active=False)

    answer = client.post("/accounts/login/", {"login": elena.email, "password": PASSWORD}, follow=True)

    assert not _signed_in(client)
    assert "This account is switched off" in answer.content.decode()


def test_signing_out_needs_a_post(client: Client, elena: User) -> None:
    client.force_login(elena)

    page = client.get("/accounts/logout/")
    still_in = _signed_in(client)
    answer = client.post("/accounts/logout/")

    assert "Sign out?" in page.content.decode()
    assert still_in
    assert not _signed_in(client)
    assert answer.headers["Location"] == "/accounts/login/"


def _link_in_the_mail() -> str:
    [message] = mail.outbox
    [link] = set(re.findall(r"http://\S+/accounts/password/reset/key/\S+/", str(message.body)))
    return str(link)


def test_a_forgotten_password_is_replaced_from_end_to_end(client: Client, elena: User, settings: Settings) -> None:
    asked = client.post("/accounts/password/reset/", {"email": elena.email}, follow=True)
    link = _link_in_the_mail()
    form = client.get(link, follow=True)
    done = client.post(form.redirect_chain[-1][0], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}, follow=True)

    assert "a link is on its way" in asked.content.decode()
    assert link.startswith(settings.BASE_URL)
    assert "Choose a new password" in form.content.decode()
    assert "The password is changed" in done.content.decode()
    elena.refresh_from_db()
    assert elena.check_password(NEW_PASSWORD)


def test_the_mail_is_ours_in_text_and_html(client: Client, elena: User) -> None:
    client.post("/accounts/password/reset/", {"email": elena.email})

    [message] = mail.outbox
    html = html_of(message)
    assert message.subject == "Set a new password"
    assert message.to == [elena.email]
    for body in (str(message.body), html):
        assert "Elena Petrova" in body
        assert "do nothing" in body
        assert "example.com" not in body
        assert "Hello from" not in body
    assert '<html lang="en">' in html
    assert _link_in_the_mail() in html


def test_the_link_works_once(client: Client, elena: User) -> None:
    client.post("/accounts/password/reset/", {"email": elena.email})
    link = _link_in_the_mail()
    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    again = Client().get(link, follow=True)

    assert "This link was used or has expired." in again.content.decode()
    assert "<form" not in again.content.decode()


def test_a_weak_new_password_is_refused_with_the_reason(client: Client, elena: User) -> None:
    client.post("/accounts/password/reset/", {"email": elena.email})
    form = client.get(_link_in_the_mail(), follow=True)

    answer = client.post(form.redirect_chain[-1][0], {"password1": "12345", "password2": "12345"})

    elena.refresh_from_db()
    assert "at least 10 characters" in answer.content.decode()
    assert elena.check_password(PASSWORD)


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client: Client, elena: User) -> None:
    known = client.post("/accounts/password/reset/", {"email": elena.email}, follow=True)
    mail.outbox.clear()
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.org"}, follow=True)

    assert without_tokens(unknown) == without_tokens(known)
    assert mail.outbox == []


def test_a_mail_server_that_is_away_is_said_and_not_an_error(client: Client, elena: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    answer = client.post("/accounts/password/reset/", {"email": elena.email})

    assert answer.status_code == 503
    assert "Mail cannot be sent at the moment." in answer.content.decode()


def test_whoever_is_signed_in_changes_the_password(client: Client, elena: User) -> None:
    client.force_login(elena)

    client.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    )

    elena.refresh_from_db()
    assert elena.check_password(NEW_PASSWORD)


def test_changing_the_password_needs_the_old_one(client: Client, elena: User) -> None:
    client.force_login(elena)

    answer = client.post(
        "/accounts/password/change/", {"oldpassword": "wrong", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    )

    elena.refresh_from_db()
    assert elena.check_password(PASSWORD)
    assert "field__error" in answer.content.decode()


SIGNUP = {"name": "Ada First", "email": "Ada@Example.org", "password1": NEW_PASSWORD}


def test_the_first_person_of_an_installation_signs_up(client: Client) -> None:
    door = client.get("/")
    answer = client.post(door.headers["Location"], SIGNUP, follow=True)

    user = User.objects.get()
    assert door.headers["Location"] == "/accounts/signup/"
    assert (user.email, user.name) == ("ada@example.org", "Ada First")
    assert _signed_in(client)
    assert [url for url, _status in answer.redirect_chain] == ["/", "/new/"]


def test_after_the_first_sign_up_the_door_is_closed(client: Client, elena: User) -> None:
    page = client.get("/accounts/signup/")
    answer = client.post("/accounts/signup/", SIGNUP)

    assert "Accounts are by invitation" in page.content.decode()
    assert "Accounts are by invitation" in answer.content.decode()
    assert User.objects.count() == 1


def test_an_installation_may_leave_the_door_open(client: Client, elena: User, settings: Settings) -> None:
    settings.SIGNUP_OPEN = True

    client.post("/accounts/signup/", SIGNUP)

    assert User.objects.filter(email="ada@example.org").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"email": "ada"}, "email"),
        ({"password1": "short"}, "password1"),
        ({"password1": "password1234"}, "password1"),
    ],
)
def test_a_sign_up_that_does_not_work_says_where(client: Client, changes: dict[str, str], field: str) -> None:
    answer = client.post("/accounts/signup/", {**SIGNUP, **changes})

    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not User.objects.exists()


def test_one_address_is_one_account_however_it_is_spelt(client: Client, settings: Settings) -> None:
    settings.SIGNUP_OPEN = True
    UserFactory.create(email="ada@example.org")

    answer = client.post("/accounts/signup/", {**SIGNUP, "email": "ADA@example.org"})

    assert User.objects.count() == 1
    assert answer.status_code == 200
    assert not _signed_in(client)


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/inactive/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/1-abc/",
        "/accounts/password/reset/key/done/",
    ],
)
def test_every_page_before_the_door_looks_like_ours(client: Client, workspace: Workspace, path: str) -> None:
    page = client.get(path).content.decode()

    assert '<header class="bare__head">' in page
    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert page.count("btn--primary") <= 1


@pytest.mark.parametrize("path", ["/accounts/email/", "/accounts/confirm-email/", "/accounts/social/login/cancelled/"])
def test_parts_of_allauth_that_we_do_not_offer_are_not_there(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"])
def test_the_forms_of_allauth_speak_and_look_like_ours(client: Client, path: str) -> None:
    page = client.get(path).content.decode()

    assert "E-mail address" in page
    assert "placeholder" not in page
    assert 'class="input"' in page
    assert page.count(">Forgot") <= 1
