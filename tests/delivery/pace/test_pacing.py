"""What a worker is granted, and how what it tells acts on everybody."""

import time
from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from delivery.models import DayVolume, LimitScope, Run
from delivery.pace import pacing
from delivery.pace.buckets import BucketsUnreachable, client
from delivery.pace.days import day_of
from delivery.pace.pacing import Pace, charge
from delivery.pace.slowing import slowed_groups
from tests.delivery.conftest import Clock
from tests.delivery.pace.conftest import forget_everything
from tests.factories.delivery import RunFactory
from tests.factories.pace import SpeedLimitFactory, WarmUpFactory
from workspaces.models import Workspace


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """A small run, which leaves nothing to others."""
    made: Run = RunFactory.create(workspace=workspace, matched_count=500)
    return made


def volumes(workspace: Workspace) -> dict[str, int]:
    rows = DayVolume.objects.for_workspace(workspace).order_by("pk")
    return {row.group: row.count for row in rows}


class TestGranting:
    def test_without_limits_everything_goes(self, run: Run) -> None:
        with Pace(run) as pace:
            assert pace.grant({"gmail": 200, "other": 500}) == {"gmail": 200, "other": 500}
            assert (pace.waits, pace.wait) == ({}, 0.0)

    def test_a_limited_group_does_not_hold_up_the_others(self, run: Run) -> None:
        SpeedLimitFactory.create(workspace=run.workspace, scope=LimitScope.GROUP, group="gmail", per_minute=1200)

        with Pace(run) as pace:
            assert pace.grant({"gmail": 200, "other": 500}) == {"gmail": 20, "other": 500}

    def test_who_got_nothing_knows_how_long_to_wait(self, run: Run) -> None:
        SpeedLimitFactory.create(workspace=run.workspace, per_minute=60)
        pace = Pace(run)
        pace.grant({"gmail": 5})

        refused = pace.grant({"gmail": 5, "other": 0})

        assert refused == {"gmail": 0, "other": 0}
        assert list(pace.waits) == ["gmail"]
        assert 0.5 < pace.wait <= 1.0

    def test_nobody_is_always_last(self, run: Run) -> None:
        SpeedLimitFactory.create(workspace=run.workspace, per_minute=600)
        got: set[str] = set()
        pace = Pace(run)

        for _time in range(30):
            counts = pace.grant({"gmail": 50, "yahoo": 50, "other": 50})
            got |= {group for group, count in counts.items() if count}
            time.sleep(0.1)
            if len(got) == 3:
                break

        assert got == {"gmail", "yahoo", "other"}

    def test_it_is_one_call_however_many_groups(self, run: Run) -> None:
        for group in ("gmail", "yahoo", "other"):
            SpeedLimitFactory.create(workspace=run.workspace, scope=LimitScope.GROUP, group=group, per_day=500)
        pace = Pace(run)
        pace.grant({"gmail": 1})
        pace.note("gmail", accepted=1)
        before = self.scripts_run()

        pace.grant({"gmail": 1, "yahoo": 2, "other": 3})

        assert self.scripts_run() == before + 1

    def scripts_run(self) -> int:
        stats = client().info("commandstats")
        return sum(int(stats[name]["calls"]) for name in ("cmdstat_evalsha", "cmdstat_eval") if name in stats)

    def test_a_batch_after_another_asks_the_database_nothing(
        self, run: Run, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        pace = Pace(run)
        pace.grant({"gmail": 1})

        with django_assert_num_queries(0):
            pace.grant({"gmail": 1})

    def test_a_speed_that_is_moved_acts_within_three_seconds(self, run: Run) -> None:
        pace = Pace(run)
        pace.grant({"gmail": 10_000})
        Run.objects.filter(pk=run.pk).update(speed_limit=120)
        time.sleep(2.1)

        assert pace.grant({"gmail": 10_000}) == {"gmail": 2}

    def test_bulk_leaves_something_for_a_small_run(self, workspace: Workspace, run: Run) -> None:
        SpeedLimitFactory.create(workspace=workspace, per_minute=60 * 101)
        bulk = Pace(RunFactory.create(workspace=workspace, matched_count=1_000_000))
        bulk.grant({"gmail": 1_000})

        nothing, something = bulk.grant({"gmail": 1}), Pace(run).grant({"gmail": 1})

        assert (nothing, something) == ({"gmail": 0}, {"gmail": 1})

    def test_what_was_not_used_can_be_had_again(self, run: Run) -> None:
        SpeedLimitFactory.create(workspace=run.workspace, per_minute=None, per_day=10)
        pace = Pace(run)
        pace.grant({"gmail": 10})

        pace.unused("gmail", 4)

        assert pace.grant({"other": 10}) == {"other": 4}


class TestADaysVolume:
    def test_it_outlives_redis(self, run: Run) -> None:
        SpeedLimitFactory.create(workspace=run.workspace, per_minute=None, per_day=100)
        with Pace(run) as pace:
            pace.grant({"gmail": 60})
        forget_everything()

        with Pace(run) as pace:
            assert pace.grant({"gmail": 60}) == {"gmail": 40}

    def test_a_warm_up_gives_its_days_and_no_more(self, run: Run, clock: Clock) -> None:
        today = day_of(clock.now, run.workspace.zone).date
        WarmUpFactory.create(
            workspace=run.workspace, start_date=today, first_day_count=10, growth_percent=50, target_count=20
        )
        granted = []

        for _day in range(3):
            with Pace(run, clock=clock) as pace:
                granted.append(pace.grant({"gmail": 1_000})["gmail"])
                clock.forward(timedelta(days=1))

        assert granted == [10, 15, 1_000]

    def test_midnight_opens_the_next_window(self, run: Run, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pacing, "FRESH", 0)
        SpeedLimitFactory.create(workspace=run.workspace, per_minute=None, per_day=5)
        pace = Pace(run, clock=clock)
        pace.grant({"gmail": 9})
        refused = pace.grant({"gmail": 9})
        assert refused == {"gmail": 0}

        clock.forward(timedelta(seconds=pace.wait))

        assert pace.grant({"gmail": 9}) == {"gmail": 5}

    def test_what_was_granted_is_written_down_for_the_page(self, run: Run) -> None:
        with Pace(run) as pace:
            pace.grant({"gmail": 30, "other": 2})
            pace.unused("gmail", 10)
        pace.close()

        assert volumes(run.workspace) == {"gmail": 20, "other": 2}


class TestAnswers:
    def test_one_workers_complaint_slows_all_down(self, workspace: Workspace, run: Run) -> None:
        one, other = Pace(run), Pace(RunFactory.create(workspace=workspace, matched_count=5))
        other.grant({"gmail": 5})

        one.note("gmail", accepted=90, throttled=10)

        assert 1 <= other.grant({"gmail": 100_000})["gmail"] < 100
        assert other.grant({"yahoo": 100_000}) == {"yahoo": 100_000}

    def test_another_server_is_not_slowed(self, run: Run) -> None:
        Pace(run, 1).note("gmail", throttled=1)

        assert Pace(run, 2).grant({"gmail": 100_000}) == {"gmail": 100_000}

    def test_the_rate_to_slow_from_is_what_the_servers_answered(self, run: Run, now: datetime) -> None:
        pace = Pace(run)
        pace.note("gmail", accepted=500, deferred=99)
        pace.grant({"gmail": 1})

        pace.note("gmail", throttled=1)

        [slowed] = slowed_groups(run.workspace, now)
        assert 250 < slowed.per_minute / 60 < 350


class TestWithoutRedis:
    def test_nothing_is_granted_even_without_a_limit(self, run: Run, redis_is_away: None) -> None:
        with pytest.raises(BucketsUnreachable):
            Pace(run).grant({"gmail": 1})

    def test_what_only_tells_does_not_fail(
        self, run: Run, now: datetime, redis_is_away: None, caplog: pytest.LogCaptureFixture
    ) -> None:
        pace = Pace(run)

        pace.note("gmail", throttled=1)
        pace.unused("gmail", 1)
        charge(run.workspace, None, "ann@gmail.com", now)

        assert len(caplog.records) == 3


class TestAMessageThatWaitsForNobody:
    def test_it_counts_though_the_bucket_is_empty(self, run: Run, now: datetime) -> None:
        SpeedLimitFactory.create(workspace=run.workspace, per_minute=60, per_day=100)
        pace = Pace(run)
        pace.grant({"gmail": 1})

        for _mail in range(2):
            charge(run.workspace, None, "ann@gmail.com", now)
        pace.grant({"gmail": 1})
        pace.close()

        assert 1.0 < pace.wait <= 3.0
        assert volumes(run.workspace) == {"gmail": 3}
