"""The editor, the live preview, the mail as a reader, the versions."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.documents import POLICY
from campaigns.models import Campaign, CampaignState, ContentVersion
from tests.factories.audience import AttributeFactory, ContactFactory
from tests.factories.campaigns import BROKEN_RULE, CampaignFactory, with_parts, write
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]
MAIL = {"subject": "For {{ contact.first_name }}", "preheader": "Soon", "written_as": "markdown", "source": "Dear all"}


def _url(name: str, campaign: Campaign, **kwargs: int) -> str:
    return reverse(f"campaigns:{name}", kwargs={"workspace": campaign.workspace.slug, "pk": campaign.pk, **kwargs})


@pytest.fixture
def campaign(workspace: Workspace) -> Campaign:
    made: Campaign = CampaignFactory.create(workspace=workspace)
    return made


@pytest.fixture
def editor(marketer: Member, browse: Browse) -> Client:
    return browse(marketer)


# The editor


def test_one_begins_with_a_text_with_an_empty_page_or_with_html(campaign: Campaign, editor: Client) -> None:
    url = _url("campaign_content", campaign)

    first = editor.get(url).content.decode()
    letter = editor.get(url, {"start": "letter"})
    empty, html = (editor.get(url, {"start": start}).context["form"] for start in ("empty", "html"))

    assert all(f"?start={start}" in first for start in ("announcement", "letter", "reminder", "empty", "html"))
    assert "A question we hear every week" in letter.content.decode()
    assert letter.context["form"]["subject"].value()
    assert (empty["written_as"].value(), html["written_as"].value()) == ("markdown", "html")
    assert not ContentVersion.objects.exists()


def test_saving_makes_a_version_and_leads_back(campaign: Campaign, editor: Client) -> None:
    answer = editor.post(_url("campaign_content", campaign), MAIL)

    assert answer.headers["Location"] == _url("campaign_content", campaign)
    version = with_parts(campaign).content
    assert version is not None
    assert (version.number, version.subject, version.source) == (1, MAIL["subject"], "Dear all")


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"source": "a\r\n\r\n{{ contact.first_name | nope }}"}, "source", "Line 3: there is no filter “nope”."),
        ({"subject": "{% if x %}"}, "subject", "Line 1: “{% endif %}” is missing."),
        ({"preheader": "{{ x"}, "preheader", "Line 1: “}}” is missing."),
        ({"subject": ""}, "subject", "This field is required."),
        ({"source": ""}, "source", "This field is required."),
        ({"source": "x" * 200_001}, "source", "Ensure this value has at most"),
        ({"subject": "x" * 251}, "subject", "Ensure this value has at most"),
        ({"source": "a\x00b"}, "source", "Null characters are not allowed."),
        ({"written_as": "docx"}, "written_as", "Select a valid choice."),
    ],
)
def test_an_error_stands_under_its_field_keeps_the_text_and_changes_nothing(
    campaign: Campaign, editor: Client, changes: dict[str, str], field: str, words: str
) -> None:
    answer = editor.post(_url("campaign_content", campaign), {**MAIL, **changes})

    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors[field])
    assert answer.context["form"]["preheader"].value() == changes.get("preheader", "Soon")
    assert not ContentVersion.objects.exists()


def test_attributes_are_offered_as_personal_parts(campaign: Campaign, workspace: Workspace, editor: Client) -> None:
    AttributeFactory.create(workspace=workspace, key="skin_type", label="Skin type")

    page = editor.get(_url("campaign_content", campaign), {"start": "empty"}).content.decode()

    assert 'data-insert="{{ contact.attributes.skin_type }}"' in page
    assert "contact.first_name | default: &quot;friend&quot;" in page


def test_who_may_not_write_or_comes_too_late_sees_the_mail_as_it_is(
    campaign: Campaign, marketer: Member, guest: Member, browse: Browse
) -> None:
    write(campaign)
    url = _url("campaign_content", campaign)

    assert "<textarea" not in browse(guest).get(url).content.decode()
    Campaign.objects.update(state=CampaignState.SCHEDULED)
    page = browse(marketer).get(url).content.decode()
    assert "<textarea" not in page
    assert "Take off the schedule" in page
    assert "Bring back" not in page


def test_writing_too_late_is_refused_in_words(campaign: Campaign, editor: Client) -> None:
    Campaign.objects.update(state=CampaignState.SCHEDULED)

    answer = editor.post(_url("campaign_content", campaign), MAIL)

    assert answer.status_code == 422
    assert "Take it off the schedule to change it" in answer.content.decode()


# While one writes


def test_the_draft_is_shown_and_not_saved(campaign: Campaign, workspace: Workspace, editor: Client) -> None:
    ContactFactory.create(workspace=workspace, first_name="Ann")
    url = _url("campaign_draft_preview", campaign)

    around = editor.post(url, MAIL, headers={"HX-Request": "true"})
    frame = editor.post(url, MAIL)

    assert "For Ann" in around.content.decode()
    assert "Dear all" in around.content.decode()
    assert "data-sound" in around.content.decode()
    assert "<!doctype html>" in frame.content.decode()
    assert frame.headers["Content-Security-Policy"] == POLICY
    assert not ContentVersion.objects.exists()


def test_an_error_in_the_draft_goes_under_its_field_and_the_frame_says_so(campaign: Campaign, editor: Client) -> None:
    url, wrong = _url("campaign_draft_preview", campaign), {**MAIL, "source": "\n{% foo %}"}

    around = editor.post(url, wrong, headers={"HX-Request": "true"}).content.decode()
    frame = editor.post(url, wrong)

    under_the_field = around.partition('id="id_source_error"')[2]
    assert "Line 2" in under_the_field
    assert "data-sound" not in around
    assert "Line 2" in frame.content.decode()
    assert frame.headers["Content-Security-Policy"] == POLICY


def test_a_draft_that_cannot_be_filled_in_says_why(campaign: Campaign, editor: Client) -> None:
    wrong = {**MAIL, "source": "{% for i in (1..99999999) %}x{% endfor %}"}

    around = editor.post(_url("campaign_draft_preview", campaign), wrong, headers={"HX-Request": "true"})

    assert around.status_code == 200
    assert "its loops go round too often" in around.content.decode()


@pytest.mark.parametrize("words", ["ben", "BEN@", "ben petrov"])
def test_the_draft_is_shown_as_the_reader_one_names(
    campaign: Campaign, workspace: Workspace, editor: Client, words: str
) -> None:
    ContactFactory.create(workspace=workspace, first_name="Ann")
    ContactFactory.create(workspace=workspace, first_name="Ben", last_name="Petrov", email="ben@example.org")

    around = editor.post(
        _url("campaign_draft_preview", campaign), {**MAIL, "reader": words}, headers={"HX-Request": "true"}
    )

    assert "For Ben" in around.content.decode()


# The mail itself


def test_the_mail_comes_as_a_document_under_a_policy_of_its_own(
    campaign: Campaign, workspace: Workspace, editor: Client
) -> None:
    ContactFactory.create(workspace=workspace, first_name="<script>alert(1)</script>")
    write(campaign, "Hello {{ contact.first_name }}")

    answer = editor.get(_url("campaign_preview", campaign))

    assert answer.content.decode().startswith("<!doctype html>")
    assert "&lt;script&gt;" in answer.content.decode()
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "style-src 'unsafe-inline'", "sandbox", "frame-ancestors 'self'"):
        assert part in policy
    assert "script-src" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_pages_around_it_frame_it_in_a_sandbox(campaign: Campaign, editor: Client) -> None:
    write(campaign)

    for name in ("campaign_detail", "campaign_content", "campaign_checks"):
        page = editor.get(_url(name, campaign)).content.decode()
        assert page.count("<iframe") == page.count(" sandbox ") >= 1
        assert "allow-scripts" not in page


def test_a_contact_and_a_version_can_be_asked_for(campaign: Campaign, workspace: Workspace, editor: Client) -> None:
    ContactFactory.create(workspace=workspace, first_name="Ann")
    ben = ContactFactory.create(workspace=workspace, first_name="Ben")
    write(campaign, "First for {{ contact.first_name }}")
    write(campaign, "Second for {{ contact.first_name }}")
    url = _url("campaign_preview", campaign)

    assert "Second for Ann" in editor.get(url).content.decode()
    assert "Second for Ben" in editor.get(url, {"contact": ben.pk}).content.decode()
    assert "First for Ann" in editor.get(url, {"version": 1}).content.decode()
    assert editor.get(url, {"version": 9}).status_code == 404


def test_a_guest_sees_the_mail_without_anybodys_data(
    campaign: Campaign, workspace: Workspace, guest: Member, browse: Browse
) -> None:
    real = ContactFactory.create(workspace=workspace, first_name="Zdravka", email="zdravka@example.org")
    write(campaign, "Hello {{ contact.first_name }} {{ contact.email }}")
    client = browse(guest)

    document = client.get(_url("campaign_preview", campaign), {"contact": real.pk}).content.decode()
    page = client.get(_url("campaign_content", campaign), {"reader": "zdravka"}).content.decode()

    assert "Zdravka" not in document
    assert "Zdravka" not in page.replace('value="zdravka"', "")
    assert "zdravka@example.org" not in page


@pytest.mark.parametrize("source", [None, "{{ 1 | divided_by: 0 }}"])
def test_where_there_is_nothing_to_show_a_document_says_so(
    campaign: Campaign, editor: Client, source: str | None
) -> None:
    if source:
        write(campaign, source)

    answer = editor.get(_url("campaign_preview", campaign))

    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == POLICY


def test_a_segment_that_no_longer_works_does_not_keep_one_from_writing(campaign: Campaign, editor: Client) -> None:
    campaign.segment.definition = BROKEN_RULE
    campaign.segment.save()
    write(campaign)

    for name in ("campaign_content", "campaign_preview", "campaign_detail", "campaign_checks", "campaign_schedule"):
        assert editor.get(_url(name, campaign)).status_code == 200, name


# Versions


def test_an_earlier_version_is_brought_back_as_a_new_one(campaign: Campaign, editor: Client) -> None:
    write(campaign, "First")
    write(campaign, "Second")

    assert "Bring back" in editor.get(_url("campaign_content", campaign)).content.decode()
    answer = editor.post(_url("campaign_content_restore", campaign, number=1))

    assert answer.status_code == 302
    version: Any = with_parts(campaign).content
    assert (version.number, version.source) == (3, "First")
    assert editor.post(_url("campaign_content_restore", campaign, number=9)).status_code == 404
