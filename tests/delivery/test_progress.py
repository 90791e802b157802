"""How far a send is by mailbox provider, and figures that are counted once for all who look."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from delivery.ledger import close_chunks, leave_out_waiting, make_chunks
from delivery.models import DeliveryState, Reason, Run, RunState
from delivery.pace.groups import group_sql
from delivery.progress import LARGE, Progress, run_progress
from tests.factories.delivery import SKIPPED, DeliveryFactory, RunFactory
from workspaces.models import Workspace

GMAIL, OUTLOOK, OTHERS = "gmail.com", "outlook.com", "shop.example"


def listed(run: Run, **numbers: int) -> None:
    """So many people who wait of each provider, in its order, and laid into chunks."""
    domains = {"gmail": GMAIL, "microsoft": OUTLOOK, "other": OTHERS}
    for group in sorted(numbers):
        for number in range(numbers[group]):
            DeliveryFactory.create(run=run, contact__email=f"{group}{number}@{domains[group]}")
    run.chunks.all().delete()
    make_chunks(run, group_sql("address"))


def become(run: Run, domain: str, count: int, state: DeliveryState, **fields: object) -> None:
    """Let so many of those who wait at a domain come to this state."""
    waiting = run.deliveries.filter(state=DeliveryState.QUEUED, address__endswith=domain).order_by("pk")[:count]
    run.deliveries.filter(pk__in=[row.pk for row in waiting]).update(state=state, **fields)


def told(progress: Progress) -> dict[str, tuple[int, int, int, int, int]]:
    return {
        group.group: (group.people, group.sent, group.failed, group.unknown, group.pending) for group in progress.groups
    }


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """A run to five people at Gmail, two at Outlook, three elsewhere."""
    made: Run = RunFactory.create(workspace=workspace)
    listed(made, gmail=5, microsoft=2, other=3)
    return made


class TestGroups:
    def test_each_provider_has_its_part_of_the_ledger_the_largest_first(
        self, run: Run, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        become(run, GMAIL, 2, DeliveryState.SENT, decided_at=now)
        become(run, GMAIL, 1, DeliveryState.FAILED, reason=Reason.REFUSED, decided_at=now)
        become(run, OUTLOOK, 1, DeliveryState.UNKNOWN, reason=Reason.WORKER_LOST, decided_at=now)

        with django_assert_num_queries(2):
            progress = run_progress(run, now)

        assert list(told(progress)) == ["gmail", "other", "microsoft"]
        assert told(progress) == {"gmail": (5, 2, 1, 0, 2), "microsoft": (2, 0, 0, 1, 1), "other": (3, 0, 0, 0, 3)}
        assert [str(group.label) for group in progress.groups] == ["Gmail", "All other domains", "Outlook, Hotmail"]

    def test_all_groups_together_are_everybody_to_send_to(self, run: Run, now: datetime) -> None:
        become(run, GMAIL, 2, DeliveryState.SENT, decided_at=now)
        become(run, OTHERS, 1, DeliveryState.SKIPPED, reason=Reason.UNSUBSCRIBED, decided_at=now)

        progress = run_progress(run, now)

        assert sum(group.people for group in progress.groups) == progress.counts.to_send == 9
        assert sum(group.pending for group in progress.groups) == progress.counts.pending == 7
        assert sum(group.rate for group in progress.groups) == progress.counts.rate == 2

    def test_the_rate_of_a_provider_is_what_it_took_in_the_last_minute(self, run: Run, now: datetime) -> None:
        become(run, GMAIL, 3, DeliveryState.SENT, decided_at=now - timedelta(seconds=30))
        become(run, OUTLOOK, 1, DeliveryState.SENT, decided_at=now - timedelta(minutes=2))

        rates = {group.group: group.rate for group in run_progress(run, now).groups}

        assert rates == {"gmail": 3, "microsoft": 0, "other": 0}

    def test_who_is_tried_again_stays_with_the_provider(self, run: Run, now: datetime) -> None:
        later = now + timedelta(minutes=5)
        run.deliveries.update(state=DeliveryState.SENT, decided_at=now)
        retried = run.deliveries.filter(address__endswith=OUTLOOK)
        retried.update(state=DeliveryState.DEFERRED, next_attempt_at=later, decided_at=None)
        run.deliveries.filter(address__endswith=GMAIL).update(state=DeliveryState.SENDING, lane=1, decided_at=None)

        progress = run_progress(run, now)

        assert told(progress) == {"gmail": (5, 0, 0, 0, 5), "microsoft": (2, 0, 0, 0, 2), "other": (3, 3, 0, 0, 0)}
        assert (progress.counts.deferred, progress.counts.next_attempt_at) == (2, later)

    def test_the_next_attempt_is_the_earliest_of_all_providers(self, run: Run, now: datetime) -> None:
        soon, later = now + timedelta(minutes=5), now + timedelta(minutes=30)
        become(run, GMAIL, 1, DeliveryState.DEFERRED, next_attempt_at=later)
        become(run, OTHERS, 1, DeliveryState.DEFERRED, next_attempt_at=soon)

        counts = run_progress(run, now).counts

        assert (counts.deferred, counts.next_attempt_at) == (2, soon)

    def test_one_reason_at_many_providers_is_one_line(self, run: Run, now: datetime) -> None:
        for domain in (GMAIL, OUTLOOK, OTHERS):
            become(run, domain, 1, DeliveryState.FAILED, reason=Reason.REFUSED, decided_at=now)

        assert run_progress(run, now).counts.reasons == {("failed", "refused"): 3}

    def test_after_cancelling_a_provider_has_those_who_were_sent_to(self, run: Run, now: datetime) -> None:
        become(run, GMAIL, 2, DeliveryState.SENT, decided_at=now)
        close_chunks(run)
        leave_out_waiting(run, Reason.CANCELLED, now)
        run.state = RunState.CANCELLED

        progress = run_progress(run, now)

        assert told(progress) == {"gmail": (2, 2, 0, 0, 0)}
        assert (progress.counts.skipped, progress.counts.done_rate) == (8, 1.0)

    def test_who_was_left_out_when_the_list_was_made_belongs_to_no_provider(
        self, workspace: Workspace, now: datetime
    ) -> None:
        run = RunFactory.create(workspace=workspace)
        DeliveryFactory.create(run=run, contact__email="ann@gmail.com", **SKIPPED)
        listed(run, microsoft=1)
        DeliveryFactory.create(run=run, contact__email="zoe@shop.example", **SKIPPED)

        progress = run_progress(run, now)

        assert told(progress) == {"microsoft": (1, 0, 0, 0, 1)}
        assert progress.counts.matched == 3

    @pytest.mark.parametrize("state", RunState)
    def test_a_run_without_a_list_has_no_groups(self, workspace: Workspace, now: datetime, state: RunState) -> None:
        progress = run_progress(RunFactory.create(workspace=workspace, state=state), now)

        assert (progress.groups, progress.counts.matched, progress.counts.done_rate) == ([], 0, 1.0)


class TestLargeRuns:
    @pytest.fixture
    def large(self, run: Run) -> Run:
        """A run that says of itself that it is large."""
        run.matched_count = LARGE + 1
        run.save(update_fields=["matched_count"])
        return run

    def test_who_looks_a_moment_later_is_told_the_same_without_a_query(
        self, large: Run, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        become(large, GMAIL, 2, DeliveryState.SENT, decided_at=now)
        become(large, OTHERS, 1, DeliveryState.DEFERRED, next_attempt_at=now + timedelta(minutes=5))
        first = run_progress(large, now)
        become(large, GMAIL, 3, DeliveryState.SENT, decided_at=now)

        with django_assert_num_queries(0):
            second = run_progress(large, now)

        assert second == first
        assert second.counts.next_attempt_at == now + timedelta(minutes=5)

    @pytest.mark.parametrize(
        "moved", [{"epoch": 2}, {"state": RunState.PAUSED}, {"state": RunState.DONE}, {"state": RunState.CANCELLED}]
    )
    def test_a_button_shows_in_the_figures_at_once(self, large: Run, now: datetime, moved: dict[str, object]) -> None:
        run_progress(large, now)
        become(large, GMAIL, 3, DeliveryState.SENT, decided_at=now)

        for name, value in moved.items():
            setattr(large, name, value)

        assert run_progress(large, now).counts.sent == 3

    def test_a_small_run_is_counted_for_everybody_who_looks(self, run: Run, now: datetime) -> None:
        run.matched_count = LARGE
        run_progress(run, now)
        become(run, GMAIL, 3, DeliveryState.SENT, decided_at=now)

        assert run_progress(run, now).counts.sent == 3
