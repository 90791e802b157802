"""EMAIL_URL: what it can say, and what it cannot."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from emailops.lib.mailurl import SMTP_BACKEND, TOKEN_BACKEND, MailSettings, mail_settings
from emailops.lib.oauth import Grant

TOKEN_URL = "token_url=https%3A%2F%2Flogin.example%2Ftoken"


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("smtp://127.0.0.1:2525", MailSettings(SMTP_BACKEND, "127.0.0.1", 2525)),
        ("smtp://mail.example.org", MailSettings(SMTP_BACKEND, "mail.example.org", 25)),
        ("smtp://[::1]:25", MailSettings(SMTP_BACKEND, "::1", 25)),
        ("submission://mail.example.org", MailSettings(SMTP_BACKEND, "mail.example.org", 587, starttls=True)),
        ("smtps://mail.example.org", MailSettings(SMTP_BACKEND, "mail.example.org", 465, implicit_tls=True)),
        (
            "submission://ann%40example.org:p%3A%2F%40ss@mail.example.org:2587",
            MailSettings(SMTP_BACKEND, "mail.example.org", 2587, "ann@example.org", "p:/@ss", starttls=True),
        ),
        (
            "smtps://ann%40example.org:ya29%2Etoken@smtp.gmail.com?auth=xoauth2",
            MailSettings(
                TOKEN_BACKEND, "smtp.gmail.com", 465, "ann@example.org", implicit_tls=True, token="ya29.token"
            ),
        ),
        (
            f"submission://ann:refresh@smtp.office365.com?auth=xoauth2&client_id=c&client_secret=s%26s&{TOKEN_URL}",
            MailSettings(
                TOKEN_BACKEND,
                "smtp.office365.com",
                587,
                "ann",
                starttls=True,
                grant=Grant("https://login.example/token", "c", "s&s", "refresh"),
            ),
        ),
        ("anymail://postmark", MailSettings("anymail.backends.postmark.EmailBackend", provider="postmark")),
        ("anymail://amazon_ses", MailSettings("anymail.backends.amazon_ses.EmailBackend", provider="amazon_ses")),
    ],
)
def test_a_url_says_how_mail_leaves(url: str, read: MailSettings) -> None:
    assert mail_settings(url) == read


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://:25",
        "smtp://mail.example.org:post",
        "smtp://mail.example.org:70000",
        "smtps://ann:token@mail.example.org?auth=plain",
        "smtps://ann:token@mail.example.org?token_url=https%3A%2F%2Flogin.example",
        "smtps://ann:token@mail.example.org?auth=xoauth2&token_url=http%3A%2F%2Flogin.example&client_id=c",
        "smtps://ann:token@mail.example.org?auth=xoauth2&token_url=https%3A%2F%2Flogin.example",
        "smtps://ann:token@mail.example.org?auth=xoauth2&timeout=5",
        "smtps://mail.example.org?auth=xoauth2",
        "anymail://",
        "anymail://nobody_offers_this",
        "anymail://os.path",
    ],
)
def test_anything_else_stops_the_start_with_a_sentence(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        mail_settings(url)


def test_a_url_with_a_password_is_not_repeated_in_the_sentence() -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        mail_settings("imap://ann:hidden-word@mail.example.org")

    assert "hidden-word" not in str(refusal.value)


def test_what_is_secret_is_not_shown_with_the_settings() -> None:
    read = mail_settings("smtps://ann:hidden-word@mail.example.org")
    by_token = mail_settings("smtps://ann:hidden-word@mail.example.org?auth=xoauth2")

    assert "hidden-word" not in repr(read) + repr(by_token)
