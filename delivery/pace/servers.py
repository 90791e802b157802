"""The mail servers whose speed a workspace can limit."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from delivery.models import INSTALLATION
from workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class MailServer:
    """A way out for mail: its id (`INSTALLATION` for the installation's own), and its name."""

    id: int
    name: "str | Promise"


def mail_servers(_workspace: Workspace) -> list[MailServer]:
    """The servers a workspace sends through, the installation's own first."""
    return [MailServer(INSTALLATION, _("The installation's mail server"))]
