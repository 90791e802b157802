"""What the clock does: reminders in waking hours, a second person, silence as the owner chose beforehand."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from sprints.models import (
    ApprovalEvent,
    ApprovalLogEntry,
    ApprovalRequest,
    ApprovalState,
    DecidedVia,
    SendBrief,
    StoryDecision,
    Verdict,
)
from sprints.services.approval_chase import chase
from sprints.services.approval_drift import follow_plans
from sprints.services.approval_links import ApprovalLinkInvalid, approval_token, open_link
from sprints.services.owner_rules import RulesRefused, set_rules
from sprints.silence import is_quiet, next_moment, rules_of
from tests.factories.approvals import answer, asked, ready_sprint
from tests.factories.owners import policy, silent_yes
from tests.factories.workspaces import MemberFactory
from workspaces.models import AuditEntry, Member, SystemMail, SystemMailState, Workspace
from workspaces.permissions import Role

pytestmark = pytest.mark.django_db
TUESDAY = datetime(2024, 3, 5, 10, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return TUESDAY


def _events(*events: str) -> int:
    return ApprovalLogEntry.objects.filter(event__in=events).count()


def _mailed() -> None:
    SystemMail.objects.update(state=SystemMailState.SENT)


def test_an_owner_who_is_silent_is_reminded_once_a_day_and_five_times_at_most(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)
    old = approval_token(request)

    assert chase(now + timedelta(hours=23)) == 0
    for _twice in range(2):
        chase(now + timedelta(days=1))

    assert _events(ApprovalEvent.REMINDED) == 1
    with pytest.raises(ApprovalLinkInvalid):
        open_link(old, now)
    for day in range(2, 30):
        chase(now + timedelta(days=day))
    assert _events(ApprovalEvent.REMINDED) == 5


def test_a_reminder_waits_for_the_owners_morning(workspace: Workspace, owner: Member, now: datetime) -> None:
    owner.user.time_zone = "America/Los_Angeles"  # two in the morning when the reminder falls due
    owner.user.save()
    asked(ready_sprint(workspace), now, to=owner)

    chase(now + timedelta(days=1))
    assert _events(ApprovalEvent.REMINDED) == 0
    assert ApprovalRequest.objects.get().next_reminder_at == datetime(2024, 3, 6, 16, tzinfo=UTC)

    chase(datetime(2024, 3, 6, 16, tzinfo=UTC))
    assert _events(ApprovalEvent.REMINDED) == 1


@pytest.mark.parametrize(
    ("hours", "at", "quiet"),
    [
        ((20, 8), time(19, 59), False), ((20, 8), time(20), True), ((20, 8), time(7, 59), True),
        ((20, 8), time(8), False), ((12, 14), time(13), True), ((12, 14), time(14), False), ((9, 9), time(9), False),
    ],
)  # fmt: skip
def test_quiet_hours_may_go_over_midnight(owner: Member, hours: tuple[int, int], at: time, quiet: bool) -> None:
    rules = rules_of(owner)
    rules.quiet_from, rules.quiet_until = time(hours[0]), time(hours[1])

    assert is_quiet(rules, datetime.combine(TUESDAY.date(), at)) is quiet


def test_a_weekend_is_quiet_unless_chosen_otherwise(owner: Member, now: datetime) -> None:
    owner.user.time_zone = "UTC"
    saturday = datetime(2024, 3, 9, 12, tzinfo=UTC)
    assert next_moment(owner, saturday) == datetime(2024, 3, 11, 8, tzinfo=UTC)

    set_rules(by=owner, now=now, quiet_weekends=False)

    assert next_moment(owner, saturday) == saturday


def test_a_second_person_is_asked_once_after_the_days_of_the_policy(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    partner = MemberFactory.create(workspace=workspace, role=Role.OWNER)
    policy(workspace, now, escalate_to=partner, escalate_after_days=2)
    request = asked(ready_sprint(workspace), now, to=owner)

    chase(now + timedelta(days=1))
    assert _events(ApprovalEvent.ESCALATED) == 0
    for day in (2, 3, 6):
        chase(now + timedelta(days=day))

    request.refresh_from_db()
    assert _events(ApprovalEvent.ESCALATED) == 1
    assert (request.escalated_to, request.escalated_at) == (partner, now + timedelta(days=2))
    assert SystemMail.objects.filter(kind="sprints.approval", to=partner.user.email).exists()
    assert open_link(approval_token(request, partner), now + timedelta(days=6)).holder == partner


def test_silence_is_a_no_unless_the_owner_chose_otherwise(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)
    _mailed()

    chase(now + timedelta(days=60))

    request.refresh_from_db()
    assert request.state == ApprovalState.OPEN
    assert request.silence_at is None


def test_silence_chosen_beforehand_is_a_yes_and_is_written_down_as_such(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    silent_yes(owner, now)
    request = asked(ready_sprint(workspace), now, to=owner)
    _mailed()

    chase(now + timedelta(days=2))
    chase(now + timedelta(days=2))

    request.refresh_from_db()
    assert (request.verdict, request.decided_via) == (Verdict.APPROVED, DecidedVia.SILENCE)
    assert StoryDecision.objects.get().verdict == Verdict.APPROVED
    entry = AuditEntry.objects.get(action="approval.decided")
    assert (entry.member, entry.via) == (None, "silence")


def test_silence_does_not_hold_for_what_was_asked_before_it_was_chosen_or_costs_more(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    early, dear = ready_sprint(workspace), ready_sprint(workspace)
    SendBrief.objects.filter(story__sprint=dear).update(cost=Decimal("1000.01"))
    requests = [asked(early, now, to=owner)]
    silent_yes(owner, now)
    requests.append(asked(dear, now, to=owner))
    _mailed()

    chase(now + timedelta(days=10))

    assert {ApprovalRequest.objects.get(pk=request.pk).state for request in requests} == {ApprovalState.OPEN}


def test_silence_never_stands_in_for_the_mailed_code(workspace: Workspace, owner: Member, now: datetime) -> None:
    policy(workspace, now, code_above=Decimal(100))
    silent_yes(owner, now)
    sprint = ready_sprint(workspace)
    SendBrief.objects.filter(story__sprint=sprint).update(cost=Decimal(200))

    assert asked(sprint, now, to=owner).silence_at is None


def test_who_takes_the_choice_back_is_not_taken_at_the_old_word(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    silent_yes(owner, now)
    request = asked(ready_sprint(workspace), now, to=owner)
    _mailed()
    set_rules(by=owner, now=now, silence_is_yes=False)

    chase(now + timedelta(days=10))

    request.refresh_from_db()
    assert request.state == ApprovalState.OPEN


def test_a_mail_that_never_left_is_no_silence(workspace: Workspace, owner: Member, now: datetime) -> None:
    silent_yes(owner, now)
    request = asked(ready_sprint(workspace), now, to=owner)

    chase(now + timedelta(days=2))

    request.refresh_from_db()
    assert request.state == ApprovalState.OPEN
    assert request.silence_at == now + timedelta(days=2, hours=1)


def test_silence_does_not_approve_a_plan_that_changed(workspace: Workspace, owner: Member, now: datetime) -> None:
    silent_yes(owner, now)
    sprint = ready_sprint(workspace)
    request = asked(sprint, now, to=owner)
    _mailed()
    SendBrief.objects.filter(story__sprint=sprint).update(offer="20% off")

    chase(now + timedelta(days=2))

    request.refresh_from_db()
    assert (request.state, request.silence_at) == (ApprovalState.OPEN, None)


def test_only_who_decides_chooses_what_silence_means(lead: Member, owner: Member, now: datetime) -> None:
    with pytest.raises(RulesRefused):
        silent_yes(lead, now)
    with pytest.raises(RulesRefused):
        silent_yes(owner, now, silence_days=0)


def test_what_changes_in_an_approved_plan_is_logged_once_and_sorted_by_weight(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now, to=owner), Verdict.APPROVED, now)
    assert follow_plans(now) == 0
    sprint.stories.update(title="Another title")

    assert follow_plans(now) == 1
    assert follow_plans(now) == 0

    entry = ApprovalLogEntry.objects.get(event=ApprovalEvent.CHANGED)
    assert len(entry.detail["immaterial"]) == 1
    assert entry.detail["material"] == []
    SendBrief.objects.filter(story__sprint=sprint).update(offer="20% off")
    assert follow_plans(now) == 1
    assert len(ApprovalLogEntry.objects.order_by("-number")[0].detail["material"]) == 1
