"""A plan that changed materially is asked about again by itself: once, after a quiet time, only about the change."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from sprints.answers import Say
from sprints.approval_log import verify
from sprints.models import (
    ApprovalEvent,
    ApprovalLogEntry,
    ApprovalRequest,
    ApprovalState,
    SendBrief,
    Sprint,
    SprintState,
    Story,
    StoryDecision,
    Verdict,
)
from sprints.services.answer_words import ApprovalRefused
from sprints.services.approval_drift import follow_plans
from sprints.services.targets import clear_target, set_target
from sprints.telling import AS_ANSWERED, ASKED_AGAIN, FOLLOWED, NOT_ASKED
from tests.factories.approvals import answer, asked, ready_sprint, ready_story
from tests.factories.owners import policy
from tests.factories.sprints import CriterionFactory
from workspaces.models import AuditEntry, Member, Notice, SystemMail, Workspace
from workspaces.permissions import Role

pytestmark = pytest.mark.django_db
QUIET = timedelta(minutes=30)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)


@pytest.fixture
def approved(workspace: Workspace, owner: Member, lead: Member, now: datetime) -> Sprint:
    """A plan of two stories that the owner approved."""
    sprint = ready_sprint(workspace, stories=2)
    answer(asked(sprint, now, by=lead, to=owner), Verdict.APPROVED, now)
    return sprint


def _other_offer(sprint: Sprint, offer: str = "20% off") -> None:
    """Of the first story."""
    first = sprint.stories.order_by("pk")[0]
    SendBrief.objects.filter(story=first).update(offer=offer)


def _newest(sprint: Sprint) -> ApprovalRequest:
    return sprint.approvals.with_people().order_by("-version")[0]


def _events(event: ApprovalEvent) -> int:
    return ApprovalLogEntry.objects.filter(event=event).count()


def _told(member: Member) -> list[str]:
    return [notice.detail["what"] for notice in Notice.objects.filter(member=member, kind=FOLLOWED).order_by("pk")]


def _rest(now: datetime) -> datetime:
    """Looked at, left in peace for the quiet time, and looked at again."""
    follow_plans(now)
    later = now + QUIET
    follow_plans(later)
    return later


def test_after_the_quiet_time_the_change_alone_is_asked(
    approved: Sprint, owner: Member, lead: Member, now: datetime
) -> None:
    changed, kept = approved.stories.order_by("pk")
    _other_offer(approved)

    later = _rest(now)

    made = _newest(approved)
    assert (made.version, made.state, made.is_automatic) == (2, ApprovalState.OPEN, True)
    assert (made.requested_by, made.approver, made.requested_at) == (lead, owner, later)
    assert made.carried == [kept.pk]
    assert [item["id"] for item in made.asked_items] == [changed.pk]
    assert SystemMail.objects.filter(kind="sprints.approval", object_id=made.pk, to=owner.user.email).count() == 1
    assert _told(lead) == [ASKED_AGAIN]
    entry = AuditEntry.objects.filter(action="approval.requested").latest("pk")
    assert (entry.member, entry.detail["by_itself"]) == (None, True)
    assert "20% off" in entry.detail["material"][0]
    assert verify(approved.workspace).is_intact


def test_it_is_not_asked_before_the_plan_rests(approved: Sprint, now: datetime) -> None:
    for minute in range(0, 120, 5):
        _other_offer(approved, f"{minute}% off")
        follow_plans(now + timedelta(minutes=minute))

    assert approved.approvals.count() == 1
    follow_plans(now + timedelta(minutes=115) + QUIET)
    assert approved.approvals.count() == 2


def test_it_is_asked_once_however_often_the_clock_ticks(approved: Sprint, now: datetime) -> None:
    _other_offer(approved)

    later = _rest(now)
    for minutes in range(0, 300, 5):
        follow_plans(later + timedelta(minutes=minutes))

    assert approved.approvals.count() == 2
    assert SystemMail.objects.filter(kind="sprints.approval").count() == 2


def test_two_ticks_at_once_ask_once(approved: Sprint, now: datetime) -> None:
    _other_offer(approved)
    follow_plans(now)

    follow_plans(now + QUIET)
    follow_plans(now + QUIET)

    assert approved.approvals.count() == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda sprint, _lead, _now: ready_story(sprint),
        lambda sprint, _lead, _now: sprint.stories.filter(pk=sprint.stories.latest("pk").pk).update(sprint=None),
        lambda sprint, _lead, _now: sprint.stories.update(points=5),
        lambda sprint, _lead, _now: Sprint.objects.filter(pk=sprint.pk).update(goal_sentence="Something else."),
        lambda sprint, _lead, _now: SendBrief.objects.filter(story__sprint=sprint).update(cost=99),
        lambda sprint, _lead, _now: CriterionFactory.create(story=sprint.stories.earliest("pk")),
        lambda sprint, lead, now: set_target(
            sprint=sprint,
            kpi=sprint.goal.kpi,
            baseline=sprint.goal.baseline,
            target=sprint.goal.target,
            by=lead,
            now=now,
        ),
    ],
    ids=["story added", "story removed", "points", "goal", "budget", "criteria", "KPI of the sprint"],
)
def test_each_material_change_asks_again(
    approved: Sprint, lead: Member, now: datetime, change: Callable[[Sprint, Member, datetime], object]
) -> None:
    change(approved, lead, now)

    _rest(now)

    assert _newest(approved).is_automatic


def test_an_immaterial_change_is_logged_and_asks_nothing(approved: Sprint, now: datetime) -> None:
    Story.objects.filter(sprint=approved).update(title="Another title")

    _rest(now)

    assert approved.approvals.count() == 1
    assert _events(ApprovalEvent.CHANGED) == 1


def test_a_plan_that_changed_back_asks_nothing_and_says_so(approved: Sprint, lead: Member, now: datetime) -> None:
    _other_offer(approved)
    follow_plans(now)
    _other_offer(approved, "")

    _rest(now + timedelta(minutes=10))

    assert approved.approvals.count() == 1
    assert ApprovalLogEntry.objects.filter(event=ApprovalEvent.CHANGED).latest("number").detail["as_approved"]
    assert _told(lead) == [AS_ANSWERED]


def test_a_question_about_what_the_plan_no_longer_is_is_withdrawn(
    approved: Sprint, lead: Member, now: datetime
) -> None:
    _other_offer(approved)
    later = _rest(now)
    _other_offer(approved, "")

    _rest(later + timedelta(minutes=5))

    first, second = approved.approvals.order_by("version")
    assert (first.state, second.state) == (ApprovalState.DECIDED, ApprovalState.WITHDRAWN)
    assert _events(ApprovalEvent.WITHDRAWN) == 1
    assert _told(lead) == [ASKED_AGAIN, AS_ANSWERED]
    with pytest.raises(ApprovalRefused):
        answer(second, Verdict.APPROVED, later)


def test_an_open_question_is_replaced_by_one_about_the_plan_as_it_is(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    asked(sprint, now, by=lead, to=owner)
    _other_offer(sprint)

    _rest(now)

    first, second = sprint.approvals.order_by("version")
    assert (first.state, second.state) == (ApprovalState.SUPERSEDED, ApprovalState.OPEN)
    assert second.items[0]["brief"]["offer"] == "20% off"


def test_a_plan_that_is_not_ready_is_not_asked_about_until_it_is(approved: Sprint, lead: Member, now: datetime) -> None:
    new = ready_story(approved, points=None)

    later = _rest(now)
    follow_plans(later + timedelta(minutes=5))

    assert approved.approvals.count() == 1
    assert _events(ApprovalEvent.NOT_ASKED) == 1
    assert _told(lead) == [NOT_ASKED]
    Story.objects.filter(pk=new.pk).update(points=1)
    _rest(later + timedelta(minutes=10))
    assert approved.approvals.count() == 2


def test_nobody_is_asked_when_nobody_decides(approved: Sprint, owner: Member, lead: Member, now: datetime) -> None:
    _other_offer(approved)
    Member.objects.filter(role=Role.OWNER).update(left_at=now)

    _rest(now)

    assert approved.approvals.count() == 1
    assert _told(lead) == [NOT_ASKED]


@pytest.mark.parametrize("state", [SprintState.CLOSED, SprintState.CANCELLED])
def test_a_sprint_that_is_over_asks_nothing(approved: Sprint, now: datetime, state: SprintState) -> None:
    _other_offer(approved)
    follow_plans(now)
    Sprint.objects.filter(pk=approved.pk).update(state=state)

    assert follow_plans(now + QUIET) == 0
    assert approved.approvals.count() == 1


def test_the_policy_switches_it_off_and_says_how_long_to_wait(
    approved: Sprint, workspace: Workspace, now: datetime
) -> None:
    policy(workspace, now, asks_again=False)
    _other_offer(approved)
    _rest(now)
    assert approved.approvals.count() == 1

    policy(workspace, now, asks_again=True, quiet_minutes=60)
    follow_plans(now + timedelta(minutes=59))
    assert approved.approvals.count() == 1
    follow_plans(now + timedelta(minutes=60))
    assert approved.approvals.count() == 2


def test_a_wait_that_is_no_wait_is_refused(workspace: Workspace, owner: Member, now: datetime) -> None:
    with pytest.raises(ApprovalRefused):
        policy(workspace, now, quiet_minutes=1)


def test_to_take_out_what_the_owner_refused_asks_nothing(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace, stories=2)
    refused = sprint.stories.latest("pk")
    request = asked(sprint, now, by=lead, to=owner)
    answer(request, Verdict.APPROVED, now, each={refused.pk: Say(Verdict.DECLINED, "No.")})
    Story.objects.filter(pk=refused.pk).update(sprint=None)

    _rest(now)

    assert sprint.approvals.count() == 1


def test_a_plan_that_was_refused_as_a_whole_is_the_teams_to_send_again(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now, by=lead, to=owner), Verdict.CHANGE, now)
    _other_offer(sprint)

    _rest(now)

    assert sprint.approvals.count() == 1


def test_a_sprint_target_set_and_cleared_again_asks_nothing(approved: Sprint, lead: Member, now: datetime) -> None:
    assert approved.goal is not None
    goal = approved.goal
    set_target(sprint=approved, kpi=goal.kpi, baseline=goal.baseline, target=goal.target, by=lead, now=now)
    follow_plans(now)
    clear_target(sprint=approved, by=lead, now=now)

    _rest(now + timedelta(minutes=5))

    assert approved.approvals.count() == 1


def test_a_snapshot_without_a_sprint_target_is_compared_without_it(
    approved: Sprint, lead: Member, now: datetime
) -> None:
    request = _newest(approved)
    old = {name: part for name, part in request.snapshot.items() if name not in {"target", "outlook"}}
    ApprovalRequest.objects.filter(pk=request.pk).update(snapshot=old)
    goal = approved.goal
    assert goal is not None
    set_target(sprint=approved, kpi=goal.kpi, baseline=goal.baseline, target=goal.target, by=lead, now=now)

    _rest(now)

    assert approved.approvals.count() == 1


def _at_once(*doings: Callable[[], object]) -> list[str]:
    """Runs them in threads that begin together. Returns the names of the refusals."""
    barrier, refusals = threading.Barrier(len(doings)), []

    def run(do: Callable[[], object]) -> None:
        barrier.wait()
        try:
            do()
        except ApprovalRefused as refusal:
            refusals.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(do,)) for do in doings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refusals


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_time", range(5))
def test_a_decision_and_a_new_version_at_the_same_moment_leave_one_truth(
    workspace: Workspace, owner: Member, lead: Member, now: datetime, _time: int
) -> None:
    sprint = ready_sprint(workspace)
    first = asked(sprint, now, by=lead, to=owner)

    _at_once(
        lambda: answer(first, Verdict.APPROVED, now),
        lambda: asked(sprint, now, by=lead, to=owner),
    )

    first.refresh_from_db()
    decided = StoryDecision.objects.filter(request=first).count()
    assert (first.state, decided) in {(ApprovalState.DECIDED, 1), (ApprovalState.SUPERSEDED, 0)}
    later = sprint.approvals.filter(version=2)
    assert later.exists() is (first.state == ApprovalState.SUPERSEDED)
    assert sprint.approvals.filter(state=ApprovalState.OPEN).count() == later.count()
    assert verify(workspace).is_intact


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_time", range(3))
def test_a_decision_and_a_question_that_comes_by_itself_do_not_undo_each_other(
    workspace: Workspace, owner: Member, lead: Member, now: datetime, _time: int
) -> None:
    sprint = ready_sprint(workspace)
    first = asked(sprint, now, by=lead, to=owner)
    _other_offer(sprint)
    follow_plans(now)

    _at_once(
        lambda: answer(first, Verdict.DECLINED, now, comment="Not now."),
        lambda: follow_plans(now + QUIET),
        lambda: follow_plans(now + QUIET),
    )

    versions = list(sprint.approvals.order_by("version"))
    assert [one.version for one in versions] == list(range(1, len(versions) + 1))
    assert len(versions) <= 2
    assert sprint.approvals.filter(state=ApprovalState.OPEN).count() <= 1
    assert verify(workspace).is_intact
