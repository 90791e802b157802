"""The mails of a form are shown beside it, as their readers get them."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from rest_framework.test import APIClient

from audience.models import SignupForm
from audience.services import ConsentBasis
from audience.services.opt_ins import Ask, ask_to_opt_in, opt_in_token
from tests.factories.audience import SignupFormFactory
from workspaces.models import AuditEntry, Member, Workspace
from workspaces.systemmail import send_due

pytestmark = pytest.mark.django_db
WRITTEN = {
    "language": "en", "consent_wording": "You may write", "confirm_subject": "Shall we?", "confirm_body": "Press it.",
    "is_double_opt_in": "on", "welcome_subject": "Hello", "welcome_body": "Good to\nhave you",
}  # fmt: skip


@pytest.fixture
def browser(browse: Callable[[Member], Client], lead: Member) -> Client:
    return browse(lead)


@pytest.fixture
def signup(workspace: Workspace) -> SignupForm:
    made: SignupForm = SignupFormFactory.create(workspace=workspace, welcome_body="Good to have you")
    return made


def _kept(signup: SignupForm, which: str) -> str:
    return reverse("audience:form_mail", args=[signup.workspace.slug, signup.pk, which])


def _draft(workspace: Workspace, which: str) -> str:
    return reverse("audience:form_mail_draft", args=[workspace.slug, which])


def test_a_kept_mail_is_shown_as_it_goes_out_apart_from_its_link(
    browser: Client, signup: SignupForm, now: datetime
) -> None:
    ask = Ask("ann@example.org", ConsentBasis("form", signup.consent_wording), signup.language, form=signup)
    ask_to_opt_in(workspace=signup.workspace, ask=ask, by=None, now=now)
    send_due(now)
    sent: Any = mail.outbox[0]

    shown = browser.get(_kept(signup, "confirmation")).content.decode()

    assert shown == re.sub(r'href="http[^"]+"', 'href="#"', sent.alternatives[0][0])


def test_a_mail_in_its_frame_runs_nothing_and_stands_on_our_pages_alone(browser: Client, signup: SignupForm) -> None:
    answer = browser.get(_kept(signup, "welcome"))

    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "Good to have you" in answer.content.decode()


def test_what_stands_in_the_editor_is_shown_and_not_kept(browser: Client, workspace: Workspace) -> None:
    asking = browser.post(_draft(workspace, "confirmation"), WRITTEN).content.decode()
    welcoming = browser.post(_draft(workspace, "welcome"), WRITTEN).content.decode()

    assert "Shall we?" in asking
    assert "Press it." in asking
    assert "You may write" in asking
    assert "Good to<br>have you" in welcoming
    assert not SignupForm.objects.exists()
    assert not AuditEntry.objects.exists()


def test_words_are_words_and_no_html(browser: Client, workspace: Workspace) -> None:
    hostile = WRITTEN | {"confirm_body": "<script>alert(1)</script>"}

    shown = browser.post(_draft(workspace, "confirmation"), hostile).content.decode()

    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown


def test_a_new_form_shows_the_words_to_begin_with(browser: Client, workspace: Workspace) -> None:
    shown = browser.get(_draft(workspace, "confirmation")).content.decode()

    assert f"may {escape(workspace.name)} write to you?" in shown


@pytest.mark.parametrize(
    ("which", "given", "words"),
    [
        ("welcome", {"welcome_body": ""}, "No welcome mail goes out"),
        ("confirmation", {"is_double_opt_in": ""}, "Nobody is asked by mail"),
    ],
)
def test_a_mail_that_does_not_go_out_says_so(
    browser: Client, workspace: Workspace, which: str, given: dict[str, str], words: str
) -> None:
    shown = browser.post(_draft(workspace, which), WRITTEN | given).content.decode()

    assert words in shown


def test_an_unfinished_form_shows_its_mails_all_the_same(browser: Client, workspace: Workspace) -> None:
    answer = browser.post(_draft(workspace, "confirmation"), {"confirm_body": "Only this", "is_double_opt_in": "on"})

    assert answer.status_code == 200
    assert "Only this" in answer.content.decode()


def test_a_form_has_no_other_mails(browser: Client, workspace: Workspace, signup: SignupForm) -> None:
    for url in (_kept(signup, "farewell"), _draft(workspace, "farewell")):
        assert browser.get(url).status_code == 404


def test_the_api_gives_the_mails_that_a_form_sends(
    api: Callable[..., APIClient], lead: Member, signup: SignupForm
) -> None:
    url = reverse("api:form-mails", args=[signup.pk])
    both = api(lead).get(url).json()
    SignupForm.objects.update(welcome_body="", is_double_opt_in=False)

    none = api(lead).get(url).json()

    assert [(found["kind"], found["subject"]) for found in both] == [
        ("confirmation", "May we write to you?"),
        ("welcome", "News from us"),
    ]
    assert "Good to have you" in both[1]["text"]
    assert none == []


def test_who_agreed_is_not_sent_to_the_inbox_again(client: Client, signup: SignupForm, now: datetime) -> None:
    ask = Ask("ann@example.org", ConsentBasis("form", signup.consent_wording), signup.language, form=signup)
    asked = ask_to_opt_in(workspace=signup.workspace, ask=ask, by=None, now=now)

    page = client.post(reverse("audience:opt_in", args=[opt_in_token(asked)])).content.decode()

    assert signup.thanks not in page
    assert "will write to you" in page
