"""Why nothing moves in a run: from facts to words, and the facts themselves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from pytest_django import Settings
from redis import Redis

from delivery.models import DeliveryState, Installation, Lane, Run, RunState
from delivery.pace.queues import Queue
from delivery.queries import run_counts
from delivery.standstill import why_it_stands_still
from delivery.stuck import Explanation, Standstill, explain
from tests.factories.delivery import RunFactory, settled
from tests.factories.pace import use_up_the_day
from workspaces.models import Workspace

NOW = datetime(2026, 5, 19, 9, tzinfo=UTC)


def why(**facts: Any) -> Explanation:
    usual: dict[str, Any] = {"now": NOW, "idle_for": timedelta(minutes=12), "ring_at": NOW, "waiting": 5}
    return explain(Standstill(**usual | facts))


@pytest.mark.parametrize(
    ("facts", "what", "advice"),
    [
        (
            {"ring_at": None},
            "Nothing has looked for work because beat or the default worker does not run",
            "Start them",
        ),
        ({"ring_at": NOW - timedelta(minutes=2)}, "since 19 May 2026, 08:58", "Start them"),
        ({"bells": 3, "queue": "triggered"}, "nobody empties the queue “triggered”", "Start a worker"),
        ({"bells": None}, "Redis does not answer", "Start Redis"),
        ({"lanes_elsewhere": 2}, "busy: 2 with other sends", "more workers"),
        ({"lanes_here": 1}, "waits for the mail server", "Ask whoever runs"),
        ({"waiting": 0, "in_hand": 2}, "waits for the mail server", "ten minutes"),
        ({}, "none takes it up", "Read the log"),
    ],
)
def test_it_says_what_is_the_matter_and_what_to_do(facts: dict[str, Any], what: str, advice: str) -> None:
    found = why(**facts)

    assert what in found.what
    assert advice in found.advice
    assert found.is_alarming


def test_those_who_are_to_be_asked_again_later_are_no_cause_for_alarm() -> None:
    found = why(waiting=0, deferred=7, next_attempt_at=NOW + timedelta(hours=2))

    assert found.what == "The last 7 were asked to come back later; the next attempt is 19 May 2026, 11:00."
    assert not found.is_alarming


def test_a_limit_of_speed_is_said_as_it_is() -> None:
    found = why(limit="It waits for the hourly limit of Gmail until 13:00.")

    assert found == Explanation("It waits for the hourly limit of Gmail until 13:00.")


class TestFacts:
    @pytest.fixture
    def run(self, workspace: Workspace, now: datetime) -> Run:
        made: Run = RunFactory.create(workspace=workspace, started_at=now - timedelta(hours=1))
        settled(made, 2, DeliveryState.QUEUED, now, decided_at=None, attempt=0)
        Installation.objects.create(pk=1, born_at=now, clock=now)
        return made

    def of(self, run: Run, now: datetime) -> Explanation | None:
        run = Run.objects.with_parts().get(pk=run.pk)
        return why_it_stands_still(run, run_counts(run, now), now)

    def test_bells_that_nobody_hears(self, run: Run, now: datetime) -> None:
        with Redis.from_url(configured.REDIS_URL) as broker:
            broker.rpush(Queue.BULK, "a bell")
            try:
                found = self.of(run, now)
            finally:
                broker.delete(Queue.BULK)

        assert found is not None
        assert "nobody empties the queue “bulk”" in found.what

    def test_a_broker_that_is_away(self, run: Run, now: datetime, settings: Settings) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"

        found = self.of(run, now)

        assert found is not None
        assert "Redis does not answer" in found.what

    def test_a_worker_that_holds_a_lane(self, run: Run, now: datetime) -> None:
        Lane.objects.create(run=run, opened_at=now)

        found = self.of(run, now)

        assert found is not None
        assert "waits for the mail server" in found.what

    def test_a_list_that_is_not_made(self, workspace: Workspace, run: Run, now: datetime) -> None:
        planning = RunFactory.create(workspace=workspace, planning=True, started_at=now - timedelta(hours=1))

        assert self.of(planning, now) is not None

    @pytest.mark.parametrize("change", [{"trouble": "The relay is away."}, {"state": RunState.PAUSED}])
    def test_what_is_said_already_is_not_explained_again(self, run: Run, now: datetime, change: dict[str, str]) -> None:
        Run.objects.filter(pk=run.pk).update(**change)

        assert self.of(run, now) is None

    def test_a_volume_that_is_used_up_is_said_by_itself(self, run: Run, now: datetime) -> None:
        use_up_the_day(run, now)

        assert self.of(run, now) is None

    def test_a_volume_that_is_used_up_hides_no_ring_that_is_away(self, run: Run, now: datetime) -> None:
        use_up_the_day(run, now)
        Installation.objects.update(clock=now - timedelta(minutes=5))

        found = self.of(run, now)

        assert found is not None
        assert "Nothing has looked for work" in found.what

    def test_a_run_that_moves_stands_not_still(self, run: Run, now: datetime) -> None:
        settled(run, 1, DeliveryState.SENT, now - timedelta(minutes=9))

        assert self.of(run, now) is None
