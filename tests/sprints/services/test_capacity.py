"""How much fits into a sprint, and who may say so."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from sprints.capacity import team_capacity
from sprints.models import CapacityUnit, MemberCapacity, SkillLevel, Sprint
from sprints.services.capacity import (
    CapacityRefused,
    NotYours,
    add_days_off,
    adopt_capacity,
    remove_days_off,
    set_capacity,
)
from tests.factories.cadence import (
    CadenceFactory,
    CapacityFactory,
    DaysOffFactory,
    HolidayFactory,
    MemberSkillFactory,
    SkillFactory,
)
from tests.factories.sprints import SprintFactory
from workspaces.models import AuditEntry, Member, Workspace

MONDAY = date(2026, 5, 18)
FRIDAY = MONDAY + timedelta(days=11)


@pytest.fixture
def sprint(workspace: Workspace) -> Sprint:
    """Ten working days."""
    made: Sprint = SprintFactory.create(workspace=workspace, start_date=MONDAY, end_date=FRIDAY)
    return made


class TestSum:
    def test_days_off_and_holidays_are_left_out_and_counted_once(self, sprint: Sprint, marketer: Member) -> None:
        CapacityFactory.create(member=marketer, per_day=2, focus_rate=0.5)
        HolidayFactory.create(workspace=sprint.workspace, day=MONDAY)
        DaysOffFactory.create(member=marketer, first_date=MONDAY - timedelta(days=3), last_date=MONDAY)
        DaysOffFactory.create(member=marketer, first_date=MONDAY, last_date=MONDAY + timedelta(days=2))
        DaysOffFactory.create(member=marketer, first_date=FRIDAY, last_date=FRIDAY + timedelta(days=30))

        (line,) = team_capacity(sprint).known

        assert (line.working_days, line.holidays, line.days_off) == (10, 1, 3)
        assert line.points == pytest.approx(6)

    def test_only_the_days_on_which_a_person_works_count(self, sprint: Sprint, marketer: Member) -> None:
        CapacityFactory.create(member=marketer, weekdays=[1, 5])

        (line,) = team_capacity(sprint).known

        assert line.working_days == 3  # two Tuesdays and the Saturday between

    def test_hours_become_points(self, sprint: Sprint, marketer: Member) -> None:
        CadenceFactory.create(workspace=sprint.workspace, unit=CapacityUnit.HOURS, hours_per_point=4)
        CapacityFactory.create(member=marketer, per_day=8)

        found = team_capacity(sprint)

        assert (found.amount, found.points) == (80, 20)

    def test_those_who_have_not_said_are_named_and_guests_are_not_asked(
        self, sprint: Sprint, lead: Member, marketer: Member, guest: Member, owner: Member
    ) -> None:
        CapacityFactory.create(member=marketer)

        found = team_capacity(sprint)

        assert found.silent == [lead]
        assert found.points == 10

    def test_a_skill_has_at_most_what_those_who_do_it_alone_have(
        self, sprint: Sprint, marketer: Member, lead: Member
    ) -> None:
        design = SkillFactory.create(workspace=sprint.workspace)
        for member, level in ((marketer, SkillLevel.TEACHES), (lead, SkillLevel.HELPS)):
            CapacityFactory.create(member=member)
            MemberSkillFactory.create(member=member, skill=design, level=level)

        assert team_capacity(sprint).by_skill == {design.pk: 10}

    def test_the_queries_do_not_grow_with_the_team(
        self, sprint: Sprint, lead: Member, marketer: Member, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for member in (lead, marketer):
            CapacityFactory.create(member=member)
            DaysOffFactory.create(member=member)

        with django_assert_num_queries(5):
            team_capacity(sprint)


class TestSaying:
    def test_one_says_it_of_oneself(self, seller: Member, now: datetime) -> None:
        set_capacity(member=seller, per_day=Decimal("0.5"), focus_rate=0.6, weekdays=[4, 0, 0], by=seller, now=now)

        assert MemberCapacity.objects.get(member=seller).weekdays == [0, 4]

    def test_of_others_only_whoever_plans(self, seller: Member, analyst: Member, lead: Member, now: datetime) -> None:
        with pytest.raises(NotYours):
            set_capacity(member=seller, per_day=Decimal(1), focus_rate=1, weekdays=[0], by=analyst, now=now)
        with pytest.raises(NotYours):
            add_days_off(member=seller, first_date=MONDAY, last_date=MONDAY, note="", by=analyst, now=now)

        set_capacity(member=seller, per_day=Decimal(1), focus_rate=1, weekdays=[0], by=lead, now=now)

        assert AuditEntry.objects.get(action="capacity.set").member == lead

    @pytest.mark.parametrize(
        ("name", "value"), [("per_day", Decimal(25)), ("per_day", Decimal(-1)), ("focus_rate", 1.1), ("weekdays", [7])]
    )
    def test_what_makes_no_sense_is_refused_under_its_field(
        self, lead: Member, now: datetime, name: str, value: object
    ) -> None:
        said = {"per_day": Decimal(1), "focus_rate": 0.5, "weekdays": [0]} | {name: value}

        with pytest.raises(CapacityRefused) as refused:
            set_capacity(member=lead, by=lead, now=now, **said)  # type: ignore[arg-type]

        assert set(refused.value.fields) == {name}

    @pytest.mark.parametrize("days", [-1, 367])
    def test_days_off_are_a_span_of_at_most_a_year(self, lead: Member, now: datetime, days: int) -> None:
        with pytest.raises(CapacityRefused):
            add_days_off(
                member=lead, first_date=MONDAY, last_date=MONDAY + timedelta(days=days), note="", by=lead, now=now
            )

    def test_days_off_are_taken_back_by_oneself(self, seller: Member, analyst: Member, now: datetime) -> None:
        off = DaysOffFactory.create(member=seller)
        with pytest.raises(NotYours):
            remove_days_off(days_off=off, by=analyst, now=now)

        remove_days_off(days_off=off, by=seller, now=now)

        assert not seller.days_off.exists()


class TestAdopting:
    def test_the_sum_becomes_the_capacity_of_the_sprint(self, sprint: Sprint, lead: Member, now: datetime) -> None:
        CapacityFactory.create(member=lead, per_day=Decimal("1.55"))

        assert adopt_capacity(sprint=sprint, by=lead, now=now) == 15

        sprint.refresh_from_db()
        assert sprint.capacity_points == 15

    def test_without_a_word_from_anybody_there_is_no_sum(self, sprint: Sprint, lead: Member, now: datetime) -> None:
        with pytest.raises(CapacityRefused, match="Nobody"):
            adopt_capacity(sprint=sprint, by=lead, now=now)
