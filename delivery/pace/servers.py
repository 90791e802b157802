"""The mail servers whose speed a workspace can limit."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from delivery.models import INSTALLATION, Transport
from workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class MailServer:
    """A way out for mail: its id (`INSTALLATION` for the installation's own), and its name."""

    id: int
    name: "str | Promise"


def mail_servers(workspace: Workspace) -> list[MailServer]:
    """The servers a workspace sends through: its own, or the installation's while it has none."""
    own = Transport.objects.for_workspace(workspace).order_by("name", "pk").values_list("pk", "name")
    return [MailServer(*row) for row in own] or [MailServer(INSTALLATION, _("The installation's mail server"))]
