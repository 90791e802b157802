"""Rows of the audience app: topics, wishes, forms."""

from typing import Any

from tests.factories.audience import SignupFormFactory, TopicFactory
from tests.permissions.audience import a_contact
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can

SEE, EDIT, TEND = Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE, Can.TEND_CONTACTS
FORM = {
    "name": "At the till",
    "kind": "hosted",
    "language": "en",
    "title": "News",
    "button": "Sign up",
    "thanks": "Thank you",
    "consent_wording": "Write to me",
    "confirm_subject": "May we?",
    "confirm_body": "Press the button.",
    "popup_delay": 8,
}


def _topic(workspace: Workspace) -> dict[str, Any]:
    return {"pk": TopicFactory.create(workspace=workspace).pk}


def _second_topic(workspace: Workspace) -> dict[str, Any]:
    TopicFactory.create(workspace=workspace)
    return _topic(workspace)


def _form(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SignupFormFactory.create(workspace=workspace).pk}


def _form_mail(workspace: Workspace) -> dict[str, Any]:
    return {**_form(workspace), "which": "confirmation"}


ROWS = [
    Row(
        "audience:contact_wishes",
        see=SEE,
        act=TEND,
        kwargs=a_contact,
        data=lambda _w, _k: {"frequency": "weekly", "said": "On the phone"},
    ),
    Row("audience:contact_ask", act=TEND, kwargs=a_contact),
    Row("audience:topic_list", see=SEE, act=EDIT, data=lambda _w, _k: {"name": "Tips"}),
    Row("audience:topic_page", see=EDIT, act=EDIT, data=lambda _w, _k: {"intro": "Choose", "following": "if_yes"}),
    Row("audience:topic_edit", see=EDIT, act=EDIT, kwargs=_topic, data=lambda _w, _k: {"name": "Tricks"}),
    Row("audience:topic_move", act=EDIT, kwargs=_second_topic, data=lambda _w, _k: {"to": "up"}),
    Row("audience:topic_archive", act=EDIT, kwargs=_topic),
    Row("audience:form_list", see=SEE),
    Row("audience:form_new", see=EDIT, act=EDIT, data=lambda _w, _k: FORM),
    Row("audience:form_preview", see=EDIT),
    Row("audience:form_detail", see=SEE, kwargs=_form),
    Row("audience:form_edit", see=EDIT, act=EDIT, kwargs=_form, data=lambda _w, _k: FORM),
    Row("audience:form_mail", see=SEE, kwargs=_form_mail),
    Row(
        "audience:form_mail_draft",
        see=EDIT,
        act=EDIT,
        kwargs=lambda _w: {"which": "welcome"},
        data=lambda _w, _k: FORM,
        is_audited=False,
        is_shared=True,
    ),
    Row("audience:form_archive", act=EDIT, kwargs=_form),
]

API_ROWS = [
    ApiRow("api:readers_page", {"get": SEE, "patch": EDIT}, data=lambda _w, _m: {"following": "if_yes"}),
    ApiRow("api:topic-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: {"name": "From the API"}),
    ApiRow(
        "api:topic-detail",
        {"get": SEE, "put": EDIT, "delete": EDIT},
        kwargs=_topic,
        data=lambda _w, _m: {"name": "From the API"},
    ),
    ApiRow("api:topic-move", {"post": EDIT}, kwargs=_topic, data=lambda _w, _m: {"up": True}),
    ApiRow("api:wish-detail", {"get": SEE, "put": TEND}, kwargs=a_contact, data=lambda _w, _m: {"wording": "By phone"}),
    ApiRow("api:wish-log", {"get": SEE}, kwargs=a_contact),
    ApiRow("api:wish-ask", {"post": TEND}, kwargs=a_contact, data=lambda _w, _m: {"wording": "Write to me"}),
    ApiRow("api:form-list", {"get": SEE, "post": EDIT}, data=lambda _w, _m: FORM),
    ApiRow("api:form-mails", {"get": SEE}, kwargs=_form),
    ApiRow("api:form-detail", {"get": SEE, "put": EDIT, "delete": EDIT}, kwargs=_form, data=lambda _w, _m: FORM),
]
