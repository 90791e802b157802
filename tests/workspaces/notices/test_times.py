"""The hour of the digest on the clock of a person, also when summer time begins and ends."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from workspaces.notices.times import next_digest

SOFIA, SYDNEY = ZoneInfo("Europe/Sofia"), ZoneInfo("Australia/Sydney")


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        (datetime(2026, 7, 1, 4, 59, tzinfo=UTC), SOFIA, datetime(2026, 7, 1, 5, 0, tzinfo=UTC)),
        (datetime(2026, 7, 1, 5, 0, tzinfo=UTC), SOFIA, datetime(2026, 7, 2, 5, 0, tzinfo=UTC)),
        (datetime(2026, 1, 1, 12, 0, tzinfo=UTC), SOFIA, datetime(2026, 1, 2, 6, 0, tzinfo=UTC)),
        (datetime(2026, 7, 1, 21, 59, tzinfo=UTC), SYDNEY, datetime(2026, 7, 1, 22, 0, tzinfo=UTC)),
    ],
)
def test_it_is_the_next_eight_o_clock_where_the_person_lives(now: datetime, zone: ZoneInfo, expected: datetime) -> None:
    assert next_digest(8, zone, now) == expected


def test_the_hour_stays_when_the_clocks_go_back() -> None:
    evening_before = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)

    moment = next_digest(8, SOFIA, evening_before)

    assert moment == datetime(2026, 10, 25, 6, 0, tzinfo=UTC)  # three hours ahead the day before, two now


def test_an_hour_that_summer_time_skips_comes_all_the_same() -> None:
    evening_before = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)

    moment = next_digest(3, SOFIA, evening_before)

    assert datetime(2026, 3, 29, 0, 0, tzinfo=UTC) <= moment <= datetime(2026, 3, 29, 2, 0, tzinfo=UTC)
