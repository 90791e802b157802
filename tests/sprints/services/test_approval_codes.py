"""The mailed code above a set amount: six digits, ten minutes, five tries, one decision."""

import threading
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from sprints.models import ApprovalCode, ApprovalRequest, ApprovalState, SendBrief, Verdict
from sprints.services.approval_codes import CodeNeeded, ask_for_code, make_code
from tests.factories.approvals import answer, asked, ready_sprint
from tests.factories.owners import policy
from workspaces.models import Member, SystemMail, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def dear(workspace: Workspace, owner: Member, now: datetime) -> ApprovalRequest:
    """A request about a plan that costs more than the amount above which a code is asked for."""
    policy(workspace, now, code_above=Decimal(500))
    sprint = ready_sprint(workspace)
    SendBrief.objects.filter(workspace=workspace).update(cost=Decimal("500.01"))
    return asked(sprint, now, to=owner)


def _code(request: ApprovalRequest, now: datetime) -> str:
    with pytest.raises(CodeNeeded, match="mailed a code"):
        answer(request, Verdict.APPROVED, now)
    return make_code(ApprovalCode.objects.get(), now)


def test_a_yes_needs_the_code_and_counts_with_it(dear: ApprovalRequest, owner: Member, now: datetime) -> None:
    code = _code(dear, now)
    mail = SystemMail.objects.get(kind="sprints.approval_code")

    answer(dear, Verdict.APPROVED, now, code=f" {code[:3]} {code[3:]} ")

    dear.refresh_from_db()
    assert mail.to == owner.user.email
    assert (len(code), dear.state) == (6, ApprovalState.DECIDED)
    assert ApprovalCode.objects.get().used_at == now


@pytest.mark.parametrize("verdict", [Verdict.CHANGE, Verdict.DECLINED])
def test_a_no_needs_none(dear: ApprovalRequest, now: datetime, verdict: Verdict) -> None:
    answer(dear, verdict, now)

    assert not ApprovalCode.objects.exists()


def test_what_costs_no_more_than_the_amount_needs_none(workspace: Workspace, now: datetime) -> None:
    policy(workspace, now, code_above=Decimal(500))
    sprint = ready_sprint(workspace)
    SendBrief.objects.filter(workspace=workspace).update(cost=Decimal(500))

    answer(asked(sprint, now), Verdict.APPROVED, now)

    assert not ApprovalCode.objects.exists()


def test_after_five_wrong_codes_the_right_one_is_worth_nothing(dear: ApprovalRequest, now: datetime) -> None:
    code = _code(dear, now)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(CodeNeeded, match=f"Tries left: {left}"):
            answer(dear, Verdict.APPROVED, now, code=wrong)

    with pytest.raises(CodeNeeded, match="does not work any more"):
        answer(dear, Verdict.APPROVED, now, code=code)

    dear.refresh_from_db()
    assert dear.state == ApprovalState.OPEN


def test_a_code_lives_ten_minutes(dear: ApprovalRequest, now: datetime) -> None:
    code = _code(dear, now)

    with pytest.raises(CodeNeeded):
        answer(dear, Verdict.APPROVED, now + timedelta(minutes=10), code=code)


def test_a_new_code_ends_the_one_before_and_cannot_be_had_at_once(
    dear: ApprovalRequest, owner: Member, now: datetime
) -> None:
    first = _code(dear, now)
    later = now + timedelta(minutes=1)

    assert not ask_for_code(request=dear, by=owner, now=now)
    assert ask_for_code(request=dear, by=owner, now=later)

    with pytest.raises(CodeNeeded):
        answer(dear, Verdict.APPROVED, later, code=first)


def test_nobody_floods_a_mailbox(dear: ApprovalRequest, owner: Member, now: datetime) -> None:
    for minute in range(6):
        assert ask_for_code(request=dear, by=owner, now=now + timedelta(minutes=2 * minute))

    with pytest.raises(CodeNeeded, match="Too many"):
        ask_for_code(request=dear, by=owner, now=now + timedelta(minutes=14))


def test_the_code_itself_is_never_kept(dear: ApprovalRequest, now: datetime) -> None:
    code = _code(dear, now)

    row = ApprovalCode.objects.get()
    assert code not in row.code_hash
    assert len(row.code_hash) == 64


def test_before_the_mail_was_built_no_code_is_right(dear: ApprovalRequest, now: datetime) -> None:
    with pytest.raises(CodeNeeded):
        answer(dear, Verdict.APPROVED, now)

    with pytest.raises(CodeNeeded):
        answer(dear, Verdict.APPROVED, now, code="000000")


@pytest.mark.django_db(transaction=True)
def test_of_many_tries_at_once_five_are_looked_at(dear: ApprovalRequest, now: datetime) -> None:
    code = _code(dear, now)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    start, said = threading.Barrier(8), []

    def guess() -> None:
        start.wait()
        try:
            answer(dear, Verdict.APPROVED, now, code=wrong)
        except CodeNeeded as refusal:
            said.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum("That is not the code" in words for words in said) == 5
    assert ApprovalCode.objects.get().tries == 5
