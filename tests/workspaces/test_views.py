"""Settings, members, keys, audit log and profile, as people use them.

Wrong methods, wrong roles and strangers are asked of every page in `tests/permissions`.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from tests.factories.workspaces import MemberFactory, UserFactory
from workspaces.audit import record
from workspaces.models import ApiKey, AuditEntry, Invitation, Member, SystemMail, User, Workspace
from workspaces.permissions import Role
from workspaces.services import authenticate_key, invite

Browse = Callable[[Member], Client]
BASE = "/w/maren-moss"
SETTINGS = {
    "name": "Moss", "language": "en", "time_zone": "Europe/Sofia", "currency": "bgn", "postal_address": "Street 1",
}  # fmt: skip


def test_the_settings_show_what_is_and_keep_what_is_sent(workspace: Workspace, lead: Member, browse: Browse) -> None:
    client = browse(lead)

    page = client.get(f"{BASE}/settings/").content.decode()
    answer = client.post(f"{BASE}/settings/", SETTINGS, follow=True)

    workspace.refresh_from_db()
    assert 'value="Maren &amp; Moss"' in page
    assert (workspace.name, workspace.currency, workspace.postal_address) == ("Moss", "BGN", "Street 1")
    assert "Settings saved" in answer.content.decode()
    changed = AuditEntry.objects.for_workspace(workspace).get().detail["changed"]
    assert changed["name"] == ["Maren & Moss", "Moss"]
    assert set(changed) == {"name", "currency", "postal_address"}


def test_settings_that_do_not_work_change_neither_row_nor_frame(
    workspace: Workspace, lead: Member, browse: Browse
) -> None:
    answer = browse(lead).post(f"{BASE}/settings/", {**SETTINGS, "time_zone": "Mars/Olympus"})

    page = answer.content.decode()
    workspace.refresh_from_db()
    assert answer.status_code == 422
    assert workspace.name == "Maren & Moss"
    assert '<span class="ws__name">Maren &amp; Moss</span>' in page
    assert 'value="Moss"' in page, "what was typed is lost"


def test_a_lead_invites(workspace: Workspace, lead: Member, browse: Browse) -> None:
    answer = browse(lead).post(
        f"{BASE}/settings/members/", {"email": "Nina@Example.org", "role": "marketer"}, follow=True
    )

    page = answer.content.decode()
    assert "Invitation sent to Nina@Example.org" in page
    assert "Invited, not here yet" in page
    assert SystemMail.objects.for_workspace(workspace).get().to == "nina@example.org"


def test_whoever_is_a_member_is_not_invited(lead: Member, guest: Member, browse: Browse) -> None:
    answer = browse(lead).post(f"{BASE}/settings/members/", {"email": guest.user.email, "role": "marketer"})

    assert answer.status_code == 422
    assert "Already a member." in answer.content.decode()
    assert not Invitation.objects.exists()


def test_the_members_page_shows_who_is_here_and_who_is_not_yet(
    workspace: Workspace, lead: Member, browse: Browse, now: datetime
) -> None:
    MemberFactory.create(workspace=workspace, user__name="Gone Person", left_at=now)
    MemberFactory.create(user__name="Somebody Elses")
    invite(workspace=workspace, email="open@example.org", role=Role.GUEST, by=lead, now=now)
    invite(workspace=workspace, email="lapsed@example.org", role=Role.GUEST, by=lead, now=now - timedelta(days=30))

    page = browse(lead).get(f"{BASE}/settings/members/").content.decode()

    assert "open@example.org" in page
    for hidden in ("lapsed@example.org", "Gone Person", "Somebody Elses"):
        assert hidden not in page


def test_the_members_page_asks_the_same_number_of_questions_for_many(
    workspace: Workspace, lead: Member, browse: Browse, now: datetime, django_assert_max_num_queries: Any
) -> None:
    MemberFactory.create_batch(12, workspace=workspace)
    for number in range(12):
        invite(workspace=workspace, email=f"n{number}@example.org", role=Role.GUEST, by=lead, now=now)
    client = browse(lead)
    client.get(f"{BASE}/settings/members/")

    with django_assert_max_num_queries(12):
        client.get(f"{BASE}/settings/members/")


def test_a_lead_changes_the_role_of_another(lead: Member, guest: Member, browse: Browse) -> None:
    answer = browse(lead).post(f"{BASE}/settings/members/{guest.pk}/role/", {"role": "seller"}, follow=True)

    guest.refresh_from_db()
    assert guest.role == Role.SELLER
    assert "Greta Holm is now: Seller" in answer.content.decode()


def test_a_role_that_is_none_changes_nothing(lead: Member, guest: Member, browse: Browse) -> None:
    browse(lead).post(f"{BASE}/settings/members/{guest.pk}/role/", {"role": "boss"})

    guest.refresh_from_db()
    assert guest.role == Role.GUEST


def test_a_lead_who_steps_back_is_led_to_a_page_that_is_still_open(lead: Member, owner: Member, browse: Browse) -> None:
    answer = browse(lead).post(f"{BASE}/settings/members/{lead.pk}/role/", {"role": "guest"}, follow=True)

    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0] == f"{BASE}/"


def test_a_lead_who_leaves_is_led_out(lead: Member, owner: Member, browse: Browse) -> None:
    answer = browse(lead).post(f"{BASE}/settings/members/{lead.pk}/remove/", follow=True)

    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0] == "/new/"


def test_a_removed_member_is_outside_at_once(lead: Member, guest: Member, browse: Browse) -> None:
    inside = browse(guest)
    before = inside.get(f"{BASE}/").status_code

    browse(lead).post(f"{BASE}/settings/members/{guest.pk}/remove/")

    assert (before, inside.get(f"{BASE}/").status_code) == (200, 404)


def test_an_invitation_is_withdrawn(workspace: Workspace, lead: Member, browse: Browse, now: datetime) -> None:
    invitation = invite(workspace=workspace, email="nina@example.org", role=Role.GUEST, by=lead, now=now)

    answer = browse(lead).post(f"{BASE}/settings/invitations/{invitation.pk}/revoke/", follow=True)

    assert "The invitation to nina@example.org no longer works" in answer.content.decode()
    assert "Invited, not here yet" not in answer.content.decode()


KEY = {"name": "CRM", "scopes": ["audience:read", "audience:write"]}


def test_the_secret_of_a_key_is_shown_once(lead: Member, browse: Browse, now: datetime) -> None:
    client = browse(lead)

    made = client.post(f"{BASE}/settings/keys/", KEY)
    later = client.get(f"{BASE}/settings/keys/").content.decode()

    [secret] = re.findall(r'<code class="code" id="secret">(\S+)</code>', made.content.decode())
    key = ApiKey.objects.get()
    assert authenticate_key(secret, now) == key
    assert key.prefix in later
    assert secret not in later


def test_no_cache_keeps_a_secret(lead: Member, browse: Browse) -> None:
    made = browse(lead).post(f"{BASE}/settings/keys/", KEY)

    assert "no-store" in made.headers["Cache-Control"]


def test_after_making_a_key_the_form_is_empty(lead: Member, browse: Browse) -> None:
    page = browse(lead).post(f"{BASE}/settings/keys/", KEY).content.decode()

    assert 'value="CRM"' not in page
    assert "checked" not in page


def test_a_key_expires_at_the_end_of_the_day_where_the_person_is(lead: Member, browse: Browse) -> None:
    day = timezone.localdate() + timedelta(days=10)

    browse(lead).post(f"{BASE}/settings/keys/", {**KEY, "expires_at": day.isoformat()})

    ends = ApiKey.objects.get().expires_at
    assert ends is not None
    local = ends.astimezone(lead.workspace.zone)
    assert (local.date(), local.hour, local.minute) == (day, 23, 59)


def test_a_key_of_yesterday_is_refused_under_its_field(lead: Member, browse: Browse) -> None:
    day = timezone.localdate() - timedelta(days=2)

    answer = browse(lead).post(f"{BASE}/settings/keys/", {**KEY, "expires_at": day.isoformat()})

    assert answer.status_code == 422
    assert "This day has passed." in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_revoked_and_expired_keys_are_marked_and_cannot_be_revoked(lead: Member, browse: Browse, now: datetime) -> None:
    client = browse(lead)
    for name in ("Old", "Gone"):
        client.post(f"{BASE}/settings/keys/", {**KEY, "name": name})
    ApiKey.objects.filter(name="Old").update(expires_at=now - timedelta(days=1))

    client.post(f"{BASE}/settings/keys/{ApiKey.objects.get(name='Gone').pk}/revoke/")
    page = client.get(f"{BASE}/settings/keys/").content.decode()

    assert "Revoked" in page
    assert "Expired" in page
    assert "/revoke/" not in page


def test_the_audit_log_shows_everything_newest_first(
    workspace: Workspace, lead: Member, outsider: Member, browse: Browse, now: datetime
) -> None:
    record("workspace.older", workspace, by=lead, now=now - timedelta(hours=1))
    record("workspace.newer", workspace, by=None, now=now)
    record("workspace.hidden", outsider.workspace, by=outsider, now=now)

    page = browse(lead).get(f"{BASE}/settings/audit/").content.decode()

    assert page.index("workspace.newer") < page.index("workspace.older")
    assert "The system" in page
    assert "workspace.hidden" not in page


def test_the_audit_log_has_pages_and_few_questions(
    workspace: Workspace, browse: Browse, now: datetime, django_assert_max_num_queries: Any
) -> None:
    members = [MemberFactory.create(workspace=workspace, role=Role.LEAD) for _count in range(6)]
    for number in range(120):
        record("workspace.seen", workspace, by=members[number % 6], now=now + timedelta(seconds=number))
    client = browse(members[0])
    client.get(f"{BASE}/settings/audit/")

    with django_assert_max_num_queries(12):
        first = client.get(f"{BASE}/settings/audit/").content.decode()
    last = client.get(f"{BASE}/settings/audit/", {"page": 3}).content.decode()
    beyond = client.get(f"{BASE}/settings/audit/", {"page": "nonsense"})

    assert "1 to 50 of 120" in first
    assert 'href="?page=2" rel="next"' in first
    assert "101 to 120 of 120" in last
    assert beyond.status_code == 200


def test_an_analyst_reads_the_log_without_a_way_into_the_settings(analyst: Member, browse: Browse) -> None:
    page = browse(analyst).get(f"{BASE}/settings/audit/").content.decode()

    assert f"{BASE}/settings/keys/" not in page
    assert f'href="{BASE}/settings/"' not in page


def test_a_person_sets_name_language_and_clock(guest: Member, browse: Browse) -> None:
    answer = browse(guest).post(
        f"{BASE}/me/", {"name": "Greta H.", "language": "en", "time_zone": "America/New_York"}, follow=True
    )

    guest.user.refresh_from_db()
    assert (guest.user.name, guest.user.time_zone) == ("Greta H.", "America/New_York")
    assert "Profile saved" in answer.content.decode()


def test_a_person_changes_nobody_else(guest: Member, lead: Member, browse: Browse) -> None:
    browse(guest).post(f"{BASE}/me/", {"name": "X", "language": "en", "time_zone": "UTC", "pk": lead.user.pk})

    assert list(User.objects.filter(name="X")) == [guest.user]


def test_a_profile_that_does_not_work_says_where(guest: Member, browse: Browse) -> None:
    answer = browse(guest).post(f"{BASE}/me/", {"name": "", "language": "xx", "time_zone": "Mars"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert all(f'id="id_{field}_error"' in page for field in ("name", "language", "time_zone"))


def test_a_name_is_text_and_never_markup(workspace: Workspace, lead: Member, browse: Browse) -> None:
    MemberFactory.create(workspace=workspace, user=UserFactory.create(name="<script>alert(1)</script>"))

    assert "<script>alert" not in browse(lead).get(f"{BASE}/settings/members/").content.decode()
