"""The mail with the invitation."""

from datetime import datetime

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from tests.html import html_of
from workspaces.letters import invitation as invitation_letter
from workspaces.models import Invitation, Member, SystemMail, Workspace
from workspaces.permissions import Role
from workspaces.services import INVITATION_LIFE, accept_invitation, invitation_token, invite, revoke_invitation
from workspaces.systemmail import send_due


@pytest.fixture
def invitation(workspace: Workspace, lead: Member, now: datetime) -> Invitation:
    return invite(workspace=workspace, email="nina@example.org", role=Role.MARKETER, by=lead, now=now)


def test_the_mail_holds_who_what_and_a_link_that_works(
    invitation: Invitation, client: Client, now: datetime, settings: Settings
) -> None:
    send_due(now)

    [message] = mail.outbox
    link = f"{settings.BASE_URL}/join/{invitation_token(invitation)}/"
    html = html_of(message)
    assert (message.subject, message.to) == ("Elena Petrova invites you to Maren & Moss", ["nina@example.org"])
    for body in (str(message.body), html):
        assert link in body
        assert "Marketer" in body
    assert "Maren & Moss" in str(message.body), "text mail escapes nothing"
    assert client.get(link.removeprefix(settings.BASE_URL)).status_code == 200


def test_the_mail_speaks_the_language_of_the_workspace(
    workspace: Workspace, invitation: Invitation, now: datetime
) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(language="bg")

    letter = invitation_letter(SystemMail.objects.get(), now)

    assert letter is not None
    assert letter.language == "bg"


def test_an_invitation_that_is_over_is_not_mailed(
    workspace: Workspace, lead: Member, invitation: Invitation, outsider: Member, now: datetime
) -> None:
    revoked = invite(workspace=workspace, email="b@example.org", role=Role.GUEST, by=lead, now=now)
    revoke_invitation(invitation=revoked, by=lead, now=now)
    accept_invitation(token=invitation_token(invitation), user=outsider.user, now=now)
    lapsed = invite(workspace=workspace, email="c@example.org", role=Role.GUEST, by=lead, now=now - INVITATION_LIFE)

    letters = [invitation_letter(SystemMail(object_id=i.pk), now) for i in (revoked, invitation, lapsed)]

    assert letters == [None, None, None]
