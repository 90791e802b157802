"""Mail servers in use, for the record of processing."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from audience.processing import register_recipients
from delivery.models import Transport
from workspaces.models import Workspace


def mail_servers(workspace: Workspace) -> Iterator[str]:
    servers = Transport.objects.for_workspace(workspace).enabled().order_by("name", "pk")
    found = [f"{server.name} ({server.where})" for server in servers]
    yield from found or [_("The installation’s own mail server")]


def register_mail_servers() -> None:
    register_recipients(mail_servers)
