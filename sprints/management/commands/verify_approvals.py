"""Check that the log of approvals says what was written."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sprints.approval_log import verify
from workspaces.models import Workspace


class Command(BaseCommand):
    """Reads the logs of all workspaces, or of some, and ends with an error if one is broken."""

    help = "Check the hash chain of the approval log, of all workspaces or of those named."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspaces", nargs="*", help="Addresses of workspaces in the browser.")

    def handle(self, *_args: Any, workspaces: list[str], **_options: Any) -> None:
        """Say of each workspace whether its log is intact."""
        found = Workspace.objects.order_by("slug")
        found = found.filter(slug__in=workspaces) if workspaces else found
        missing = set(workspaces) - {workspace.slug for workspace in found}
        if missing:
            raise CommandError(f"There is no workspace {', '.join(sorted(missing))}.")
        broken = [words for workspace in found if (words := self._check(workspace))]
        if broken:
            raise CommandError(" ".join(broken))

    def _check(self, workspace: Workspace) -> str:
        chain = verify(workspace)
        if chain.is_intact:
            self.stdout.write(f"{workspace.slug}: intact, {chain.count} lines")
            return ""
        return f"{workspace.slug}: broken at line {chain.broken_at}. {chain.why}"
