"""A test mail to oneself, asked for in the browser."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaigns.models import Campaign, CampaignState
from delivery.services import ask_for_test
from tests.conftest import Bell
from tests.factories.audience import ContactFactory
from tests.factories.delivery import SentCampaignFactory
from workspaces.audit import record
from workspaces.models import AuditEntry, Member, Workspace

Browse = Callable[[Member], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def campaign(workspace: Workspace) -> Campaign:
    made: Campaign = SentCampaignFactory.create(workspace=workspace, state=CampaignState.DRAFT, launched_at=None)
    return made


def url(campaign: Campaign) -> str:
    return reverse("delivery:campaign_test", kwargs={"workspace": campaign.workspace.slug, "pk": campaign.pk})


def test_the_form_offers_readers_of_the_segment_and_begins_with_the_first(
    campaign: Campaign, marketer: Member, browse: Browse
) -> None:
    for name in ("Ann", "Bob"):
        ContactFactory.create(workspace=campaign.workspace, first_name=name, email=f"{name}@example.org")

    shown = browse(marketer).get(url(campaign)).content.decode()

    assert f"It goes to {marketer.user.email} only" in shown
    assert '<option value="Bob@example.org">' in shown
    assert 'value="Ann@example.org"' in shown
    assert "No test of this campaign was sent yet." in shown


def test_asking_rings_a_worker_and_shows_that_it_is_awaited(
    campaign: Campaign,
    marketer: Member,
    browse: Browse,
    bells: list[Bell],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    ann = ContactFactory.create(workspace=campaign.workspace, email="ann@example.org")

    with django_capture_on_commit_callbacks(execute=True):
        answer = browse(marketer).post(url(campaign), {"reader": "ann@example.org"}, follow=True)

    asked = {"campaign_id": campaign.pk, "contact_id": ann.pk, "member_id": marketer.pk}
    assert bells == [("delivery.send_test", asked)]
    assert answer.redirect_chain == [(url(campaign), 302)]
    shown = answer.content.decode()
    assert f"A test is on its way to {marketer.user.email}" in shown
    assert "A worker is about to send it." in shown


@pytest.mark.parametrize("reader", ["", "  "])
def test_without_a_reader_named_the_first_is_taken(
    campaign: Campaign, marketer: Member, browse: Browse, now: datetime, reader: str
) -> None:
    ann = ContactFactory.create(workspace=campaign.workspace)

    browse(marketer).post(url(campaign), {"reader": reader})

    assert AuditEntry.objects.get(action="campaign.test_asked").detail["as_contact"] == ann.pk


def test_an_empty_segment_gets_a_made_up_reader(campaign: Campaign, marketer: Member, browse: Browse) -> None:
    answer = browse(marketer).post(url(campaign), {"reader": ""})

    assert answer.status_code == 302
    assert AuditEntry.objects.get(action="campaign.test_asked").detail["as_contact"] is None


def test_a_reader_outside_the_segment_is_refused_on_the_field(
    campaign: Campaign, marketer: Member, outsider: Member, browse: Browse
) -> None:
    ContactFactory.create(workspace=campaign.workspace)
    ContactFactory.create(workspace=outsider.workspace, email="stranger@example.org")

    answer = browse(marketer).post(url(campaign), {"reader": "stranger@example.org"})

    assert answer.status_code == 422
    assert "Nobody in the segment has “stranger@example.org”" in answer.content.decode()
    assert not AuditEntry.objects.exists()


def test_what_is_not_written_yet_cannot_be_tested(campaign: Campaign, marketer: Member, browse: Browse) -> None:
    Campaign.objects.update(content=None)

    answer = browse(marketer).post(url(campaign), {"reader": ""})

    assert answer.status_code == 422
    assert "Write the mail and choose a sender first." in answer.content.decode()


@pytest.mark.parametrize(
    ("action", "said", "asks_again"),
    [
        ("campaign.test_asked", "A worker is about to send it.", True),
        ("campaign.test_sent", "The mail server took a test for sofia@marenmoss.example", False),
        ("campaign.test_failed", "550 &lt;b&gt;No&lt;/b&gt;", False),
    ],
)
def test_the_last_test_asks_again_until_its_answer_is_there(
    campaign: Campaign, marketer: Member, browse: Browse, now: datetime, action: str, said: str, asks_again: bool
) -> None:
    ask_for_test(campaign=campaign, contact=None, by=marketer, now=now)
    record(action, campaign, by=marketer, now=now, words="550 <b>No</b>" if "failed" in action else "")

    part = browse(marketer).get(url(campaign), headers=HTMX).content.decode()

    assert said in part
    assert ("hx-trigger" in part) == asks_again
    assert "<html" not in part


def test_what_was_taken_can_be_read_in_the_sandbox(
    campaign: Campaign, marketer: Member, browse: Browse, now: datetime
) -> None:
    record("campaign.test_sent", campaign, by=marketer, now=now)

    assert reverse("sandbox:message_list") in browse(marketer).get(url(campaign)).content.decode()


def test_a_test_of_another_campaign_is_not_shown(
    campaign: Campaign, marketer: Member, browse: Browse, now: datetime
) -> None:
    other: Any = SentCampaignFactory.create(workspace=campaign.workspace)
    ask_for_test(campaign=other, contact=None, by=marketer, now=now)

    assert "No test of this campaign was sent yet." in browse(marketer).get(url(campaign)).content.decode()
