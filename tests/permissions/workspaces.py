"""Rows of the workspaces app."""

from django.utils import timezone

from tests.factories.workspaces import MemberFactory
from tests.permissions.rows import Row
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
    Row("workspaces:settings_general", see=MANAGE, act=MANAGE, data=lambda _w, _k: SETTINGS),
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
