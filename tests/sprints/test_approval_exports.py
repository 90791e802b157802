"""A file of approvals that leaves the installation is written down."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.approvals import asked, ready_sprint
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "file_format"), [("approval_log_csv", "csv"), ("approval_log_pdf", "pdf"), ("approval_pdf", "pdf")]
)
def test_taking_a_file_is_audited(
    workspace: Workspace, owner: Member, lead: Member, browse: Callable[[Member], Client], now: datetime, name: str,
    file_format: str,
) -> None:  # fmt: skip
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)
    about = {"pk": request.pk} if name == "approval_pdf" else {}

    assert (
        browse(lead).get(reverse(f"sprints:{name}", kwargs={"workspace": workspace.slug, **about})).status_code == 200
    )

    entry = AuditEntry.objects.get(action="approval.exported")
    assert (entry.member, entry.detail["format"]) == (lead, file_format)


def test_looking_at_the_log_is_not(workspace: Workspace, lead: Member, browse: Callable[[Member], Client]) -> None:
    browse(lead).get(reverse("sprints:approval_log", kwargs={"workspace": workspace.slug}))

    assert not AuditEntry.objects.filter(action="approval.exported").exists()
