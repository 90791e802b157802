"""What the stand-up mails: a reminder once a day, and exactly one digest."""

from datetime import UTC, datetime, timedelta

import pytest

from sprints.models import StandUp
from sprints.services.standup_calls import DIGEST, QUIET, REMINDER, call_stand_ups
from tests.factories.standups import every_day, said
from tests.together import together
from workspaces.models import Member, SystemMail

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 6, 8, 6, 0, tzinfo=UTC)  # nine in Sofia
NIGHT = MONDAY - timedelta(hours=4)
NOON = MONDAY + timedelta(hours=3)


def mailed(kind: str) -> list[str]:
    return sorted(SystemMail.objects.filter(kind=kind).values_list("to", flat=True))


def test_who_has_not_written_is_reminded_once(lead: Member, marketer: Member) -> None:
    every_day([lead, marketer], NIGHT)
    said(lead, NIGHT)

    for minutes in (0, 1, 2):
        call_stand_ups(MONDAY + timedelta(minutes=minutes))

    assert mailed(REMINDER) == [marketer.user.email]


def test_nobody_is_reminded_before_the_hour_nor_after_the_digest(lead: Member) -> None:
    every_day([lead], NIGHT)

    call_stand_ups(MONDAY - timedelta(minutes=1))
    call_stand_ups(NOON)

    assert mailed(REMINDER) == []


def test_everybody_is_reminded_at_the_own_hour(lead: Member, marketer: Member) -> None:
    marketer.user.time_zone = "America/New_York"
    marketer.user.save()
    every_day([lead, marketer], NIGHT)

    call_stand_ups(MONDAY)
    at_nine_in_sofia = mailed(REMINDER)
    call_stand_ups(MONDAY + timedelta(hours=7))

    assert at_nine_in_sofia == [lead.user.email]
    assert mailed(REMINDER) == sorted([lead.user.email, marketer.user.email])


def test_nobody_is_reminded_on_a_day_off(lead: Member) -> None:
    every_day([lead], NIGHT, weekdays=[1, 2, 3, 4])

    call_stand_ups(MONDAY)

    assert mailed(REMINDER) == []


def test_without_a_schedule_nobody_is_mailed(lead: Member) -> None:
    call_stand_ups(MONDAY)

    assert SystemMail.objects.count() == 0


def test_who_has_left_is_not_reminded(lead: Member, marketer: Member) -> None:
    every_day([lead, marketer], NIGHT)
    marketer.left_at = NIGHT
    marketer.save()

    call_stand_ups(MONDAY)

    assert mailed(REMINDER) == [lead.user.email]


def test_the_digest_goes_when_all_have_written_and_nobody_writes_any_more(lead: Member, marketer: Member) -> None:
    every_day([lead, marketer], NIGHT)
    said(lead, MONDAY)
    said(marketer, MONDAY + timedelta(minutes=5))

    call_stand_ups(MONDAY + timedelta(minutes=6))
    while_writing = mailed(DIGEST)
    call_stand_ups(MONDAY + timedelta(minutes=5) + QUIET)
    call_stand_ups(MONDAY + timedelta(minutes=6) + QUIET)

    assert while_writing == []
    assert mailed(DIGEST) == sorted([lead.user.email, marketer.user.email])


def test_at_the_latest_hour_the_digest_waits_for_nobody(lead: Member, marketer: Member) -> None:
    every_day([lead, marketer], NIGHT)
    said(lead, MONDAY)

    call_stand_ups(NOON - timedelta(hours=1, minutes=1))
    before = mailed(DIGEST)
    call_stand_ups(NOON - timedelta(hours=1))

    assert before == []
    assert mailed(DIGEST) == sorted([lead.user.email, marketer.user.email])


def test_the_digest_waits_for_the_last_ones_own_hour(lead: Member, marketer: Member) -> None:
    marketer.user.time_zone = "America/New_York"
    marketer.user.save()
    every_day([lead, marketer], NIGHT)
    said(lead, MONDAY)

    call_stand_ups(NOON)
    at_noon = mailed(DIGEST)
    call_stand_ups(datetime(2026, 6, 8, 15, 0, tzinfo=UTC))

    assert at_noon == []
    assert len(mailed(DIGEST)) == 2


def test_when_nobody_wrote_there_is_no_digest(lead: Member) -> None:
    every_day([lead], NIGHT)
    call_stand_ups(MONDAY)

    call_stand_ups(NOON)

    assert mailed(DIGEST) == []
    assert StandUp.objects.get().digest_at == NOON


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one_digest(lead: Member, marketer: Member) -> None:
    every_day([lead, marketer], NIGHT)
    said(lead, MONDAY)

    found = together(lambda: call_stand_ups(NOON), lambda: call_stand_ups(NOON))

    assert found == [None, None]
    assert mailed(DIGEST) == sorted([lead.user.email, marketer.user.email])


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_remind_once(lead: Member, marketer: Member) -> None:
    every_day([lead, marketer], NIGHT)

    found = together(lambda: call_stand_ups(MONDAY), lambda: call_stand_ups(MONDAY))

    assert found == [None, None]
    assert mailed(REMINDER) == sorted([lead.user.email, marketer.user.email])
