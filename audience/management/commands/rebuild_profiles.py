"""Make the profiles of contacts anew from the mails, reactions, events and orders there are."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audience.profiles import rebuild_profiles
from workspaces.models import Workspace


class Command(BaseCommand):
    """`manage.py rebuild_profiles [--workspace SLUG]`. Can be stopped and begun anew at any time."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", help="The short name of one workspace; all of them without it.")

    def handle(self, *args: Any, **options: Any) -> None:
        workspaces = Workspace.objects.order_by("pk")
        if slug := options["workspace"]:
            workspaces = workspaces.filter(slug=slug)
            if not workspaces.exists():
                raise CommandError(f"There is no workspace “{slug}”.")
        for workspace in workspaces:
            made = rebuild_profiles(workspace, timezone.now())
            self.stdout.write(f"{workspace.slug}: {made} profiles")
