"""The mail servers whose speed a workspace can limit."""

from dataclasses import dataclass

from django.utils.functional import Promise

from delivery.models import INSTALLATION, INSTALLATION_NAME, Transport
from workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class MailServer:
    """A way out for mail: its id (`INSTALLATION` for the installation's own), and its name.

    `is_in_use` is false for one that is switched off, and for a spare beside one that carries mail.
    """

    id: int
    name: "str | Promise"
    is_in_use: bool = True


def mail_servers(workspace: Workspace) -> list[MailServer]:
    """The servers a workspace sends through: its own, or the installation's while it has none. One query."""
    rows = Transport.objects.for_workspace(workspace).order_by("name", "pk")
    own = list(rows.values_list("pk", "name", "weight", "is_enabled"))
    has_weighted = any(weight and is_enabled for _pk, _name, weight, is_enabled in own)
    return [
        MailServer(pk, name, is_enabled and (weight > 0 or not has_weighted)) for pk, name, weight, is_enabled in own
    ] or [MailServer(INSTALLATION, INSTALLATION_NAME)]
