"""What the page of a send says when it stopped by itself, does not get on, is late, or left people in doubt."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from campaigns.models import CampaignState
from delivery import planning
from delivery.breakers import look_at
from delivery.models import DeliveryState, Feedback, FeedbackKind, Reason, Run, RunState
from tests.factories.audience import ContactFactory
from tests.factories.delivery import RunFactory, approved_campaign, settled
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]


@pytest.fixture(autouse=True)
def _world(settings: Settings) -> None:
    settings.MAIL_SANDBOX = False


@pytest.fixture
def run(workspace: Workspace) -> Run:
    made: Run = RunFactory.create(workspace=workspace)
    return made


def url(name: str, workspace: Workspace, pk: int) -> str:
    return reverse(name, kwargs={"workspace": workspace.slug, "pk": pk})


def shown(client: Client, run: Run) -> str:
    return client.get(url("campaigns:campaign_detail", run.workspace, run.campaign_id)).content.decode()


def test_a_send_that_stopped_says_why_and_offers_to_go_on_all_the_same(
    run: Run, lead: Member, browse: Browse, now: datetime
) -> None:
    settled(run, 200, DeliveryState.FAILED, now, reason=Reason.REFUSED)
    look_at(run, now)

    page = shown(browse(lead), run)

    assert "Too many addresses were refused" in page
    assert "200 of 200 addresses were refused or do not exist, 100%; the limit is 5%." in page
    assert "Resume anyway" in page
    assert "settings/safety/" in page


def test_whoever_may_not_stop_sends_reads_why_and_has_no_button(
    run: Run, seller: Member, browse: Browse, now: datetime
) -> None:
    settled(run, 200, DeliveryState.FAILED, now, reason=Reason.REFUSED)
    look_at(run, now)

    page = shown(browse(seller), run)

    assert "the limit is 5%" in page
    assert "Resume anyway" not in page
    assert "settings/safety/" not in page


def test_complaints_are_shown_while_it_goes_on(run: Run, lead: Member, browse: Browse, now: datetime) -> None:
    row = settled(run, 1000, DeliveryState.SENT, now)[0]
    Feedback.objects.create(
        workspace=run.workspace, run=run, delivery=row, kind=FeedbackKind.COMPLAINT, at=now, reported_at=now
    )
    look_at(run, now)

    assert "1 of 1,000 people called the mail spam: 0.1%." in shown(browse(lead), run)


def test_a_send_in_which_nothing_moves_says_why(run: Run, lead: Member, browse: Browse, now: datetime) -> None:
    settled(run, 1, DeliveryState.QUEUED, now, decided_at=None, attempt=0)

    page = shown(browse(lead), run)

    assert "Nothing has looked for work because beat or the default worker does not run." in page
    assert "Start them; the send then goes on by itself." in page


class TestSendAgain:
    def test_it_says_how_many_may_get_it_twice_and_does_it(
        self, workspace: Workspace, lead: Member, browse: Browse, now: datetime
    ) -> None:
        run = RunFactory.create(workspace=workspace, done=True)
        settled(run, 3, DeliveryState.UNKNOWN, now, reason=Reason.CONNECTION_LOST)
        client = browse(lead)
        page = shown(client, run)

        answer = client.post(
            url("delivery:run_send_again", workspace, run.campaign_id), {"what": "unknown"}, follow=True
        )

        assert "Of 3 people nobody knows" in page
        assert "Up to 3 people may get the mail twice." in page
        assert "3 messages are sent again" in answer.content.decode()
        run.refresh_from_db()
        assert run.state == RunState.SENDING

    def test_those_refused_because_of_the_sender_are_offered_too(
        self, workspace: Workspace, lead: Member, browse: Browse, now: datetime
    ) -> None:
        run = RunFactory.create(workspace=workspace, done=True)
        settled(run, 2, DeliveryState.FAILED, now, reason=Reason.REFUSED, reply_text="550 5.7.26 unauthenticated")

        assert "2 were refused because of us" in shown(browse(lead), run)

    def test_nobody_is_offered_what_nobody_needs(self, run: Run, lead: Member, browse: Browse, now: datetime) -> None:
        settled(run, 2, DeliveryState.FAILED, now, reason=Reason.REFUSED, reply_text="550 5.1.1 no such user")

        assert "Send again" not in shown(browse(lead), run)

    @pytest.mark.parametrize("what", ["", "everybody"])
    def test_to_whom_has_to_be_said(self, run: Run, lead: Member, browse: Browse, what: str) -> None:
        answer = browse(lead).post(url("delivery:run_send_again", run.workspace, run.campaign_id), {"what": what})

        assert answer.status_code == 409


def _yesterday(workspace: Workspace, now: datetime) -> date:
    """Also half an hour after midnight, what is late was to go out within its window."""
    return (now.astimezone(workspace.zone) - timedelta(days=1)).date()


class TestLate:
    def test_one_click_sends_a_late_campaign(
        self, workspace: Workspace, lead: Member, browse: Browse, now: datetime
    ) -> None:
        ContactFactory.create(workspace=workspace)
        campaign = approved_campaign(workspace, now, window_start=_yesterday(workspace, now))
        campaign.scheduled_at = now - timedelta(minutes=31)
        campaign.save()
        planning.start_due(now)
        client, page = browse(lead), url("campaigns:campaign_detail", workspace, campaign.pk)
        asked = client.get(page).content.decode()

        client.post(url("campaigns:campaign_schedule", workspace, campaign.pk), {"when": "now"})

        assert "It is late: send it now?" in asked
        assert "nothing started it then" in asked
        campaign.refresh_from_db()
        assert (campaign.state, campaign.missed_at) == (CampaignState.SCHEDULED, None)
        assert "It is late" not in client.get(page).content.decode()

    def test_whoever_may_not_schedule_reads_who_decides(
        self, workspace: Workspace, seller: Member, browse: Browse, now: datetime
    ) -> None:
        ContactFactory.create(workspace=workspace)
        campaign = approved_campaign(workspace, now, window_start=_yesterday(workspace, now))
        campaign.scheduled_at = now - timedelta(minutes=31)
        campaign.save()
        planning.start_due(now)

        page = browse(seller).get(url("campaigns:campaign_detail", workspace, campaign.pk)).content.decode()

        assert "Somebody who may schedule campaigns decides." in page
        assert "Send now" not in page
