"""Days of a workspace, and the warm-up that counts in them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.models import WarmUp
from delivery.pace.days import day_of

SOFIA = ZoneInfo("Europe/Sofia")


@pytest.mark.parametrize(
    ("now", "zone", "day", "hours_left"),
    [
        (datetime(2026, 3, 28, 22, 0, tzinfo=UTC), SOFIA, date(2026, 3, 29), 23.0),  # the clock goes forward
        (datetime(2026, 10, 24, 21, 0, tzinfo=UTC), SOFIA, date(2026, 10, 25), 25.0),  # and back
        (datetime(2026, 12, 31, 21, 59, 59, tzinfo=UTC), SOFIA, date(2026, 12, 31), 1 / 3600),
        (datetime(2026, 12, 31, 22, 0, tzinfo=UTC), SOFIA, date(2027, 1, 1), 24.0),
        (datetime(2028, 2, 28, 12, 0, tzinfo=UTC), ZoneInfo("UTC"), date(2028, 2, 28), 12.0),
        # Clocks in Beirut go forward at midnight: the day begins at one.
        (datetime(2026, 3, 28, 21, 0, tzinfo=UTC), ZoneInfo("Asia/Beirut"), date(2026, 3, 28), 1.0),
    ],
)
def test_a_day_ends_at_midnight_in_the_workspaces_zone(
    now: datetime, zone: ZoneInfo, day: date, hours_left: float
) -> None:
    found = day_of(now, zone)

    assert found.date == day
    assert found.ends_in == pytest.approx(hours_left * 3600)


@given(
    st.integers(0, 15 * 366 * 24 * 60).map(
        lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.sampled_from(["Europe/Sofia", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"]),
)
def test_the_next_day_begins_right_where_one_ends(now: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    today = day_of(now, zone)

    after = day_of(now + timedelta(seconds=today.ends_in), zone)

    assert 0 < today.ends_in <= 25 * 3600
    assert after.date == today.date + timedelta(days=1)


class TestWarmUp:
    def warm_up(self, start: date = date(2026, 1, 30), **numbers: int) -> WarmUp:
        return WarmUp(
            **{"first_day_count": 500, "growth_percent": 40, "target_count": 2000, **numbers}, start_date=start
        )

    def test_each_day_has_its_share_more_over_the_end_of_a_month(self) -> None:
        days = list(self.warm_up().days(date(2026, 1, 31)))

        assert days == [
            (date(2026, 1, 31), 700),
            (date(2026, 2, 1), 980),
            (date(2026, 2, 2), 1372),
            (date(2026, 2, 3), 1920),
        ]

    def test_before_it_begins_and_after_it_is_over_it_limits_nothing(self) -> None:
        warm_up = self.warm_up()

        volumes = [warm_up.volume_on(day) for day in (date(2026, 1, 29), date(2026, 2, 3), date(2026, 2, 4))]

        assert volumes == [None, 1920, None]
        assert warm_up.last_day == date(2026, 2, 3)

    def test_a_day_that_would_just_reach_the_target_has_no_limit(self) -> None:
        warm_up = self.warm_up(growth_percent=100, first_day_count=500)

        assert [volume for _day, volume in warm_up.days(warm_up.start_date)] == [500, 1000]

    @given(st.integers(1, 10_000), st.integers(1, 300), st.integers(2, 1_000_000))
    def test_it_never_shrinks_and_always_ends(self, first: int, growth: int, target: int) -> None:
        warm_up = self.warm_up(first_day_count=first, growth_percent=growth, target_count=first + target)

        volumes = [volume for _day, volume in warm_up.days(warm_up.start_date)]

        assert volumes[0] == first
        assert volumes == sorted(volumes)
        assert volumes[-1] < first + target
        assert warm_up.volume_on(warm_up.last_day + timedelta(days=1)) is None
