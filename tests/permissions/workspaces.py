"""Rows of the workspaces app."""

from django.utils import timezone

from tests.factories.sprints import StoryFactory
from tests.factories.workspaces import MemberFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can, Role
from workspaces.services import create_api_key, invite


def _member(workspace: Workspace) -> dict[str, int]:
    return {"pk": MemberFactory.create(workspace=workspace).pk}


def _invitation(workspace: Workspace) -> dict[str, int]:
    by = MemberFactory.create(workspace=workspace)
    email = f"new{by.pk}@example.com"
    return {"pk": invite(workspace=workspace, email=email, role=Role.GUEST, by=by, now=timezone.now()).pk}


def _key(workspace: Workspace) -> dict[str, int]:
    by = MemberFactory.create(workspace=workspace)
    key, _secret = create_api_key(workspace=workspace, name="k", scopes=["audience:read"], by=by, now=timezone.now())
    return {"pk": key.pk}


def _about_a_story(workspace: Workspace, *_ignored: object) -> dict[str, object]:
    return {"about_type": "story", "about_id": StoryFactory.create(workspace=workspace).pk, "is_muted": "on"}


SETTINGS = {
    "name": "New name", "language": "en", "time_zone": "Europe/Sofia", "currency": "EUR", "postal_address": "Street 1",
}  # fmt: skip
MANAGE = Can.MANAGE_WORKSPACE

ROWS = [
    Row("workspaces:home", see=Can.SEE_WORKSPACE),
    Row("workspaces:live", see=Can.SEE_WORKSPACE),
    Row(
        "workspaces:profile",
        see=Can.SEE_WORKSPACE,
        act=Can.SEE_WORKSPACE,
        data=lambda _w, _k: {"name": "Me", "language": "en", "time_zone": "UTC"},
    ),
    Row("workspaces:notice_list", see=Can.SEE_WORKSPACE),
    Row("workspaces:notice_bell", see=Can.SEE_WORKSPACE),
    Row("workspaces:notice_read", act=Can.SEE_WORKSPACE, is_audited=False),  # it concerns nobody else
    Row("workspaces:notice_mute", act=Can.SEE_WORKSPACE, data=_about_a_story),
    Row(
        "workspaces:notice_settings",
        see=Can.SEE_WORKSPACE,
        act=Can.SEE_WORKSPACE,
        data=lambda _w, _k: {"digest": "daily", "hour": "9", "heard": ["story.mentioned"]},
    ),
    Row("workspaces:settings_general", see=MANAGE, act=MANAGE, data=lambda _w, _k: SETTINGS),
    Row("workspaces:settings_brand", see=MANAGE, act=MANAGE, data=lambda _w, _k: {"name": "Moss", "colour": "#2f4a3a"}),
    Row(
        "workspaces:settings_members",
        see=MANAGE,
        act=MANAGE,
        data=lambda _w, _k: {"email": "fresh@example.com", "role": "guest"},
    ),
    Row("workspaces:member_role", act=MANAGE, kwargs=_member, data=lambda _w, _k: {"role": "seller"}),
    Row("workspaces:member_remove", act=MANAGE, kwargs=_member),
    Row("workspaces:invitation_revoke", act=MANAGE, kwargs=_invitation),
    Row(
        "workspaces:settings_keys",
        see=MANAGE,
        act=MANAGE,
        data=lambda _w, _k: {"name": "CRM", "scopes": ["audience:read"]},
    ),
    Row("workspaces:key_revoke", act=MANAGE, kwargs=_key),
    Row("workspaces:settings_audit", see=Can.SEE_AUDIT),
]

WISHES = {"digest": "daily", "hour": 9, "at_once": [], "muted": []}
API_ROWS = [
    ApiRow("api:brand", {"get": MANAGE, "patch": MANAGE}, data=lambda _w, _m: {"colour": "#2f4a3a"}),
    ApiRow("api:notice-list", {"get": Can.SEE_WORKSPACE}),
    ApiRow("api:notice-read", {"post": Can.SEE_WORKSPACE}),
    ApiRow("api:notice-mute", {"post": Can.SEE_WORKSPACE}, data=lambda w, _m: {**_about_a_story(w), "is_muted": True}),
    ApiRow("api:notice-choose", {"get": Can.SEE_WORKSPACE, "put": Can.SEE_WORKSPACE}, data=lambda _w, _m: WISHES),
]
