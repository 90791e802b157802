"""Bells: each looks, does what is due, and may be rung by anybody, twice, or by a later version."""

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone

from campaigns.models import Campaign, CampaignState
from delivery import tasks
from delivery.models import DeliveryState, Run, RunState
from delivery.queries import last_test
from delivery.sending import BUDGET
from delivery.smtp.timeouts import Timeouts
from tests.factories.audience import ContactFactory
from tests.factories.delivery import DeliveryFactory, RunFactory, SentCampaignFactory, approved_campaign, run_to
from tests.smtp_sink import Sink
from workspaces.models import Member, Workspace


@pytest.mark.usefixtures("sink")
def test_the_ring_starts_what_is_due_and_finishes_what_is_done(workspace: Workspace) -> None:
    ann = ContactFactory.create(workspace=workspace)
    campaign = approved_campaign(workspace, timezone.now())
    idle = RunFactory.create(workspace=workspace)
    DeliveryFactory.create(run=idle, contact=ann, state=DeliveryState.SENT)

    tasks.ring()
    tasks.ring()

    idle.refresh_from_db()
    assert idle.state == RunState.DONE
    assert Run.objects.get(campaign=campaign).state == RunState.PLANNING


def test_a_bell_for_planning_makes_the_list_once(workspace: Workspace) -> None:
    ContactFactory.create_batch(2, workspace=workspace)
    run = RunFactory.create(workspace=workspace, planning=True, started_at=timezone.now())

    for _time in range(2):
        tasks.plan_run(run.pk)

    run.refresh_from_db()
    assert (run.state, run.matched_count, run.deliveries.count()) == (RunState.SENDING, 2, 2)


def test_a_bell_for_sending_sends_everybody_once(workspace: Workspace, sink: Sink) -> None:
    run, rows = run_to(workspace, 3)

    for _time in range(2):
        tasks.send_run(run.pk)

    assert sorted(sink.recipients) == sorted(row.address for row in rows)
    run.refresh_from_db()
    assert run.state == RunState.DONE


def test_a_bell_for_a_test_mails_it_to_the_one_who_asked(workspace: Workspace, lead: Member, sink: Sink) -> None:
    campaign = SentCampaignFactory.create(workspace=workspace, state=CampaignState.DRAFT)
    ann = ContactFactory.create(workspace=workspace, first_name="Ann")

    tasks.send_test(campaign.pk, ann.pk, lead.pk)

    (received,) = sink.taken
    assert received.recipient == lead.user.email
    assert "Ann" in received.parsed["Subject"]


@pytest.mark.parametrize("whose", ["nobody's", "a stranger's", "removed"])
def test_a_test_for_a_contact_that_is_not_ours_shows_a_made_up_reader(
    workspace: Workspace, lead: Member, outsider: Member, sink: Sink, whose: str
) -> None:
    campaign: Campaign = SentCampaignFactory.create(workspace=workspace, state=CampaignState.DRAFT)
    stranger = ContactFactory.create(workspace=outsider.workspace, first_name="Stranger")
    contact_id = {"nobody's": None, "a stranger's": stranger.pk, "removed": 999_999}[whose]

    tasks.send_test(campaign.pk, contact_id, lead.pk)

    (received,) = sink.taken
    assert received.parsed["Subject"] == "[Test] Glow in three steps, Anna"
    test = last_test(campaign)
    assert test is not None
    assert test.state == "sent"


@pytest.mark.usefixtures("sink")
@pytest.mark.parametrize("task", [tasks.ring, tasks.plan_run, tasks.send_run, tasks.send_test, tasks.try_transport])
def test_what_a_later_version_adds_to_a_bell_is_no_error(workspace: Workspace, lead: Member, task: Any) -> None:
    run, _rows = run_to(workspace, 1)
    given: dict[str, dict[str, Any]] = {
        "delivery.plan_run": {"run_id": run.pk},
        "delivery.send_run": {"run_id": run.pk},
        "delivery.send_test": {"campaign_id": run.campaign_id, "contact_id": None, "member_id": lead.pk},
        "delivery.try_transport": {"trial_id": 0},
    }

    task(**given.get(task.name, {}), colour="green")


@pytest.mark.parametrize("task", [tasks.send_run, tasks.send_test, tasks.try_transport])
def test_who_waits_for_the_answer_to_the_final_dot_is_not_killed(task: Any) -> None:
    assert timedelta(seconds=task.time_limit) > BUDGET + timedelta(seconds=Timeouts().dot)
    assert task.time_limit > current_app.conf.task_time_limit
