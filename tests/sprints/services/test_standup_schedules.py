"""When the stand-up is, and who takes part."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from sprints.services.standup_schedules import set_schedule
from sprints.services.standups import StandUpRefused
from sprints.standup_days import next_day, participants, schedule_of
from tests.factories.standups import every_day, terms_with
from workspaces.models import Member

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 8, 6, 0, tzinfo=UTC)


def test_until_it_is_set_the_makers_take_part_from_monday_to_friday(
    lead: Member, marketer: Member, analyst: Member, owner: Member, guest: Member
) -> None:
    schedule = schedule_of(lead.workspace)

    assert not schedule.is_set
    assert schedule.weekdays == [0, 1, 2, 3, 4]
    assert set(participants(schedule)) == {lead, marketer, analyst}


def test_who_stays_keeps_the_place_in_the_order(lead: Member, marketer: Member, analyst: Member) -> None:
    every_day([marketer, lead], NOW)

    schedule = every_day([lead, marketer, analyst], NOW)

    assert [member.pk for member in participants(schedule)] == [marketer.pk, lead.pk, analyst.pk]


def test_the_next_day_skips_days_off(lead: Member) -> None:
    schedule = every_day([lead], NOW, weekdays=[0, 4])

    assert next_day(schedule, date(2026, 6, 8)) == date(2026, 6, 12)
    assert next_day(schedule, date(2026, 6, 12)) == date(2026, 6, 15)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": [7]}, "weekdays"),
        ({"remind_hour": 11, "closing_hour": 11}, "closing_hour"),
        ({"closing_hour": 24}, "closing_hour"),
        ({"seconds_each": 5}, "seconds_each"),
        ({"seconds_each": 601}, "seconds_each"),
        ({"members": []}, "members"),
    ],
)
def test_what_makes_no_sense_is_refused(lead: Member, terms: dict[str, Any], field: str) -> None:
    values = {"members": [lead], **terms}

    with pytest.raises(StandUpRefused) as refusal:
        set_schedule(workspace=lead.workspace, terms=terms_with(**values), by=lead, now=NOW)

    assert list(refusal.value.fields) == [field]


def test_a_guest_and_a_stranger_cannot_take_part(lead: Member, guest: Member, outsider: Member) -> None:
    for stranger in (guest, outsider):
        with pytest.raises(StandUpRefused):
            every_day([lead, stranger], NOW)
