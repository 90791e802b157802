"""Links in the owner's mail, and reminders: forged, expired, used, replaced."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from emailops.lib.signing import Kind, seal
from sprints.models import (
    ApprovalRequest,
    Verdict,
)
from sprints.services.answer_words import ApprovalRefused
from sprints.services.approval_links import ApprovalLinkInvalid, approval_token, open_approval
from sprints.services.approvals import LINK_LIFE, remind
from tests.factories.approvals import (
    answer,
    asked,
    ready_sprint,
)
from workspaces.models import AuditEntry, Member, SystemMail, Workspace

pytestmark = pytest.mark.django_db


def test_the_link_leads_to_the_request(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)

    assert open_approval(approval_token(request), now + LINK_LIFE - timedelta(seconds=1)) == request


@pytest.mark.parametrize(
    "forge",
    [
        lambda request, token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda request, token: token + "AA",
        lambda request, token: "",
        lambda request, token: "not-a-token",
        lambda request, token: seal(Kind.INVITATION, request.pk, request.nonce),
        lambda request, token: seal(Kind.APPROVAL, request.pk),
        lambda request, token: seal(Kind.APPROVAL, request.pk, request.nonce, 1),
    ],
)
def test_a_forged_link_opens_nothing(
    workspace: Workspace, owner: Member, now: datetime, forge: Callable[[ApprovalRequest, str], str]
) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)

    with pytest.raises(ApprovalLinkInvalid):
        open_approval(forge(request, approval_token(request)), now)


def test_a_link_to_another_request_needs_its_own_secret(workspace: Workspace, owner: Member, now: datetime) -> None:
    first, second = (asked(ready_sprint(workspace), now, to=owner) for _number in range(2))

    with pytest.raises(ApprovalLinkInvalid, match="replaced"):
        open_approval(seal(Kind.APPROVAL, second.pk, first.nonce), now)


def test_an_expired_link_says_so(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)

    with pytest.raises(ApprovalLinkInvalid, match="expired"):
        open_approval(approval_token(request), now + LINK_LIFE)


def test_a_used_link_says_what_was_answered(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)
    token = approval_token(request)
    answer(request, Verdict.DECLINED, now)

    with pytest.raises(ApprovalLinkInvalid, match="was used: the answer was “Declined”"):
        open_approval(token, now)


def test_the_link_to_an_older_version_says_so(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    token = approval_token(asked(sprint, now, to=owner))
    asked(sprint, now, to=owner)

    with pytest.raises(ApprovalLinkInvalid, match="newer version"):
        open_approval(token, now)


def test_a_reminder_sends_a_fresh_link_and_ends_the_one_before(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)
    old = approval_token(request)
    later = now + LINK_LIFE + timedelta(hours=1)

    remind(request=request, by=lead, now=later)

    request.refresh_from_db()
    assert open_approval(approval_token(request), later) == request
    with pytest.raises(ApprovalLinkInvalid, match="replaced"):
        open_approval(old, later)
    assert SystemMail.objects.filter(kind="sprints.approval", to=owner.user.email).count() == 2
    assert AuditEntry.objects.filter(action="approval.reminded", member=lead).exists()


def test_nobody_is_reminded_of_what_was_decided(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)
    answer(request, Verdict.APPROVED, now)

    with pytest.raises(ApprovalRefused):
        remind(request=request, by=lead, now=now)

    assert SystemMail.objects.filter(kind="sprints.approval").count() == 1
