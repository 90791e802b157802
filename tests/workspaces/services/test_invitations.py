"""Invitations: one link, one person, once."""

from datetime import datetime, timedelta

import pytest

from emailops.lib.signing import Kind, seal
from tests.conftest import Bell
from tests.factories.workspaces import MemberFactory, UserFactory
from tests.together import together
from workspaces.models import AuditEntry, Invitation, Member, SystemMail, User, Workspace
from workspaces.permissions import Role
from workspaces.services import (
    INVITATION_LIFE,
    AccountRefused,
    InvitationInvalid,
    MembershipRefused,
    accept_invitation,
    invitation_token,
    invite,
    join_with_account,
    open_invitation,
    revoke_invitation,
)

PASSWORD = "a-garden-of-ferns"


@pytest.fixture
def invitation(workspace: Workspace, lead: Member, now: datetime) -> Invitation:
    return invite(workspace=workspace, email="new@example.org", role=Role.MARKETER, by=lead, now=now)


@pytest.fixture
def token(invitation: Invitation) -> str:
    return invitation_token(invitation)


def test_an_invitation_puts_a_mail_into_the_outbox(
    workspace: Workspace, lead: Member, now: datetime, bells: list[Bell], django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # pytest-django exports no type
        invitation = invite(workspace=workspace, email=" New@Example.org ", role=Role.GUEST, by=lead, now=now)

    mail = SystemMail.objects.for_workspace(workspace).get()
    assert (invitation.email, invitation.role, invitation.expires_at) == (
        "new@example.org",
        Role.GUEST,
        now + INVITATION_LIFE,
    )
    assert (mail.kind, mail.object_id, mail.to) == ("workspaces.invitation", invitation.pk, "new@example.org")
    assert bells == [("workspaces.send_system_mail", {})]
    assert AuditEntry.objects.for_workspace(workspace).get().action == "invitation.sent"


def test_no_link_is_kept_in_the_outbox(workspace: Workspace, token: str) -> None:
    mail = SystemMail.objects.for_workspace(workspace).values().get()

    assert token not in str(mail)


def test_a_member_is_not_invited_again(workspace: Workspace, lead: Member, guest: Member, now: datetime) -> None:
    with pytest.raises(MembershipRefused, match="already a member") as refusal:
        invite(workspace=workspace, email=guest.user.email.upper(), role=Role.LEAD, by=lead, now=now)

    assert "email" in refusal.value.fields
    assert not SystemMail.objects.exists()


def test_a_former_member_is_invited_again(workspace: Workspace, lead: Member, guest: Member, now: datetime) -> None:
    Member.objects.filter(pk=guest.pk).update(left_at=now)

    invite(workspace=workspace, email=guest.user.email, role=Role.LEAD, by=lead, now=now)

    assert Invitation.objects.for_workspace(workspace).open(now).count() == 1


def test_a_second_invitation_replaces_the_first(workspace: Workspace, lead: Member, token: str, now: datetime) -> None:
    second = invite(workspace=workspace, email="NEW@example.org", role=Role.GUEST, by=lead, now=now)

    with pytest.raises(InvitationInvalid):
        open_invitation(token, now)
    assert open_invitation(invitation_token(second), now) == second


def test_one_address_may_be_invited_to_two_workspaces(invitation: Invitation, outsider: Member, now: datetime) -> None:
    other = invite(workspace=outsider.workspace, email=invitation.email, role=Role.GUEST, by=outsider, now=now)

    assert open_invitation(invitation_token(invitation), now) == invitation
    assert open_invitation(invitation_token(other), now) == other


@pytest.mark.django_db(transaction=True)
def test_two_leads_who_invite_one_person_at_once_leave_one_link(
    workspace: Workspace, lead: Member, owner: Member, now: datetime, bells: list[Bell]
) -> None:
    results = together(
        *(
            lambda m=member: invite(workspace=workspace, email="new@example.org", role=Role.GUEST, by=m, now=now)
            for member in (lead, owner)
        )
    )

    assert all(isinstance(result, Invitation) for result in results), results
    assert Invitation.objects.for_workspace(workspace).open(now).count() == 1


def test_whoever_holds_the_link_becomes_a_member(invitation: Invitation, token: str, now: datetime) -> None:
    user = UserFactory.create()

    member = accept_invitation(token=token, user=user, now=now)

    invitation.refresh_from_db()
    assert (member.user, member.role, member.workspace) == (user, Role.MARKETER, invitation.workspace)
    assert invitation.accepted_at == now
    entry = AuditEntry.objects.for_workspace(invitation.workspace).order_by("-pk")[0]
    assert (entry.action, entry.member) == ("member.joined", member)


def test_a_link_works_once(token: str, now: datetime) -> None:
    accept_invitation(token=token, user=UserFactory.create(), now=now)

    with pytest.raises(InvitationInvalid, match="Ask for a new one"):
        accept_invitation(token=token, user=UserFactory.create(), now=now)


def test_a_former_member_comes_back_with_the_new_role(workspace: Workspace, token: str, now: datetime) -> None:
    former = MemberFactory.create(workspace=workspace, role=Role.GUEST, left_at=now)

    member = accept_invitation(token=token, user=former.user, now=now)

    assert member == former
    assert (member.role, member.left_at) == (Role.MARKETER, None)


def test_a_member_who_opens_the_link_of_another_keeps_role_and_leaves_the_link(
    workspace: Workspace, lead: Member, token: str, now: datetime
) -> None:
    with pytest.raises(MembershipRefused, match="to new@example"):
        accept_invitation(token=token, user=lead.user, now=now)

    lead.refresh_from_db()
    assert lead.role == Role.LEAD
    assert open_invitation(token, now).accepted_at is None


def test_an_invitation_lapses(token: str, now: datetime) -> None:
    assert open_invitation(token, now + INVITATION_LIFE - timedelta(seconds=1))

    with pytest.raises(InvitationInvalid):
        open_invitation(token, now + INVITATION_LIFE)


@pytest.mark.django_db
def test_a_link_that_is_not_ours_is_refused(invitation: Invitation, now: datetime) -> None:
    forged = [
        "",
        "abc",
        seal(Kind.APPROVAL, invitation.pk, invitation.nonce),
        seal(Kind.INVITATION, invitation.pk, invitation.nonce + 1),
        seal(Kind.INVITATION, invitation.pk + 1, invitation.nonce),
        seal(Kind.INVITATION, invitation.pk),
        seal(Kind.INVITATION, invitation.pk, invitation.nonce, 0),
        seal(Kind.INVITATION, 2**64 - 1, 2**64 - 1),
    ]

    for token in forged:
        with pytest.raises(InvitationInvalid):
            open_invitation(token, now)


def test_a_withdrawn_link_is_worthless(invitation: Invitation, lead: Member, token: str, now: datetime) -> None:
    revoke_invitation(invitation=invitation, by=lead, now=now)
    revoke_invitation(invitation=invitation, by=lead, now=now)

    with pytest.raises(InvitationInvalid):
        accept_invitation(token=token, user=UserFactory.create(), now=now)
    assert AuditEntry.objects.filter(action="invitation.revoked").count() == 1


def test_an_accepted_invitation_is_not_withdrawn(
    invitation: Invitation, lead: Member, token: str, now: datetime
) -> None:
    accept_invitation(token=token, user=UserFactory.create(), now=now)

    with pytest.raises(MembershipRefused, match="Remove the member instead"):
        revoke_invitation(invitation=invitation, by=lead, now=now)


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_accept_one_invitation_at_once_one_comes_in(
    workspace: Workspace, token: str, now: datetime
) -> None:
    users = [UserFactory.create() for _count in range(2)]

    results = together(*(lambda u=user: accept_invitation(token=token, user=u, now=now) for user in users))

    assert sorted(type(result).__name__ for result in results) == ["InvitationInvalid", "Member"]
    assert Member.objects.for_workspace(workspace).filter(user__in=users).count() == 1


def test_a_new_person_gets_an_account_for_the_invited_address(workspace: Workspace, token: str, now: datetime) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(language="bg", time_zone="Europe/Sofia")

    member = join_with_account(token=token, name="Nina New", password=PASSWORD, now=now)

    user = User.objects.get(pk=member.user.pk)
    assert (user.email, user.name, user.language, user.time_zone) == (
        "new@example.org",
        "Nina New",
        "bg",
        "Europe/Sofia",
    )
    assert user.check_password(PASSWORD)
    assert member.role == Role.MARKETER


@pytest.mark.parametrize("password", ["short", "password123", "1234567890", "new@example.org"])
def test_a_weak_password_leaves_the_link_as_it_was(token: str, now: datetime, password: str) -> None:
    with pytest.raises(AccountRefused) as refusal:
        join_with_account(token=token, name="Nina New", password=password, now=now)

    assert refusal.value.fields["password"]
    assert open_invitation(token, now).accepted_at is None
    assert not User.objects.filter(email="new@example.org").exists()


def test_an_address_with_an_account_gets_no_second(token: str, now: datetime) -> None:
    UserFactory.create(email="New@example.org")

    with pytest.raises(AccountRefused, match="has an account"):
        join_with_account(token=token, name="Nina New", password=PASSWORD, now=now)

    assert open_invitation(token, now).accepted_at is None


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_twice_at_once_makes_one_account(workspace: Workspace, token: str, now: datetime) -> None:
    results = together(*[lambda: join_with_account(token=token, name="Nina", password=PASSWORD, now=now)] * 2)

    assert sorted(type(result).__name__ for result in results) == ["InvitationInvalid", "Member"]
    assert User.objects.filter(email="new@example.org").count() == 1
