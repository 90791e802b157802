"""Verbs on the rhythm of sprints: made ahead, never twice, never over others; cancelled ones leave no gap to fill."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from sprints.calendar import name_of, next_slot
from sprints.models import Cadence, Sprint, SprintState, Story
from sprints.services.cadence import (
    CadenceRefused,
    add_holiday,
    cancel_sprint,
    make_ahead,
    make_all_ahead,
    remove_holiday,
    set_cadence,
)
from sprints.services.sprints import SprintRefused, open_sprint
from sprints.tasks import make_ahead as bell
from tests.factories.cadence import CadenceFactory, HolidayFactory
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.sprints.looking import titles
from workspaces.models import AuditEntry, Member, Workspace

MONDAY = date(2026, 5, 18)
NOON = datetime(2026, 5, 18, 12, tzinfo=ZoneInfo("Europe/Sofia"))


def spans(workspace: Workspace) -> list[tuple[date, date]]:
    return list(Sprint.objects.for_workspace(workspace).order_by("start_date").values_list("start_date", "end_date"))


class TestMakingAhead:
    def test_sprints_follow_each_other_from_the_day_of_the_week_to_a_working_day(
        self, workspace: Workspace, lead: Member
    ) -> None:
        set_cadence(workspace=workspace, weeks=2, ahead=2, by=lead, now=NOON)

        assert spans(workspace) == [
            (MONDAY, MONDAY + timedelta(days=11)),
            (MONDAY + timedelta(days=14), MONDAY + timedelta(days=25)),
        ]

    def test_a_sprint_begins_and_ends_on_no_holiday(self, workspace: Workspace) -> None:
        CadenceFactory.create(workspace=workspace, weeks=1, ahead=2)
        for days in (0, 1, 4):
            HolidayFactory.create(workspace=workspace, day=MONDAY + timedelta(days=days))

        make_ahead(workspace=workspace, now=NOON)

        assert spans(workspace) == [
            (MONDAY + timedelta(days=2), MONDAY + timedelta(days=3)),
            (MONDAY + timedelta(days=7), MONDAY + timedelta(days=11)),
        ]

    def test_weeks_of_holidays_are_left_out(self, workspace: Workspace) -> None:
        CadenceFactory.create(workspace=workspace, weeks=1, ahead=1)
        for days in range(5):
            HolidayFactory.create(workspace=workspace, day=MONDAY + timedelta(days=days))

        make_ahead(workspace=workspace, now=NOON)

        assert spans(workspace) == [(MONDAY + timedelta(days=7), MONDAY + timedelta(days=11))]

    @pytest.mark.parametrize(
        ("zone", "first"),
        [
            ("Europe/Sofia", MONDAY + timedelta(days=7)),
            ("Europe/London", MONDAY),
            ("Pacific/Auckland", MONDAY + timedelta(days=7)),
        ],
    )
    def test_today_is_that_of_the_workspace(self, workspace: Workspace, zone: str, first: date) -> None:
        workspace.time_zone = zone
        workspace.save()
        CadenceFactory.create(workspace=workspace, weeks=1, ahead=1)

        make_ahead(workspace=workspace, now=datetime(2026, 5, 18, 22, 30, tzinfo=ZoneInfo("UTC")))

        assert spans(workspace)[0][0] == first

    def test_made_ahead_and_by_hand_never_share_a_day(self, workspace: Workspace, lead: Member) -> None:
        set_cadence(workspace=workspace, weeks=2, ahead=2, by=lead, now=NOON)

        with pytest.raises(SprintRefused, match="Choose other days"):
            open_sprint(
                workspace=workspace, name="Ours", by=lead, now=NOON,
                start_date=MONDAY + timedelta(days=7), end_date=MONDAY + timedelta(days=20),
            )  # fmt: skip
        by_hand = open_sprint(
            workspace=workspace, name="Ours", by=lead, now=NOON,
            start_date=MONDAY + timedelta(days=28), end_date=MONDAY + timedelta(days=50),
        )  # fmt: skip
        set_cadence(workspace=workspace, ahead=4, by=lead, now=NOON)

        taken = spans(workspace)
        assert (by_hand.start_date, by_hand.end_date) in taken
        assert len(taken) == 4
        assert all(end < start for (_start, end), (start, _end) in pairwise(taken))

    def test_repeating_makes_no_more(self, workspace: Workspace) -> None:
        CadenceFactory.create(workspace=workspace, ahead=3)

        first, again = make_ahead(workspace=workspace, now=NOON), make_ahead(workspace=workspace, now=NOON)

        assert (len(first), again) == (3, [])

    def test_none_is_made_over_one_that_exists(self, workspace: Workspace) -> None:
        CadenceFactory.create(workspace=workspace, weeks=1, ahead=2)
        late = SprintFactory.create(workspace=workspace, start_date=MONDAY, end_date=MONDAY + timedelta(days=8))

        (made,) = make_ahead(workspace=workspace, now=NOON)

        assert made.start_date == MONDAY + timedelta(days=14)
        assert spans(workspace)[0] == (late.start_date, late.end_date)

    def test_a_started_sprint_makes_room_for_another(self, workspace: Workspace) -> None:
        CadenceFactory.create(workspace=workspace, ahead=1)
        SprintFactory.create(workspace=workspace, running=True, start_date=MONDAY, end_date=MONDAY + timedelta(days=11))

        (made,) = make_ahead(workspace=workspace, now=NOON)

        assert made.start_date == MONDAY + timedelta(days=14)

    def test_a_cancelled_sprint_is_not_made_again_in_its_place(self, workspace: Workspace, lead: Member) -> None:
        CadenceFactory.create(workspace=workspace, ahead=1)
        (mistaken,) = make_ahead(workspace=workspace, now=NOON)
        cancel_sprint(sprint=mistaken, by=lead, now=NOON)

        (made,) = make_ahead(workspace=workspace, now=NOON)

        assert made.start_date > mistaken.end_date

    def test_none_is_made_while_it_is_paused_or_without_a_cadence(self, workspace: Workspace, outsider: Member) -> None:
        CadenceFactory.create(workspace=workspace, is_paused=True)

        assert make_ahead(workspace=workspace, now=NOON) == []
        assert make_ahead(workspace=outsider.workspace, now=NOON) == []

    def test_after_a_long_pause_none_is_made_in_the_past(self, workspace: Workspace) -> None:
        CadenceFactory.create(workspace=workspace, ahead=1)
        old = MONDAY - timedelta(days=200)
        SprintFactory.create(workspace=workspace, closed=True, start_date=old, end_date=old + timedelta(days=11))

        (made,) = make_ahead(workspace=workspace, now=NOON)

        assert made.start_date == MONDAY

    def test_the_bell_looks_into_every_workspace(self, workspace: Workspace, outsider: Member) -> None:
        CadenceFactory.create(workspace=workspace, ahead=1)
        CadenceFactory.create(workspace=outsider.workspace, ahead=2)

        bell(surprise=1)

        assert Sprint.objects.count() == 3
        assert make_all_ahead(NOON) == 0
        assert set(AuditEntry.objects.filter(action="sprint.opened").values_list("member", flat=True)) == {None}

    @pytest.mark.django_db(transaction=True)
    def test_two_bells_at_once_make_each_sprint_once(self, workspace: Workspace) -> None:
        CadenceFactory.create(workspace=workspace, ahead=3)

        def ring() -> None:
            make_all_ahead(NOON)
            connection.close()

        bells = [Thread(target=ring) for _n in range(4)]
        for thread in bells:
            thread.start()
        for thread in bells:
            thread.join()

        assert len(spans(workspace)) == 3


class TestCalendar:
    @pytest.mark.parametrize(("cool_down", "days"), [(0, 14), (2, 14), (3, 21), (9, 21), (10, 28)])
    def test_the_cool_down_lies_between_two_sprints(self, cool_down: int, days: int) -> None:
        cadence = Cadence(weeks=2, cool_down_days=cool_down)

        slot = next_slot(cadence, MONDAY + timedelta(days=11), MONDAY)

        assert slot.start == MONDAY + timedelta(days=days)

    def test_a_sprint_from_wednesday_ends_on_tuesday(self) -> None:
        slot = next_slot(Cadence(weeks=1, first_weekday=2), None, MONDAY)

        assert (slot.start, slot.end) == (date(2026, 5, 20), date(2026, 5, 26))

    def test_the_name_is_in_the_language_of_the_workspace(self) -> None:
        slot = next_slot(Cadence(weeks=2), None, MONDAY)

        assert name_of("{month} {year}, {week} to {last_week}, no. {number}", 7, slot, "en") == (
            "May 2026, 21 to 22, no. 7"
        )


class TestCadence:
    @pytest.mark.parametrize(
        ("name", "value"),
        [("weeks", 0), ("weeks", 5), ("ahead", 0), ("ahead", 13), ("cool_down_days", 15), ("hours_per_point", 0)],
    )
    def test_what_makes_no_sense_is_refused_under_its_field(
        self, workspace: Workspace, lead: Member, name: str, value: int
    ) -> None:
        with pytest.raises(CadenceRefused) as refused:
            set_cadence(workspace=workspace, by=lead, now=NOON, **{name: value})

        assert set(refused.value.fields) == {name}
        assert not Sprint.objects.exists()

    @pytest.mark.parametrize("pattern", ["  ", "Sprint {nmber}"])
    def test_a_name_has_to_say_something(self, workspace: Workspace, lead: Member, pattern: str) -> None:
        with pytest.raises(CadenceRefused) as refused:
            set_cadence(workspace=workspace, by=lead, now=NOON, name_pattern=pattern)

        assert set(refused.value.fields) == {"name_pattern"}

    def test_setting_the_same_again_writes_no_audit_entry(self, workspace: Workspace, lead: Member) -> None:
        for _time in range(2):
            set_cadence(workspace=workspace, weeks=1, by=lead, now=NOON)

        assert AuditEntry.objects.filter(action="cadence.set").count() == 1


class TestCancelling:
    def test_stories_go_back_on_top_of_the_backlog_in_their_order(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        StoryFactory.create(workspace=workspace, title="waits")
        sprint = SprintFactory.create(workspace=workspace)
        for title in ("first", "second"):
            StoryFactory.create(workspace=workspace, sprint=sprint, title=title)

        went = cancel_sprint(sprint=sprint, by=lead, now=now)

        sprint.refresh_from_db()
        assert (went, sprint.state, sprint.cancelled_at) == (2, SprintState.CANCELLED, now)
        assert titles(workspace) == ["first", "second", "waits"]
        assert AuditEntry.objects.filter(action="sprint.cancelled").count() == 1

    def test_repeating_changes_nothing(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        sprint = SprintFactory.create(workspace=workspace)
        cancel_sprint(sprint=sprint, by=lead, now=now)

        assert cancel_sprint(sprint=sprint, by=lead, now=now) == 0
        assert AuditEntry.objects.filter(action="sprint.cancelled").count() == 1

    @pytest.mark.parametrize("trait", ["running", "closed"])
    def test_one_that_ran_is_never_cancelled(
        self, workspace: Workspace, lead: Member, now: datetime, trait: str
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace, **{trait: True})
        StoryFactory.create(workspace=workspace, sprint=sprint)

        with pytest.raises(SprintRefused, match="has started"):
            cancel_sprint(sprint=sprint, by=lead, now=now)

        assert Story.objects.filter(sprint=sprint).count() == 1


class TestHolidays:
    def test_a_day_is_a_holiday_once(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        add_holiday(workspace=workspace, day=MONDAY, name=" Saint Constantine ", by=lead, now=now)

        with pytest.raises(CadenceRefused, match="already"):
            add_holiday(workspace=workspace, day=MONDAY, name="Again", by=lead, now=now)

    def test_it_needs_a_name(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        with pytest.raises(CadenceRefused):
            add_holiday(workspace=workspace, day=MONDAY, name=" ", by=lead, now=now)

    def test_it_can_be_taken_back(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        holiday = HolidayFactory.create(workspace=workspace)

        remove_holiday(holiday=holiday, by=lead, now=now)

        assert AuditEntry.objects.filter(action="holiday.removed").count() == 1
