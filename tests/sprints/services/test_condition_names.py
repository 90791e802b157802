"""Who sees to a condition: named by mention or by hand, mailed a link, and able to tick it by that or signed in."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from sprints.letters import condition as letter_of
from sprints.models import ApprovalCondition, Verdict
from sprints.services.approval_links import ApprovalLinkInvalid
from sprints.services.condition_links import LINK_LIFE, condition_token, open_condition
from sprints.services.conditions import ConditionRefused, may_tick, name_condition, tick_condition
from tests.factories.approvals import answer, asked, ready_sprint
from workspaces.models import AuditEntry, Member, SystemMail, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def named(workspace: Workspace, owner: Member, marketer: Member, now: datetime) -> ApprovalCondition:
    """Somebody is mentioned in the condition of a yes."""
    request = asked(ready_sprint(workspace), now, to=owner)
    answer(request, Verdict.CONDITIONS, now, comment=f"@{marketer} counts the stock")
    return _again(request.conditions.get())


def _again(condition: ApprovalCondition) -> ApprovalCondition:
    rows = ApprovalCondition.objects.select_related("request", "workspace", "named__user", "named__workspace")
    return rows.get(pk=condition.pk)


def test_who_is_mentioned_is_named_and_mailed_the_link(
    named: ApprovalCondition, marketer: Member, now: datetime
) -> None:
    mail = SystemMail.objects.get(kind="sprints.condition")
    letter = letter_of(mail, now)

    assert (named.named, mail.to) == (marketer, marketer.user.email)
    assert letter is not None
    assert condition_token(named) in letter.context["link"]


def test_by_the_link_it_is_ticked_and_the_tick_taken_back(named: ApprovalCondition, marketer: Member) -> None:
    link = reverse("sprints:condition_by_link", args=[condition_token(named)])

    assert Client().post(link, {"is_met": "on"}).status_code == 302
    assert _again(named).met_by == marketer
    entry = AuditEntry.objects.filter(action="approval.condition_ticked").latest("pk")
    assert entry.via == "mailed link"
    assert Client().post(link, {"is_met": "on"}).status_code == 302
    assert AuditEntry.objects.filter(action="approval.condition_ticked").count() == 1
    Client().post(link)
    assert _again(named).met_at is None


def test_who_is_named_ticks_it_signed_in_too_and_others_of_the_role_do_not(
    named: ApprovalCondition, marketer: Member, seller: Member, browse: Callable[[Member], Client]
) -> None:
    url = reverse("sprints:condition_tick", kwargs={"workspace": named.workspace.slug, "pk": named.pk})

    assert browse(seller).post(url, {"is_met": "on"}).status_code == 403
    assert browse(marketer).post(url, {"is_met": "on"}).status_code == 302
    assert _again(named).met_by == marketer


def test_the_link_ends_when_somebody_else_is_named_and_with_time(
    named: ApprovalCondition, owner: Member, seller: Member, now: datetime
) -> None:
    old = condition_token(named)
    with pytest.raises(ApprovalLinkInvalid):
        open_condition(old, now + LINK_LIFE)

    name_condition(condition=named, person=seller, by=owner, now=now + timedelta(minutes=1))

    with pytest.raises(ApprovalLinkInvalid):
        open_condition(old, now)
    assert open_condition(condition_token(_again(named)), now).holder == seller
    assert SystemMail.objects.filter(kind="sprints.condition", to=seller.user.email).count() == 1


def test_who_left_can_neither_be_named_nor_tick(
    named: ApprovalCondition, owner: Member, marketer: Member, now: datetime
) -> None:
    token = condition_token(named)
    Member.objects.filter(pk=marketer.pk).update(left_at=now)
    marketer.refresh_from_db()

    with pytest.raises(ApprovalLinkInvalid):
        open_condition(token, now)
    assert not may_tick(_again(named), marketer)
    with pytest.raises(ConditionRefused):
        name_condition(condition=named, person=None, by=marketer, now=now)
    name_condition(condition=named, person=None, by=owner, now=now)
    with pytest.raises(ConditionRefused):
        name_condition(condition=named, person=marketer, by=owner, now=now)


def test_who_is_named_names_nobody_else(
    named: ApprovalCondition, marketer: Member, seller: Member, now: datetime
) -> None:
    with pytest.raises(ConditionRefused):
        name_condition(condition=named, person=seller, by=marketer, now=now)
    tick_condition(condition=named, is_met=True, by=marketer, now=now)
    assert letter_of(SystemMail.objects.get(kind="sprints.condition"), now) is None


def test_a_token_of_another_kind_opens_nothing(named: ApprovalCondition, now: datetime) -> None:
    with pytest.raises(ApprovalLinkInvalid):
        open_condition("abc", now)
