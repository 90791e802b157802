"""Who has how much of a sprint beside what he or she can take."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from sprints.capacity import team_capacity
from sprints.commitment import commitment_of
from sprints.competence import competence_matrix, workload
from sprints.loads import team_load
from sprints.models import MemberCapacity, Sprint
from sprints.services.sprints import start_sprint
from tests.factories.cadence import (
    CapacityFactory,
    DaysOffFactory,
    MemberSkillFactory,
    SkillFactory,
    StoryPointsFactory,
)
from tests.factories.sprints import SprintFactory, StoryFactory
from workspaces.models import Member, Workspace

MONDAY = date(2026, 5, 18)


@pytest.fixture
def sprint(workspace: Workspace) -> Sprint:
    """A week."""
    made: Sprint = SprintFactory.create(
        workspace=workspace, start_date=MONDAY, end_date=MONDAY + timedelta(days=4), state="planning"
    )
    return made


def loads(sprint: Sprint) -> dict[str, tuple[int, float | None, float]]:
    people = team_load(sprint, team_capacity(sprint)).people
    return {str(each.member): (each.points, each.can_take, each.too_much) for each in people}


def test_days_off_make_somebody_overcommitted(sprint: Sprint, lead: Member, seller: Member) -> None:
    CapacityFactory.create(member=lead)
    CapacityFactory.create(member=seller, per_day=Decimal(2))
    DaysOffFactory.create(member=lead, first_date=MONDAY, last_date=MONDAY + timedelta(days=1))
    for member in (lead, seller):
        StoryFactory.create(workspace=sprint.workspace, sprint=sprint, points=5, assignee=member)

    found = loads(sprint)

    assert found[str(lead)] == (5, 3, 2)
    assert found[str(seller)] == (5, 10, 0)


def test_whoever_has_not_said_is_never_over(sprint: Sprint, lead: Member) -> None:
    StoryFactory.create(workspace=sprint.workspace, sprint=sprint, points=40, assignee=lead)

    assert loads(sprint)[str(lead)] == (40, None, 0)


def test_points_of_nobody_and_of_people_who_work_on_no_sprint_are_not_lost(
    sprint: Sprint, lead: Member, owner: Member
) -> None:
    for member in (owner, None, None):
        StoryFactory.create(workspace=sprint.workspace, sprint=sprint, points=3, assignee=member)

    found = team_load(sprint, team_capacity(sprint))

    assert found.nobody == 6
    assert [(each.member, each.line, each.points) for each in found.shown] == [(owner, None, 3)]


def test_it_takes_one_query_however_many_stories(
    sprint: Sprint, lead: Member, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    StoryFactory.create_batch(8, workspace=sprint.workspace, sprint=sprint, assignee=lead)
    capacity = team_capacity(sprint)

    with django_assert_num_queries(1):
        team_load(sprint, capacity)


def test_a_skill_says_who_does_it_and_where_the_gap_is(sprint: Sprint, lead: Member, seller: Member) -> None:
    for member in (lead, seller):
        CapacityFactory.create(member=member)
    lonely, shared, orphan, idle = (SkillFactory.create(workspace=sprint.workspace, name=name) for name in "ABCD")
    for skill, members in ((lonely, [lead]), (shared, [lead, seller]), (idle, [])):
        for member in members:
            MemberSkillFactory.create(skill=skill, member=member)
    story = StoryFactory.create(workspace=sprint.workspace, sprint=sprint, points=20)
    for skill, points in ((lonely, 2), (shared, 11), (orphan, 1)):
        StoryPointsFactory.create(story=story, skill=skill, points=points)

    found = {load.skill.name: load for load in workload(sprint, team_capacity(sprint)).loads}

    assert {name: load.gap for name, load in found.items()} == {"A": "one", "B": "short", "C": "nobody"}
    assert {member.pk for member in found["B"].people} == {lead.pk, seller.pk}
    assert found["B"].too_much == 1


def test_the_start_freezes_who_had_how_much(sprint: Sprint, lead: Member, now: datetime) -> None:
    CapacityFactory.create(member=lead)
    skill = SkillFactory.create(workspace=sprint.workspace, name="Copy")
    story = StoryFactory.create(workspace=sprint.workspace, sprint=sprint, points=7, assignee=lead)
    StoryPointsFactory.create(story=story, skill=skill, points=4)

    start_sprint(sprint=sprint, by=lead, now=now)
    MemberCapacity.objects.update(per_day=3)

    frozen = commitment_of(sprint)
    assert frozen is not None
    assert frozen.loads == [{"who": str(lead), "points": 7, "can_take": 5.0}]
    assert frozen.skills == [{"skill": "Copy", "asked": 4, "at_most": 0.0, "able": 0}]


def test_what_hangs_on_one_person_is_said_with_the_days_he_is_away(
    sprint: Sprint, lead: Member, seller: Member
) -> None:
    lonely, shared = (SkillFactory.create(workspace=sprint.workspace, name=name) for name in "AB")
    for skill, members in ((lonely, [seller]), (shared, [lead, seller])):
        for member in members:
            MemberSkillFactory.create(skill=skill, member=member)
    DaysOffFactory.create(member=seller, first_date=MONDAY, last_date=MONDAY)
    DaysOffFactory.create(member=seller, first_date=MONDAY + timedelta(weeks=9), last_date=MONDAY + timedelta(weeks=9))

    matrix = competence_matrix(sprint.workspace)

    (risk,) = matrix.risks
    assert (risk.member, risk.skills, [off.first_date for off in risk.away]) == (seller, [lonely], [MONDAY])
    assert (matrix.covered, matrix.on_one, matrix.on_nobody) == (1, 1, 0)
