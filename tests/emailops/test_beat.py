"""Bells ring on whatever is done to the clock."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from emailops.beat import SteadyScheduler
from emailops.celery import app

RING = "due campaigns, lost bells, dead workers"


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[SteadyScheduler]:
    made = SteadyScheduler(app=app, schedule_filename=str(tmp_path / "beat-schedule"))
    yield made
    made.close()


def test_a_bell_that_rang_in_the_future_is_due_again_after_its_usual_while(scheduler: SteadyScheduler) -> None:
    bell = scheduler.schedule[RING]
    scheduler.tick()
    bell.last_run_at = bell.default_now() + timedelta(hours=1)  # by a clock that was then set back

    delay = scheduler.tick()

    assert bell.last_run_at is not None
    assert bell.last_run_at <= bell.default_now()
    assert delay <= 3, "the poller's bell rings every three seconds"


def test_a_bell_that_rang_a_moment_ago_is_left_alone(scheduler: SteadyScheduler) -> None:
    rang_at = {name: bell.last_run_at for name, bell in scheduler.schedule.items()}

    scheduler.tick()

    assert {name: bell.last_run_at for name, bell in scheduler.schedule.items()} == rang_at


def test_beat_is_started_with_it() -> None:
    assert app.conf.beat_scheduler == f"{SteadyScheduler.__module__}:{SteadyScheduler.__name__}"
