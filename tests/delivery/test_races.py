"""What must hold when several sessions act at the same moment. Each thread has a connection of its own."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from audience.models import ConsentEntry
from campaigns.models import CampaignState
from delivery import ledger, planning, reactions, sending, services
from delivery.models import Delivery, DeliveryState, Hit, Run, RunState
from delivery.queries import run_counts
from delivery.reactions import Visit
from tests.delivery.hands import Hands
from tests.factories.audience import ContactFactory
from tests.factories.delivery import BROWSER, approved_campaign, run_to
from tests.smtp_sink import Phase, Sink
from workspaces.models import Member, Workspace

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bells")]
WAIT = 20  # seconds after which a test that hangs has failed
A_WORD = 0.5  # seconds in which it comes to the worker, also where the database has to wait for a processor


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Run jobs in threads of their own; their results, in order."""

    def job_with_its_own_connection(job: Callable[[], Any]) -> Any:
        try:
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        running = [pool.submit(job_with_its_own_connection, job) for job in jobs]
        return [job.result(timeout=WAIT) for job in running]


def test_two_workers_at_once_send_each_message_once(workspace: Workspace, sink: Sink) -> None:
    run, rows = run_to(workspace, 130)

    at_once(*[lambda: sending.work(run.pk, timezone.now)] * 3)

    assert Counter(sink.recipients) == Counter(row.address for row in rows)
    assert run_counts(run, timezone.now()).sent == 130
    assert sink.connections > 1
    run.refresh_from_db()
    assert run.state == RunState.DONE


def _after(phase: Phase, number: int, do: Callable[[], None]) -> Callable[[Phase, str], None]:
    """A hook of the sink that does something, once, from the connection's own thread."""
    seen = Counter[Phase]()

    def hook(now: Phase, _recipient: str) -> None:
        seen[now] += 1
        if now == phase and seen[phase] == number:
            do()
            connections.close_all()
            time.sleep(A_WORD)

    return hook


@pytest.fixture
def one_connection(settings: Settings) -> None:
    """One message at a time, so that what comes after the third is the fourth."""
    settings.SMTP_CONNECTIONS = 1


@pytest.mark.usefixtures("one_connection")
def test_pause_takes_effect_within_one_message_of_a_connection(workspace: Workspace, lead: Member, sink: Sink) -> None:
    run, _rows = run_to(workspace, 20)
    sink.before = _after(Phase.DOT, 3, lambda: services.pause(run=run, by=lead, now=timezone.now()))

    at_once(lambda: sending.work(run.pk, timezone.now))

    counts = run_counts(run, timezone.now())
    assert len(sink.taken) in {3, 4}
    assert (counts.sent, counts.pending) == (len(sink.taken), 20 - len(sink.taken))
    assert set(run.deliveries.pending().values_list("state", flat=True)) == {DeliveryState.QUEUED}
    run.refresh_from_db()
    assert run.state == RunState.PAUSED


def test_after_a_pause_the_rest_goes_out_once(workspace: Workspace, lead: Member, sink: Sink) -> None:
    run, rows = run_to(workspace, 20)
    sink.before = _after(Phase.MAIL, 5, lambda: services.pause(run=run, by=lead, now=timezone.now()))
    at_once(lambda: sending.work(run.pk, timezone.now))

    services.resume(run=run, by=lead, now=timezone.now())
    at_once(lambda: sending.work(run.pk, timezone.now))

    assert Counter(sink.recipients) == Counter(row.address for row in rows)


@pytest.mark.usefixtures("one_connection")
def test_a_run_paused_and_resumed_behind_a_workers_back_is_left_to_the_next_task(
    workspace: Workspace, lead: Member, sink: Sink
) -> None:
    run, _rows = run_to(workspace, 6)

    def pause_and_resume() -> None:
        services.pause(run=run, by=lead, now=timezone.now())
        services.resume(run=run, by=lead, now=timezone.now())

    sink.before = _after(Phase.DOT, 2, pause_and_resume)

    at_once(lambda: sending.work(run.pk, timezone.now))

    assert len(sink.taken) in {2, 3}
    assert run_counts(run, timezone.now()).pending == 6 - len(sink.taken)


@pytest.mark.usefixtures("one_connection")
def test_cancel_lets_nothing_more_out(workspace: Workspace, lead: Member, sink: Sink) -> None:
    run, _rows = run_to(workspace, 20)
    sink.before = _after(Phase.DOT, 4, lambda: services.cancel(run=run, by=lead, now=timezone.now()))

    at_once(lambda: sending.work(run.pk, timezone.now))

    counts = run_counts(run, timezone.now())
    assert len(sink.taken) in {4, 5}
    assert (counts.sent, counts.skipped, counts.pending) == (len(sink.taken), 20 - len(sink.taken), 0)
    run.refresh_from_db()
    run.campaign.refresh_from_db()
    assert (run.state, run.campaign.state) == (RunState.CANCELLED, CampaignState.CANCELLED)


@pytest.mark.usefixtures("one_connection")
def test_who_unsubscribes_during_the_send_is_not_written_to(workspace: Workspace, sink: Sink) -> None:
    run, rows = run_to(workspace, 9)
    visit = Visit("POST", BROWSER, "203.0.113.7")
    sink.before = _after(
        Phase.DOT,
        1,
        lambda: reactions.unsubscribe(delivery_id=rows[8].pk, visit=visit, source="page", now=timezone.now()),
    )

    at_once(lambda: sending.work(run.pk, timezone.now))

    assert rows[8].address not in sink.recipients
    assert len(sink.taken) == 8


def test_a_killed_worker_is_found_while_another_sends_on(workspace: Workspace, sink: Sink) -> None:
    run, rows = run_to(workspace, 4)
    hangs, killed = threading.Event(), threading.Event()

    def die_in_the_middle() -> None:
        """What SIGKILL leaves behind: a session that ends without another word."""
        with ledger.open_lane(run, timezone.now) as lane:
            Hands(run, lane).take(1, timezone.now())
            hangs.set()
            killed.wait(WAIT)
            connections.close_all()
            raise _Killed

    def go_on() -> None:
        hangs.wait(WAIT)
        assert ledger.reap(timezone.now()) == 0, "it is alive as long as its session is"
        sending.work(run.pk, timezone.now)
        killed.set()

    with pytest.raises(_Killed):
        at_once(die_in_the_middle, go_on)
    ledger.reap(timezone.now())
    sending.work(run.pk, timezone.now)

    assert Counter(sink.recipients) == Counter(row.address for row in rows[1:])
    rows[0].refresh_from_db()
    assert rows[0].state == DeliveryState.UNKNOWN


class _Killed(Exception):
    """The process is gone."""


def test_a_due_campaign_is_started_once_however_many_look(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create(workspace=workspace)
    approved_campaign(workspace, now)

    taken = at_once(*[lambda: planning.start_due(now)] * 4)

    assert sum(taken) == 1
    assert Run.objects.count() == 1


def test_a_list_is_made_once_however_many_make_it(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create_batch(30, workspace=workspace)
    approved_campaign(workspace, now)
    planning.start_due(now)
    run = Run.objects.get()

    at_once(*[lambda: planning.plan_run(run.pk, now)] * 4)

    assert Delivery.objects.filter(run=run).count() == 30


def test_many_posts_at_once_unsubscribe_once(workspace: Workspace, now: datetime) -> None:
    _run, (row,) = run_to(workspace, 1)
    visit = Visit("POST", BROWSER, "203.0.113.7")

    at_once(
        *[lambda: reactions.unsubscribe(delivery_id=row.pk, visit=visit, source="one-click unsubscribe", now=now)] * 4
    )

    assert Hit.objects.count() == 1
    assert ConsentEntry.objects.filter(contact=row.contact).count() == 1


def test_pause_and_resume_at_once_leave_one_state(workspace: Workspace, lead: Member, now: datetime) -> None:
    run, _rows = run_to(workspace, 1)

    def pause() -> bool:
        try:
            services.pause(run=run, by=lead, now=now + timedelta(seconds=1))
        except services.RunRefused:
            return False
        return True

    done = at_once(*[pause] * 4)

    run.refresh_from_db()
    assert sum(done) == 1
    assert (run.state, run.epoch) == (RunState.PAUSED, 2)
