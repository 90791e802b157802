"""Asking and deciding: who may, once, and exactly what was shown."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from sprints.answers import Answer, Say
from sprints.deciders import may_decide
from sprints.models import (
    ApprovalPolicy,
    ApprovalRequest,
    ApprovalState,
    Covers,
    Hypothesis,
    SprintState,
    StoryDecision,
    Verdict,
)
from sprints.services.answer_words import ApprovalRefused
from sprints.services.approval_links import ApprovalLinkInvalid, approval_token, open_approval
from sprints.services.approval_policy import set_policy
from sprints.services.approvals import PlanChanged, decide, remind, request_approval
from sprints.services.stories import plan_story
from tests.factories.approvals import (
    answer,
    asked,
    brief_of,
    change_rules,
    ready_sprint,
    ready_story,
)
from tests.factories.audience import ContactFactory
from tests.factories.sprints import CriterionFactory, StoryFactory
from tests.factories.strategy import ReadingFactory
from tests.factories.workspaces import MemberFactory
from workspaces.models import AuditEntry, Member, SystemMail, Workspace
from workspaces.permissions import Role

pytestmark = pytest.mark.django_db


def test_a_request_freezes_the_plan_and_mails_the_owner(
    workspace: Workspace, lead: Member, owner: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace, stories=2)

    request = request_approval(sprint=sprint, approver=owner, by=lead, now=now, message="Look at the offer.")

    assert (request.version, request.state, request.message) == (1, ApprovalState.OPEN, "Look at the offer.")
    assert [item["id"] for item in request.items] == [story.pk for story in sprint.stories.ranked()]
    assert request.snapshot["sprint"]["goal_sentence"] == sprint.goal_sentence
    mail = SystemMail.objects.get()
    assert (mail.kind, mail.object_id, mail.to) == ("sprints.approval", request.pk, owner.user.email)
    entry = AuditEntry.objects.get(action="approval.requested")
    assert entry.member == lead
    assert entry.detail["fingerprint"] == request.fingerprint


def test_asking_again_replaces_the_version_that_waits(
    workspace: Workspace, lead: Member, owner: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    first = asked(sprint, now, by=lead, to=owner)

    second = asked(sprint, now, by=lead, to=owner)

    first.refresh_from_db()
    assert first.state == ApprovalState.SUPERSEDED
    assert (second.version, second.state) == (2, ApprovalState.OPEN)


def test_a_plan_that_is_not_ready_is_refused_with_everything_that_is_missing(
    workspace: Workspace, lead: Member, owner: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace, goal_sentence="")
    StoryFactory.create(workspace=workspace, sprint=sprint, points=None, kind="content", goal=sprint.goal)

    with pytest.raises(ApprovalRefused, match="3 things are missing") as refused:
        asked(sprint, now, by=lead, to=owner)

    assert len(refused.value.fields["readiness"]) == 3
    assert not ApprovalRequest.objects.exists()
    assert not SystemMail.objects.exists()


def test_a_closed_sprint_is_not_asked_about(workspace: Workspace, lead: Member, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace, closed=True)

    with pytest.raises(ApprovalRefused, match="closed"):
        asked(sprint, now, by=lead, to=owner)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.OWNER])
def test_only_a_business_owner_is_asked(workspace: Workspace, lead: Member, now: datetime, role: Role) -> None:
    MemberFactory.create(workspace=workspace, role=Role.OWNER)
    sprint, other = ready_sprint(workspace), MemberFactory.create(workspace=workspace, role=role)

    with pytest.raises(ApprovalRefused) as refused:
        asked(sprint, now, by=lead, to=other)

    assert "approver" in refused.value.fields


def test_an_owner_of_another_workspace_is_a_stranger(
    workspace: Workspace, lead: Member, owner: Member, now: datetime
) -> None:
    stranger = MemberFactory.create(role=Role.OWNER)
    sprint = ready_sprint(workspace)

    with pytest.raises(ApprovalRefused):
        asked(sprint, now, by=lead, to=stranger)


def test_an_owner_who_left_is_not_asked(workspace: Workspace, lead: Member, owner: Member, now: datetime) -> None:
    sprint, gone = ready_sprint(workspace), MemberFactory.create(workspace=workspace, role=Role.OWNER, left_at=now)

    with pytest.raises(ApprovalRefused):
        asked(sprint, now, by=lead, to=gone)


def test_nobody_asks_himself(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)

    with pytest.raises(ApprovalRefused, match="Nobody approves his or her own proposal"):
        asked(sprint, now, by=owner, to=owner)


def test_a_yes_holds_for_the_whole_and_for_every_story(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace, stories=2), now, to=owner)

    answer(request, Verdict.APPROVED, now, comment="  Go. ")

    request.refresh_from_db()
    assert (request.state, request.verdict, request.comment) == (ApprovalState.DECIDED, Verdict.APPROVED, "Go.")
    assert (request.decided_by, request.decided_at) == (owner, now)
    assert list(request.decisions.values_list("verdict", flat=True)) == [Verdict.APPROVED, Verdict.APPROVED]
    assert AuditEntry.objects.get(action="approval.decided").detail["fingerprint"] == request.fingerprint


def test_the_one_who_asked_is_told(workspace: Workspace, lead: Member, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)

    answer(request, Verdict.DECLINED, now)

    mail = SystemMail.objects.get(kind="sprints.decision")
    assert (mail.object_id, mail.to) == (request.pk, lead.user.email)


def test_one_story_can_be_judged_otherwise_than_the_rest(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=2)
    good, dear = sprint.stories.ranked()
    request = asked(sprint, now, to=owner)

    answer(request, Verdict.APPROVED, now, each={dear.pk: Say(Verdict.CHANGE, " Too dear. ")})

    request.refresh_from_db()
    assert request.verdict == Verdict.CHANGE
    said = {decision.story: (decision.verdict, decision.comment) for decision in request.decisions.all()}
    assert said == {good: (Verdict.APPROVED, ""), dear: (Verdict.CHANGE, "Too dear.")}


def test_a_story_that_was_not_shown_cannot_be_judged(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)
    other = ready_story(ready_sprint(workspace))

    with pytest.raises(ApprovalRefused, match=str(other.pk)):
        answer(request, Verdict.APPROVED, now, each={other.pk: Say(Verdict.APPROVED)})

    assert not StoryDecision.objects.exists()


def test_the_second_answer_is_refused_and_the_first_stays(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)
    answer(request, Verdict.APPROVED, now)

    with pytest.raises(ApprovalRefused, match="Decided"):
        answer(request, Verdict.DECLINED, now)

    request.refresh_from_db()
    assert request.verdict == Verdict.APPROVED
    assert StoryDecision.objects.get().verdict == Verdict.APPROVED


def test_a_replaced_version_is_not_decided(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    first = asked(sprint, now, to=owner)
    asked(sprint, now, to=owner)

    with pytest.raises(ApprovalRefused, match="newer version"):
        answer(first, Verdict.APPROVED, now)


def test_when_the_sprint_is_over_there_is_nothing_to_decide(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    request = asked(sprint, now, to=owner)
    sprint.state = SprintState.CLOSED
    sprint.save()

    with pytest.raises(ApprovalRefused, match="over"):
        answer(request, Verdict.APPROVED, now)
    with pytest.raises(ApprovalRefused):
        remind(request=request, by=lead, now=now)
    with pytest.raises(ApprovalLinkInvalid, match="over"):
        open_approval(approval_token(request), now)
    assert not ApprovalRequest.objects.open().exists()


def test_the_one_who_asked_does_not_decide_even_as_an_owner(
    workspace: Workspace, lead: Member, owner: Member, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)
    lead.role = Role.OWNER
    lead.save()

    with pytest.raises(ApprovalRefused, match="own proposal"):
        answer(request, Verdict.APPROVED, now, by=lead)

    assert not may_decide(request, lead, now)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.OWNER])
def test_no_other_role_decides(workspace: Workspace, owner: Member, now: datetime, role: Role) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)

    with pytest.raises(ApprovalRefused, match="Only a business owner"):
        answer(request, Verdict.APPROVED, now, by=MemberFactory.create(workspace=workspace, role=role))

    assert not StoryDecision.objects.exists()


def test_the_owner_of_another_workspace_does_not_decide(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)

    with pytest.raises(ApprovalRefused, match="this workspace"):
        answer(request, Verdict.APPROVED, now, by=MemberFactory.create(role=Role.OWNER))


def test_another_owner_of_the_workspace_may_decide(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)
    partner = MemberFactory.create(workspace=workspace, role=Role.OWNER)

    answer(request, Verdict.APPROVED, now, by=partner)

    request.refresh_from_db()
    assert request.decided_by == partner


def _leave(member: Member, now: datetime) -> None:
    member.left_at = now
    member.save()


def _become_guest(member: Member, _now: datetime) -> None:
    member.role = Role.GUEST
    member.save()


def _be_locked_out(member: Member, _now: datetime) -> None:
    member.user.is_active = False
    member.user.save()


@pytest.mark.parametrize("lose", [_leave, _become_guest, _be_locked_out])
def test_who_is_no_owner_any_more_neither_sees_nor_decides(
    workspace: Workspace, owner: Member, lead: Member, now: datetime, lose: Callable[[Member, datetime], None]
) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)
    token = approval_token(request)
    lose(owner, now)

    with pytest.raises(ApprovalLinkInvalid, match="only a business owner"):
        open_approval(token, now)
    with pytest.raises(ApprovalRefused):
        answer(request, Verdict.APPROVED, now, by=owner)
    request.refresh_from_db()
    request.approver.refresh_from_db()
    with pytest.raises(ApprovalRefused):
        remind(request=ApprovalRequest.objects.with_people().get(pk=request.pk), by=lead, now=now)


def _dearer(sprint: Any) -> None:
    brief = brief_of(sprint.stories.get())
    brief.cost = Decimal(99)
    brief.save()


def _other_people(sprint: Any) -> None:
    change_rules(sprint.stories.get(), rules=[{"field": "first_name", "op": "is", "value": "Ann"}])


def _later(sprint: Any) -> None:
    brief = brief_of(sprint.stories.get())
    brief.window_end += timedelta(days=1)
    brief.save()


def _one_more(sprint: Any) -> None:
    ready_story(sprint)


def _other_goal(sprint: Any) -> None:
    sprint.goal_sentence = "Something else."
    sprint.save()


def _other_promise(sprint: Any) -> None:
    Hypothesis.objects.filter(story__sprint=sprint).update(expected=0.09)


def _other_criteria(sprint: Any) -> None:
    CriterionFactory.create(story=sprint.stories.get())


@pytest.mark.parametrize(
    "change", [_dearer, _other_people, _later, _one_more, _other_goal, _other_promise, _other_criteria]
)
def test_a_plan_that_changed_after_it_was_sent_is_not_decided(
    workspace: Workspace, owner: Member, now: datetime, change: Callable[[Any], None]
) -> None:
    sprint = ready_sprint(workspace)
    request = asked(sprint, now, to=owner)
    change(sprint)

    with pytest.raises(PlanChanged, match="Nothing was decided"):
        answer(request, Verdict.APPROVED, now)

    request.refresh_from_db()
    assert request.state == ApprovalState.OPEN
    assert not StoryDecision.objects.exists()
    assert not SystemMail.objects.filter(kind="sprints.decision").exists()
    assert not AuditEntry.objects.filter(action="approval.decided").exists()


def test_a_plan_that_was_put_back_as_it_was_can_be_decided(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    request = asked(sprint, now, to=owner)
    story, author = sprint.stories.get(), MemberFactory.create(workspace=workspace)

    plan_story(story=story, sprint=None, by=author, now=now)
    plan_story(story=story, sprint=sprint, by=author, now=now)

    answer(request, Verdict.APPROVED, now)
    assert StoryDecision.objects.get().verdict == Verdict.APPROVED


def test_what_moves_by_itself_does_not_stand_in_the_way(workspace: Workspace, owner: Member, now: datetime) -> None:
    ContactFactory.create_batch(20, workspace=workspace)
    sprint = ready_sprint(workspace, stories=2)
    request = asked(sprint, now, to=owner)
    ContactFactory.create_batch(3, workspace=workspace)
    assert sprint.goal is not None
    ReadingFactory.create(kpi=sprint.goal.kpi)
    first, second = sprint.stories.ranked()
    first.rank, second.rank = second.rank, first.rank
    first.save()
    second.save()

    answer(request, Verdict.APPROVED, now)

    assert StoryDecision.objects.count() == 2


def test_a_page_that_showed_another_version_decides_nothing(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)

    with pytest.raises(PlanChanged, match="out of date"):
        answer(request, Verdict.APPROVED, now, shown="0" * 64)

    assert not StoryDecision.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_the_same_moment_one_counts(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace, stories=3), now, to=owner)
    start, refused = threading.Barrier(2), []

    def say(verdict: Verdict) -> None:
        start.wait()
        try:
            answer(request, verdict, now)
        except ApprovalRefused:
            refused.append(verdict)
        finally:
            connection.close()

    threads = [threading.Thread(target=say, args=[verdict]) for verdict in (Verdict.APPROVED, Verdict.DECLINED)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    request.refresh_from_db()
    assert len(refused) == 1
    assert request.verdict != refused[0]
    assert set(request.decisions.values_list("verdict", flat=True)) == {request.verdict}
    assert request.decisions.count() == 3
    assert AuditEntry.objects.filter(action="approval.decided").count() == 1
    assert SystemMail.objects.filter(kind="sprints.decision").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_who_ask_at_once_make_two_versions_of_which_one_waits(
    workspace: Workspace, owner: Member, lead: Member, marketer: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    start = threading.Barrier(2)

    def ask(by: Member) -> None:
        start.wait()
        try:
            asked(sprint, now, by=by, to=owner)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=[member]) for member in (lead, marketer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    versions = ApprovalRequest.objects.order_by("version").values_list("version", "state")
    assert list(versions) == [(1, ApprovalState.SUPERSEDED), (2, ApprovalState.OPEN)]


def test_the_policy_is_chosen_once_a_workspace_and_changed_later(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    set_policy(workspace=workspace, covers=Covers.CONTENT, audience_tolerance=0.1, by=lead, now=now)
    set_policy(workspace=workspace, covers=Covers.BRIEF, audience_tolerance=0.0, by=lead, now=now)

    policy = ApprovalPolicy.objects.get()
    assert (policy.covers, policy.audience_tolerance) == (Covers.BRIEF, 0.0)
    assert AuditEntry.objects.filter(action="approval.policy_set").count() == 2


def test_deciding_through_a_stale_copy_still_looks_at_the_truth(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)
    stale = ApprovalRequest.objects.get(pk=request.pk)
    answer(request, Verdict.APPROVED, now)

    with pytest.raises(ApprovalRefused):
        decide(request=stale, shown=stale.fingerprint, answer=Answer(Verdict.DECLINED), by=owner, now=now)
