"""What becomes of a message whose answer never came."""

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from delivery import sending, services
from delivery.messages import message_id
from delivery.models import Delivery, DeliveryState, Reason, Run, RunState
from delivery.reconcile import GRACE, is_settled, reconcile
from tests.factories.delivery import DeliveryFactory, RunFactory, SandboxMessageFactory
from workspaces.models import Member, Workspace


@pytest.fixture(autouse=True)
def _sandbox(settings: Settings) -> None:
    settings.MAIL_SANDBOX = True


def lost(run: Run, now: datetime) -> Delivery:
    made: Delivery = DeliveryFactory.create(
        run=run,
        state=DeliveryState.UNKNOWN,
        reason=Reason.WORKER_LOST,
        attempt=1,
        decided_at=now - GRACE - timedelta(seconds=1),
    )
    return made


@pytest.fixture
def run(workspace: Workspace) -> Run:
    made: Run = RunFactory.create(workspace=workspace)
    return made


def keep_in_sandbox(row: Delivery) -> None:
    sender = row.run.campaign.sender
    assert sender is not None
    SandboxMessageFactory.create(message_id=message_id(row, sender))


def test_what_the_sandbox_has_was_sent(run: Run, now: datetime) -> None:
    row = lost(run, now)
    keep_in_sandbox(row)

    reconcile(run, now)

    row.refresh_from_db()
    assert (row.state, row.reason, row.decided_at) == (DeliveryState.SENT, "", now)


def test_what_the_sandbox_has_not_is_sent_again(run: Run, now: datetime) -> None:
    row = lost(run, now)

    reconcile(run, now)

    row.refresh_from_db()
    assert (row.state, row.reason, row.decided_at) == (DeliveryState.QUEUED, "", None)


def test_a_server_gets_a_moment_to_finish_what_it_was_given(run: Run, now: datetime) -> None:
    row = lost(run, now)
    Delivery.objects.filter(pk=row.pk).update(decided_at=now - GRACE + timedelta(seconds=1))

    reconcile(run, now)

    row.refresh_from_db()
    assert row.state == DeliveryState.UNKNOWN


def test_any_other_server_leaves_it_unknown(run: Run, now: datetime, settings: Settings) -> None:
    settings.MAIL_SANDBOX = False
    row = lost(run, now)

    reconcile(run, now)

    row.refresh_from_db()
    assert row.state == DeliveryState.UNKNOWN
    assert is_settled(run, now), "and the run does not wait for what will never be learned"


def test_a_run_with_the_sandbox_waits_until_it_knows(run: Run, now: datetime) -> None:
    row = lost(run, now)
    keep_in_sandbox(row)
    assert not is_settled(run, now)

    sending.ring(now)

    run.refresh_from_db()
    assert run.state == RunState.DONE


def test_reconciling_twice_changes_nothing_more(run: Run, now: datetime) -> None:
    row = lost(run, now)
    keep_in_sandbox(row)

    reconcile(run, now)
    reconcile(run, now + timedelta(hours=1))

    row.refresh_from_db()
    assert row.decided_at == now


def test_what_a_cancelled_run_did_not_know_is_settled_too_and_not_sent_again(
    run: Run, lead: Member, now: datetime
) -> None:
    arrived, lost_on_the_way = lost(run, now), lost(run, now)
    keep_in_sandbox(arrived)
    services.cancel(run=run, by=lead, now=now)

    sending.ring(now)

    arrived.refresh_from_db()
    lost_on_the_way.refresh_from_db()
    assert arrived.state == DeliveryState.SENT
    assert (lost_on_the_way.state, lost_on_the_way.reason) == (DeliveryState.SKIPPED, Reason.CANCELLED)
