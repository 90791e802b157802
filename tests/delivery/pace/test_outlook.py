"""What limits mean, in words that people can plan with."""

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from delivery.models import DayVolume, LimitScope
from delivery.pace.days import day_of
from delivery.pace.outlook import Outlook, said, used_up
from delivery.pace.pacing import Pace
from tests.factories.delivery import RunFactory
from tests.factories.pace import SpeedLimitFactory, WarmUpFactory
from tests.factories.transports import TransportFactory
from workspaces.models import Workspace


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(), "1 s"),
        (timedelta(seconds=45), "45 s"),
        (timedelta(minutes=33, seconds=20), "33 min"),
        (timedelta(minutes=100), "1 h 40 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=49), "3 days"),
        (timedelta(days=1500), "1,500 days"),
    ],
)
def test_a_span_is_said_in_two_units_at_most(span: timedelta, words: str) -> None:
    assert said(span) == words


class TestOutlook:
    def test_without_limits_it_says_so(self, workspace: Workspace, now: datetime) -> None:
        assert "Nothing limits the speed" in Outlook(workspace, now).words

    def test_the_lowest_of_all_limits_counts(self, workspace: Workspace, now: datetime, settings: Settings) -> None:
        settings.MAIL_PER_MINUTE = 3000
        SpeedLimitFactory.create(workspace=workspace, per_minute=2000)
        SpeedLimitFactory.create(workspace=workspace, scope=LimitScope.SERVER, per_minute=1000)

        outlook = Outlook(workspace, now)

        assert outlook.per_minute == 1000
        assert outlook.words == "At this speed 100,000 mails take 1 h 40 min."

    def test_a_warm_up_makes_it_days_of_which_each_brings_more(self, workspace: Workspace, now: datetime) -> None:
        WarmUpFactory.create(workspace=workspace, first_day_count=10_000, growth_percent=100, target_count=1_000_000)

        outlook = Outlook(workspace, now)

        assert outlook.per_day == 10_000
        assert outlook.words == "At this speed 100,000 mails take 4 days."  # 10, 20, 40 and the rest

    @pytest.mark.parametrize(("per_day", "days"), [(200_000, 1), (100_000, 1), (50_000, 2), (30_000, 4), (1, 100_000)])
    def test_a_limit_a_day_makes_it_days(self, workspace: Workspace, now: datetime, per_day: int, days: int) -> None:
        SpeedLimitFactory.create(workspace=workspace, per_minute=None, per_day=per_day)

        assert Outlook(workspace, now).days_for(100_000) == days

    @pytest.mark.parametrize(("drawn", "days"), [(0, 3), (50, 3), (51, 4), (100, 4), (900, 4)])
    def test_what_went_out_today_is_gone_of_today_alone(
        self, workspace: Workspace, now: datetime, drawn: int, days: int
    ) -> None:
        SpeedLimitFactory.create(workspace=workspace, per_minute=None, per_day=100)
        today = day_of(now, workspace.zone).date
        DayVolume.objects.create(workspace=workspace, day=today, group="other", count=drawn)

        assert Outlook(workspace, now).days_left_for(250) == days

    def test_servers_that_carry_nothing_add_nothing(
        self, workspace: Workspace, now: datetime, settings: Settings
    ) -> None:
        settings.MAIL_PER_MINUTE = 1000
        TransportFactory.create(workspace=workspace)
        TransportFactory.create(workspace=workspace, weight=0)
        TransportFactory.create(workspace=workspace, is_enabled=False)

        assert Outlook(workspace, now).per_minute == 1000

    def test_after_the_warm_up_everything_goes_at_once(self, workspace: Workspace, now: datetime) -> None:
        WarmUpFactory.create(workspace=workspace, first_day_count=10, growth_percent=100, target_count=30)

        assert Outlook(workspace, now).days_for(100_000) == 3

    def test_the_narrower_of_minute_and_day_says_how_long_it_takes(self, workspace: Workspace, now: datetime) -> None:
        SpeedLimitFactory.create(workspace=workspace, per_minute=1, per_day=100_000)

        assert Outlook(workspace, now).words == "At this speed 100,000 mails take 70 days."

    def test_a_server_tells_what_it_was_given_of_its_day(self, workspace: Workspace, now: datetime) -> None:
        WarmUpFactory.create(workspace=workspace, first_day_count=1000)
        with Pace(RunFactory.create(workspace=workspace, matched_count=5)) as pace:
            pace.grant({"gmail": 250})

        [server] = Outlook(workspace, now).servers

        assert (server.drawn, server.volume, server.drawn_rate) == (250, 1000, 0.25)


class TestUsedUp:
    def spend(self, workspace: Workspace, count: int) -> None:
        with Pace(RunFactory.create(workspace=workspace, matched_count=5)) as pace:
            pace.grant({"gmail": count})

    def test_nothing_is_said_while_something_is_left(self, workspace: Workspace, now: datetime) -> None:
        SpeedLimitFactory.create(workspace=workspace, per_minute=None, per_day=100)
        self.spend(workspace, 50)

        assert used_up(workspace, now) == []

    def test_it_says_which_number_is_reached_also_by_the_share_kept_for_small_sends(
        self, workspace: Workspace, now: datetime
    ) -> None:
        SpeedLimitFactory.create(workspace=workspace, per_minute=None, per_day=1000)
        SpeedLimitFactory.create(
            workspace=workspace, scope=LimitScope.GROUP, group="gmail", per_minute=None, per_day=985
        )
        self.spend(workspace, 980)

        assert used_up(workspace, now) == [
            "Today’s limit of 1,000 mails is reached. The rest goes out from midnight on.",
            "Today’s limit of 985 mails to Gmail is reached. The rest goes out from midnight on.",
        ]
