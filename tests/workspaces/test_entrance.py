"""The ways in: the front door, a new workspace, an invitation."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from tests.factories.workspaces import PASSWORD, MemberFactory, UserFactory
from workspaces.models import Invitation, Member, User, Workspace
from workspaces.permissions import Role
from workspaces.services import INVITATION_LIFE, invitation_token, invite, revoke_invitation

Browse = Callable[[Member], Client]
ACCOUNT = {"name": "Nina New", "password": "a-garden-of-ferns"}


@pytest.fixture
def invitation(workspace: Workspace, lead: Member, now: datetime) -> Invitation:
    return invite(workspace=workspace, email="nina@example.org", role=Role.MARKETER, by=lead, now=now)


@pytest.fixture
def link(invitation: Invitation) -> str:
    return f"/join/{invitation_token(invitation)}/"


@pytest.mark.django_db
def test_the_first_visitor_is_asked_to_sign_up(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/accounts/signup/"


def test_a_visitor_is_asked_to_sign_in(client: Client, lead: Member) -> None:
    assert client.get("/").headers["Location"] == "/accounts/login/"


@pytest.mark.django_db
def test_a_person_without_a_workspace_opens_one(client: Client) -> None:
    client.force_login(UserFactory.create())

    assert client.get("/").headers["Location"] == "/new/"


def test_a_member_comes_to_the_workspace_of_the_last_visit(lead: Member, browse: Browse) -> None:
    other = MemberFactory.create(user=lead.user)
    client = browse(lead)

    first = client.get("/").headers["Location"]
    client.get(f"/w/{other.workspace.slug}/")
    second = client.get("/").headers["Location"]

    assert first == "/w/maren-moss/"
    assert second == f"/w/{other.workspace.slug}/"


def test_a_workspace_one_has_left_is_no_longer_the_last(lead: Member, browse: Browse, now: datetime) -> None:
    other = MemberFactory.create(user=lead.user)
    client = browse(lead)
    client.get(f"/w/{other.workspace.slug}/")

    Member.objects.filter(pk=other.pk).update(left_at=now)

    assert client.get("/").headers["Location"] == "/w/maren-moss/"


@pytest.mark.django_db
def test_the_front_door_is_only_read(client: Client) -> None:
    assert client.post("/").status_code == 405


def test_the_switcher_shows_my_other_workspaces_and_no_others(
    lead: Member, outsider: Member, browse: Browse, now: datetime
) -> None:
    MemberFactory.create(user=lead.user, workspace__name="Second Shop")
    MemberFactory.create(user=lead.user, workspace__name="Left Behind", left_at=now)

    page = browse(lead).get("/w/maren-moss/").content.decode()

    assert "Second Shop" in page
    assert "Left Behind" not in page
    assert "Other Shop" not in page


@pytest.mark.django_db
def test_whoever_opens_a_workspace_leads_it(client: Client) -> None:
    user = UserFactory.create(language="bg")
    client.force_login(user)

    answer = client.post("/new/", {"name": "Fern & Co", "time_zone": "Europe/Sofia", "postal_address": "Street 1"})

    member = Member.objects.get(user=user)
    assert answer.headers["Location"] == "/w/fern-co/"
    assert (member.role, member.workspace.language, member.workspace.postal_address) == (Role.LEAD, "bg", "Street 1")


@pytest.mark.django_db
def test_a_workspace_with_nonsense_is_not_opened(client: Client) -> None:
    client.force_login(UserFactory.create())

    answer = client.post("/new/", {"name": "Fern & Co", "time_zone": "Mars/Olympus"})

    assert answer.status_code == 422
    assert "is not a time zone" in answer.content.decode()
    assert not Workspace.objects.exists()


@pytest.mark.django_db
def test_a_workspace_is_opened_by_people_only(client: Client) -> None:
    assert client.post("/new/", {"name": "Fern"}).headers["Location"] == "/accounts/login/?next=/new/"


def test_the_invitation_says_who_invites_to_what(client: Client, link: str) -> None:
    page = client.get(link).content.decode()

    assert "Join Maren &amp; Moss" in page
    assert "Elena Petrova invites you as: Marketer." in page
    assert "Your account will be nina@example.org." in page
    assert "Mail sandbox" not in page


def test_looking_at_an_invitation_uses_nothing_up(client: Client, link: str, invitation: Invitation) -> None:
    for _look in range(3):
        client.get(link)
        client.head(link)

    invitation.refresh_from_db()
    assert invitation.accepted_at is None
    assert not User.objects.filter(email="nina@example.org").exists()


def test_a_new_person_makes_an_account_and_is_inside(client: Client, link: str) -> None:
    answer = client.post(link, ACCOUNT, follow=True)

    member = Member.objects.get(user__email="nina@example.org")
    assert [url for url, _status in answer.redirect_chain] == ["/w/maren-moss/"]
    assert answer.status_code == 200
    assert (member.role, member.user.name) == (Role.MARKETER, "Nina New")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"password": "short"}, "too short"),
        ({"password": "nina@example.org"}, "too similar"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_an_account_that_cannot_be_made_says_why(
    client: Client, link: str, invitation: Invitation, changes: dict[str, str], says: str
) -> None:
    answer = client.post(link, {**ACCOUNT, **changes})

    invitation.refresh_from_db()
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert invitation.accepted_at is None
    assert not User.objects.filter(email="nina@example.org").exists()


def test_a_person_with_an_account_is_asked_to_sign_in_and_comes_back(client: Client, link: str) -> None:
    UserFactory.create(email="nina@example.org")

    page = client.get(link).content.decode()
    signed_in = client.post(
        "/accounts/login/", {"login": "nina@example.org", "password": PASSWORD, "next": link}, follow=True
    )
    joined = client.post(link)

    assert f'href="/accounts/login/?next={link}"' in page
    assert "You are signed in as" in signed_in.content.decode()
    assert joined.headers["Location"] == "/w/maren-moss/"


def test_a_form_sent_for_an_address_with_an_account_makes_no_second(client: Client, link: str) -> None:
    user = UserFactory.create(email="nina@example.org")

    answer = client.post(link, ACCOUNT)

    user.refresh_from_db()
    assert answer.status_code == 422
    assert user.check_password(PASSWORD)
    assert "_auth_user_id" not in client.session


def test_whoever_is_signed_in_joins_with_one_press(link: str, outsider: Member, browse: Browse) -> None:
    client = browse(outsider)

    page = client.get(link).content.decode()
    answer = client.post(link)

    assert "You are signed in as Oleg Strange" in page
    assert answer.headers["Location"] == "/w/maren-moss/"
    assert Member.objects.get(user=outsider.user, workspace__slug="maren-moss").role == Role.MARKETER


def test_a_member_who_opens_the_link_of_another_is_told(link: str, lead: Member, browse: Browse) -> None:
    answer = browse(lead).post(link)

    lead.refresh_from_db()
    assert answer.status_code == 409
    assert "You are a member of Maren &amp; Moss already." in answer.content.decode()
    assert lead.role == Role.LEAD


def test_a_used_a_withdrawn_a_lapsed_and_a_forged_link_look_the_same(
    client: Client, workspace: Workspace, lead: Member, link: str, now: datetime
) -> None:
    client.post(link, ACCOUNT)
    revoked = invite(workspace=workspace, email="b@example.org", role=Role.GUEST, by=lead, now=now)
    revoke_invitation(invitation=revoked, by=lead, now=now)
    lapsed = invite(workspace=workspace, email="c@example.org", role=Role.GUEST, by=lead, now=now - INVITATION_LIFE)

    for token in (link, f"/join/{invitation_token(revoked)}/", f"/join/{invitation_token(lapsed)}/", "/join/forged/"):
        for answer in (Client().get(token), Client().post(token, ACCOUNT)):
            assert answer.status_code == 410
            assert "This invitation is no longer valid. Ask for a new one." in answer.content.decode()


def test_an_invitation_has_no_other_methods(client: Client, link: str) -> None:
    assert client.put(link).status_code == 405
