"""A workspace of one person: only by an explicit choice, and only as long as it is one."""

from datetime import datetime

import pytest

from sprints.deciders import deciders_for
from sprints.models import Covers, Verdict
from sprints.services.answer_words import ApprovalRefused
from sprints.services.approval_policy import set_policy
from tests.factories.approvals import answer, asked, ready_sprint
from tests.factories.workspaces import MemberFactory
from workspaces.models import AuditEntry, Member, Workspace
from workspaces.permissions import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def alone(workspace: Workspace, lead: Member, now: datetime) -> Member:
    """A team lead who is the only member and has said so; the authors of stories have left."""
    return lead


def _choose(workspace: Workspace, by: Member, now: datetime) -> None:
    set_policy(workspace=workspace, covers=Covers.BRIEF, audience_tolerance=0.2, by=by, now=now, one_person=True)


def _leave_all_but(member: Member, now: datetime) -> None:
    Member.objects.filter(workspace=member.workspace).exclude(pk=member.pk).update(left_at=now)


def test_one_person_approves_the_own_plan_after_choosing_so(workspace: Workspace, alone: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    _leave_all_but(alone, now)
    with pytest.raises(ApprovalRefused):
        asked(sprint, now, by=alone, to=alone)

    _choose(workspace, alone, now)
    request = asked(sprint, now, by=alone, to=alone)
    answer(request, Verdict.APPROVED, now)

    request.refresh_from_db()
    assert request.verdict == Verdict.APPROVED
    assert AuditEntry.objects.get(action="approval.policy_set").detail["new"]["one_person"] is True


def test_it_ends_with_the_second_member(workspace: Workspace, alone: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    _leave_all_but(alone, now)
    _choose(workspace, alone, now)
    request = asked(sprint, now, by=alone, to=alone)
    MemberFactory.create(workspace=workspace, role=Role.OWNER)

    with pytest.raises(ApprovalRefused):
        answer(request, Verdict.APPROVED, now)

    assert alone not in deciders_for(alone)


def test_several_people_cannot_choose_it(workspace: Workspace, lead: Member, owner: Member, now: datetime) -> None:
    with pytest.raises(ApprovalRefused, match="more than one person"):
        _choose(workspace, lead, now)
