"""Whoever is off is neither reminded nor missed, and a holiday is no day of the stand-up."""

from datetime import UTC, datetime, timedelta

import pytest

from sprints.models import StandUp, StandUpReminder
from sprints.services.standup_calls import call_stand_ups
from sprints.services.standup_rounds import speaking_order
from sprints.services.standups import StandUpRefused
from sprints.standup_days import is_on, next_day, schedule_of
from sprints.standup_queries import agreed_by, team_of
from tests.factories.approvals import agreed_in
from tests.factories.cadence import CapacityFactory, DaysOffFactory, HolidayFactory
from tests.factories.sprints import SprintFactory
from tests.factories.standups import every_day, said, todays
from workspaces.models import Member, SystemMail

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 6, 8, 6, 0, tzinfo=UTC)  # nine in Sofia
NOON = MONDAY + timedelta(hours=3)


@pytest.fixture
def team(lead: Member, marketer: Member) -> list[Member]:
    every_day([lead, marketer], MONDAY)
    return [lead, marketer]


def _off(member: Member) -> None:
    day = MONDAY.date()
    DaysOffFactory.create(workspace=member.workspace, member=member, first_date=day, last_date=day)


def test_nobody_is_reminded_on_a_day_off(team: list[Member]) -> None:
    _off(team[1])

    call_stand_ups(MONDAY)

    assert [reminder.member for reminder in StandUpReminder.objects.all()] == [team[0]]


def test_nobody_is_reminded_on_a_day_of_the_week_that_is_never_worked(team: list[Member]) -> None:
    CapacityFactory.create(workspace=team[1].workspace, member=team[1], weekdays=[1, 2, 3])

    call_stand_ups(MONDAY)

    assert [reminder.member for reminder in StandUpReminder.objects.all()] == [team[0]]


def test_the_digest_does_not_wait_for_who_is_off_nor_goes_there(team: list[Member]) -> None:
    _off(team[1])
    said(team[0], MONDAY)

    call_stand_ups(MONDAY + timedelta(minutes=11))

    assert [mail.to for mail in SystemMail.objects.filter(kind="sprints.stand_up_digest")] == [team[0].user.email]


def test_while_all_are_off_the_digest_waits_for_its_hour(team: list[Member]) -> None:
    for member in team:
        _off(member)
    stand_up = todays(team[0], MONDAY)

    call_stand_ups(MONDAY)
    before = StandUp.objects.get(pk=stand_up.pk).digest_at
    call_stand_ups(NOON)

    assert before is None
    assert StandUp.objects.get(pk=stand_up.pk).digest_at is not None
    assert not SystemMail.objects.filter(kind="sprints.stand_up_digest").exists()


def test_who_is_off_is_shown_as_off_and_not_as_missing(team: list[Member]) -> None:
    _off(team[1])

    found = team_of(todays(team[0], MONDAY), schedule_of(team[0].workspace))

    assert (found.silent, found.off, found.expected) == ([team[0]], [team[1]], 1)


def test_who_is_off_speaks_in_the_round_only_after_writing(team: list[Member]) -> None:
    _off(team[1])
    stand_up, schedule = todays(team[0], MONDAY), schedule_of(team[0].workspace)

    before = speaking_order(stand_up, schedule)
    said(team[1], MONDAY)

    assert before == [team[0]]
    assert speaking_order(stand_up, schedule) == team


def test_a_holiday_is_no_day_of_the_stand_up(team: list[Member]) -> None:
    day = MONDAY.date()
    HolidayFactory.create(workspace=team[0].workspace, day=day)
    HolidayFactory.create(workspace=team[0].workspace, day=day + timedelta(days=1))
    schedule = schedule_of(team[0].workspace)

    call_stand_ups(MONDAY)

    assert not is_on(schedule, day)
    assert next_day(schedule, day) == day + timedelta(days=2)
    assert not StandUpReminder.objects.exists()
    with pytest.raises(StandUpRefused, match="no stand-up on this day"):
        said(team[0], MONDAY)


def test_what_one_agreed_to_stands_in_ones_own_stand_up(team: list[Member]) -> None:
    sprint = SprintFactory.create(workspace=team[0].workspace, closed=True)
    mine = agreed_in(sprint, team[0], MONDAY)

    assert agreed_by(mine.owner) == [mine]
    assert agreed_by(next(member for member in team if member != mine.owner)) == []
