"""The calendar and the crowd of the sample company: what is thought up before anything is written."""

from datetime import date, datetime, timedelta

import pytest
from django.test import override_settings

from emailops.demo.crowd import Crowd
from emailops.demo.stage import RUNNING_SPRINT, ZONE, Calendar

NOW = datetime(2026, 5, 18, 11, 30, tzinfo=ZONE)  # a Monday, the sixth working day of the running sprint


class TestCalendar:
    @pytest.mark.parametrize("day", range(14))
    @pytest.mark.parametrize("hour", [0, 9, 23])
    def test_whatever_the_day_the_running_sprint_is_half_over(self, day: int, hour: int) -> None:
        now = datetime(2026, 3, 23, hour, 5, tzinfo=ZONE) + timedelta(days=day)  # over the change to summer time
        calendar = Calendar(now)

        start = calendar.start_of(RUNNING_SPRINT)
        worked = sum((start + timedelta(days=n)).weekday() < 5 for n in range((calendar.today - start).days + 1))
        assert start.weekday() == 0
        assert 4 <= worked <= 8

    @pytest.mark.parametrize("day", range(7))
    def test_the_next_send_is_on_a_working_day_within_the_sprint(self, day: int) -> None:
        calendar = Calendar(NOW + timedelta(days=day))

        sends_on = calendar.in_sprint(RUNNING_SPRINT, "next 09:30")

        assert sends_on > calendar.now
        assert sends_on.weekday() < 5
        assert sends_on.date() <= calendar.day_of(RUNNING_SPRINT, 10)

    @pytest.mark.parametrize("day", range(7))
    @pytest.mark.parametrize("hour", [0, 8, 12, 20])
    def test_the_last_working_moment_is_past_and_fits_a_mailed_link(self, day: int, hour: int) -> None:
        now = datetime(2026, 5, 18, hour, 0, tzinfo=ZONE) + timedelta(days=day)

        moment = Calendar(now).last_working_moment("09:10", "16:20")

        assert moment.weekday() < 5
        assert timedelta(minutes=30) <= now - moment < timedelta(hours=72)

    def test_a_moment_with_a_minus_lies_in_the_sprint_before(self) -> None:
        calendar = Calendar(NOW)

        assert calendar.in_sprint(15, "-10 16:20") == datetime(2026, 5, 8, 16, 20, tzinfo=ZONE)
        assert calendar.in_sprint(15, "6 09:00") == datetime(2026, 5, 18, 9, 0, tzinfo=ZONE)


class TestCrowd:
    def test_it_is_the_same_on_every_machine(self) -> None:
        born = date(2026, 1, 1)

        assert Crowd(3).readers(50, born_before=born) == Crowd(3).readers(50, born_before=born)

    def test_nobody_has_the_address_of_somebody_else(self) -> None:
        readers = Crowd(3).readers(3000, born_before=date(2026, 1, 1))

        assert len({reader.email for reader in readers}) == 3000
        assert all(reader.email.isascii() for reader in readers)

    def test_where_mail_really_leaves_the_addresses_are_nobodys(self) -> None:
        with override_settings(MAIL_SANDBOX=False):
            readers = Crowd(3).readers(20, born_before=date(2026, 1, 1))

        assert all(reader.email.endswith(".example") for reader in readers)
