"""The record of processing: read from what the workspace does, completed by what people say."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from audience.models import Following, Handling, PreferencePage
from audience.processing import Chapter, processing_record, record_csv, record_pdf
from audience.services.retention import set_rule
from tests.factories.audience import AttributeFactory, ContactFactory, ImportFactory, SignupFormFactory, TopicFactory
from tests.factories.transports import TransportFactory
from workspaces.models import Member, Workspace


def _words(workspace: Workspace) -> dict[str, str]:
    chapters: list[Chapter] = processing_record(workspace)
    return {entry.label: entry.words for chapter in chapters for entry in chapter.entries}


def test_it_names_what_the_workspace_does(lead: Member, now: datetime) -> None:
    workspace = lead.workspace
    TopicFactory.create(workspace=workspace, name="Tips")
    AttributeFactory.create(workspace=workspace, label="Skin type", description="What they told us at the till")
    SignupFormFactory.create(workspace=workspace, name="Footer", consent_wording="You may send me tips")
    ImportFactory.create(
        workspace=workspace, state="done", consent="given", consent_source="Fair", consent_wording="Yes, please"
    )
    TransportFactory.create(workspace=workspace, name="Relay", host="relay.example")
    ContactFactory.create(workspace=workspace)

    told = _words(workspace)

    assert told["Attribute “Skin type”"] == "What they told us at the till"
    assert told["Form “Footer”"].startswith("You may send me tips")
    assert "Relay (relay.example" in told["Mail server"]
    assert told["Contacts, consent: given"] == "1"
    assert any(words == "Fair: “Yes, please”" for words in told.values())


def test_an_empty_workspace_has_a_record_too(lead: Member) -> None:
    assert _words(lead.workspace)["Data protection officer"] == "None named."


def test_rules_in_force_stand_in_it(lead: Member, now: datetime) -> None:
    before = _words(lead.workspace)["Events"]
    set_rule(workspace=lead.workspace, kind="events", days=400, handling=Handling.DELETE, is_on=True, by=lead, now=now)

    assert before == "Until the person or the team deletes it."
    assert _words(lead.workspace)["Events"] == "400 days, then: Delete"


@pytest.mark.parametrize(
    ("following", "words"),
    [
        (Following.UNLESS_NO, "Legitimate interest, article 6(1)(f)"),
        (Following.IF_YES, "Consent of its own, article 6(1)(a)"),
        (Following.NOBODY, "Nobody is followed"),
    ],
)
def test_it_says_of_whom_opens_and_clicks_are_kept(lead: Member, following: Following, words: str) -> None:
    PreferencePage.objects.create(workspace=lead.workspace, following=following)

    assert _words(lead.workspace)["Following opens and clicks of a person"].startswith(words)


@pytest.mark.parametrize(("days", "is_on", "kept"), [(14, False, 30), (14, True, 14), (90, True, 30)])
def test_what_nobody_confirmed_goes_in_any_case(lead: Member, now: datetime, days: int, is_on: bool, kept: int) -> None:
    delete = Handling.DELETE
    set_rule(workspace=lead.workspace, kind="opt_ins", days=days, handling=delete, is_on=is_on, by=lead, now=now)

    assert _words(lead.workspace)["Requests that nobody confirmed"] == f"{kept} days, then: Delete"


def test_it_comes_as_pdf_and_csv(lead: Member, now: datetime) -> None:
    lines = "".join(record_csv(lead.workspace))

    assert record_pdf(lead.workspace, now).startswith(b"%PDF")
    assert "Data protection officer" in lines


def test_what_people_say_is_kept_by_page_and_by_program(
    lead: Member, browse: Callable[[Member], Client], api: Callable[..., APIClient]
) -> None:
    browse(lead).post(reverse("audience:privacy_record", args=["maren-moss"]), {"officer": "Ann, dpo@example.org"})
    api(lead).patch(reverse("api:processing-said"), {"processors": "A printer"}, format="json")

    told = _words(lead.workspace)

    assert told["Data protection officer"] == "Ann, dpo@example.org"
    assert told["Processors and other recipients"] == "A printer"
