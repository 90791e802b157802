"""Goals: set with sense, changed under a lock, closed with what was learned."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from strategy import services
from strategy.models import Goal, GoalKind, Kpi
from strategy.services import GoalRefused
from tests.factories.strategy import GoalFactory, KpiFactory
from workspaces.models import AuditEntry, Member, Workspace

SetGoal = Callable[..., Goal]
SPRING = {"start_date": date(2026, 4, 1), "due_date": date(2026, 6, 30)}


@pytest.fixture
def kpi(workspace: Workspace) -> Kpi:
    made: Kpi = KpiFactory.create(workspace=workspace, name="Repeat purchase")
    return made


@pytest.fixture
def set_goal(kpi: Kpi, lead: Member, now: datetime) -> SetGoal:
    def call(**given: Any) -> Goal:
        wanted = {
            "name": "Customers come back sooner",
            "kpi": kpi,
            "champion": lead,
            "baseline": Decimal("0.281"),
            "target": Decimal("0.34"),
            **SPRING,
            **given,
        }
        return services.set_goal(workspace=lead.workspace, by=lead, now=now, **wanted)

    return call


def test_a_goal_is_set_and_written_into_the_log(set_goal: SetGoal, kpi: Kpi) -> None:
    goal = set_goal(name=" Customers come back sooner ", kind=GoalKind.STRATEGIC, why="They pay twice.")

    assert (goal.name, goal.kpi, goal.kind) == ("Customers come back sooner", kpi, GoalKind.STRATEGIC)
    detail = AuditEntry.objects.get(action="goal.set", target_id=goal.pk).detail
    assert detail == {"to": "0.34", "due": "2026-06-30"}


def test_less_can_be_better(set_goal: SetGoal, workspace: Workspace) -> None:
    complaints = KpiFactory.create(workspace=workspace, falling=True)

    goal = set_goal(kpi=complaints, baseline=Decimal("0.001"), target=Decimal("0.0008"))

    assert goal.target < goal.baseline


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"due_date": SPRING["start_date"]}, "due_date"),
        ({"due_date": SPRING["start_date"] - timedelta(days=1)}, "due_date"),
        ({"target": Decimal("0.281")}, "target"),
        ({"target": Decimal("0.2")}, "target"),
    ],
)
def test_a_goal_that_makes_no_sense_is_refused_with_the_field(
    set_goal: SetGoal, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(GoalRefused) as refusal:
        set_goal(**given)

    assert list(refusal.value.fields) == [field]
    assert not Goal.objects.exists()


def test_the_wrong_way_is_refused_where_less_is_better(set_goal: SetGoal, workspace: Workspace) -> None:
    complaints = KpiFactory.create(workspace=workspace, falling=True)

    with pytest.raises(GoalRefused, match="Less is better"):
        set_goal(kpi=complaints, baseline=Decimal("0.0006"), target=Decimal("0.0008"))


def test_nothing_can_serve_a_closed_goal(set_goal: SetGoal, workspace: Workspace) -> None:
    over = GoalFactory.create(workspace=workspace, closed=True)

    with pytest.raises(GoalRefused) as refusal:
        set_goal(parent=over)

    assert list(refusal.value.fields) == ["parent"]


def test_a_change_is_kept_with_what_it_was(set_goal: SetGoal, lead: Member, marketer: Member, now: datetime) -> None:
    goal, higher = set_goal(), set_goal(name="A brand people stay with")

    services.change_goal(
        goal=goal, by=lead, now=now, name=goal.name, target=Decimal("0.33"), parent=higher, champion=marketer
    )

    assert (goal.target, goal.parent, goal.champion) == (Decimal("0.33"), higher, marketer)
    before = AuditEntry.objects.get(action="goal.changed").detail["before"]
    assert before == {"target": "0.340000", "parent": "None", "champion": str(lead)}


def test_a_change_that_makes_no_sense_leaves_the_goal_alone(set_goal: SetGoal, lead: Member, now: datetime) -> None:
    goal = set_goal()

    with pytest.raises(GoalRefused):
        services.change_goal(goal=goal, by=lead, now=now, name="Other", due_date=date(2026, 3, 1))

    assert goal.name == "Customers come back sooner"
    goal.refresh_from_db()
    assert goal.due_date == SPRING["due_date"]
    assert not AuditEntry.objects.filter(action="goal.changed").exists()


def test_a_goal_keeps_its_kpi(set_goal: SetGoal, lead: Member, kpi: Kpi, now: datetime) -> None:
    goal = set_goal()

    services.change_goal(goal=goal, by=lead, now=now, kpi=kpi, name="Same figure")
    with pytest.raises(GoalRefused) as refusal:
        services.change_goal(goal=goal, by=lead, now=now, kpi=KpiFactory.create(workspace=lead.workspace))

    assert list(refusal.value.fields) == ["kpi"]
    assert (goal.kpi, goal.name) == (kpi, "Same figure")


@pytest.mark.parametrize("field", ["closed_at", "conclusion", "workspace", "created_at"])
def test_only_what_a_person_decides_can_be_changed(set_goal: SetGoal, lead: Member, now: datetime, field: str) -> None:
    with pytest.raises(GoalRefused) as refusal:
        services.change_goal(goal=set_goal(), by=lead, now=now, **{field: None})

    assert list(refusal.value.fields) == [field]


def test_no_goal_serves_itself_directly_or_through_others(set_goal: SetGoal, lead: Member, now: datetime) -> None:
    top = set_goal(name="Top")
    middle = set_goal(name="Middle", parent=top)
    low = set_goal(name="Low", parent=middle)

    for circle in (top, middle, low):
        with pytest.raises(GoalRefused) as refusal:
            services.change_goal(goal=top, by=lead, now=now, parent=circle)
        assert list(refusal.value.fields) == ["parent"]

    top.refresh_from_db()
    assert top.parent is None


def test_a_goal_may_stay_below_one_that_was_closed_meanwhile(set_goal: SetGoal, lead: Member, now: datetime) -> None:
    top = set_goal(name="Top")
    low = set_goal(name="Low", parent=top)
    services.close_goal(goal=top, conclusion="Done.", by=lead, now=now)

    services.change_goal(goal=low, by=lead, now=now, name="Lower", parent=Goal.objects.get(pk=top.pk))

    assert low.name == "Lower"


def test_closing_keeps_what_was_learned(set_goal: SetGoal, lead: Member, now: datetime) -> None:
    goal = set_goal()

    services.close_goal(goal=goal, conclusion="  A reminder in week seven works. ", by=lead, now=now)

    goal.refresh_from_db()
    assert (goal.closed_at, goal.conclusion) == (now, "A reminder in week seven works.")
    assert AuditEntry.objects.filter(action="goal.closed", target_id=goal.pk).count() == 1


@pytest.mark.parametrize("conclusion", ["", " \n "])
def test_a_goal_is_not_closed_without_a_conclusion(
    set_goal: SetGoal, lead: Member, now: datetime, conclusion: str
) -> None:
    goal = set_goal()

    with pytest.raises(GoalRefused) as refusal:
        services.close_goal(goal=goal, conclusion=conclusion, by=lead, now=now)

    assert list(refusal.value.fields) == ["conclusion"]
    goal.refresh_from_db()
    assert goal.closed_at is None


def test_closing_again_changes_nothing(set_goal: SetGoal, lead: Member, now: datetime) -> None:
    goal = set_goal()
    services.close_goal(goal=goal, conclusion="First words.", by=lead, now=now)

    services.close_goal(goal=goal, conclusion="Other words.", by=lead, now=now + timedelta(days=1))

    goal.refresh_from_db()
    assert (goal.closed_at, goal.conclusion) == (now, "First words.")
    assert AuditEntry.objects.filter(action="goal.closed").count() == 1


def test_a_closed_goal_is_changed_no_more_even_by_a_page_opened_before(
    set_goal: SetGoal, lead: Member, now: datetime
) -> None:
    goal = set_goal()
    opened_before = Goal.objects.get(pk=goal.pk)
    services.close_goal(goal=goal, conclusion="Done.", by=lead, now=now)

    with pytest.raises(GoalRefused, match="closed"):
        services.change_goal(goal=opened_before, by=lead, now=now, name="Too late")
