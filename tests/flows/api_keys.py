"""Print, as JSON, the API keys of a new workspace's two people. Run by itself against the database of a stack."""

import json

import django

if __name__ == "__main__":
    django.setup()
    from django.utils import timezone

    from workspaces.models import Member, User
    from workspaces.permissions import SCOPES, Role
    from workspaces.services import create_api_key, create_workspace

    now = timezone.now()
    lena, olga = (
        User.objects.create_user(f"{name}@fern.example", None, name=name.title()) for name in ("lena", "olga")
    )
    lead = create_workspace(name="Fern Garden", user=lena, role=Role.LEAD, now=now, postal_address="Lipa 1, Sofia")
    owner = Member.objects.create(workspace=lead.workspace, user=olga, role=Role.OWNER, joined_at=now)
    keys = {
        member.role: create_api_key(workspace=lead.workspace, name="flow", scopes=list(SCOPES), by=member, now=now)[1]
        for member in (lead, owner)
    }
    print(json.dumps(keys))  # noqa: T201  this is its answer
