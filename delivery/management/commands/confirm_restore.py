"""`manage.py confirm_restore`: after a backup was restored, let sends start again in every workspace."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from delivery.installation import confirm_restore
from delivery.models import RestoreHold


class Command(BaseCommand):
    """Runs stay paused, and campaigns whose time has passed ask: each may have gone out already."""

    help = "Confirm that this database is the right one and that no other installation sends from a copy of it."

    def handle(self, *_args: Any, **_options: Any) -> None:
        held = RestoreHold.objects.open().select_related("workspace").order_by("pk")
        for hold in held:
            confirm_restore(workspace=hold.workspace, by=None, now=timezone.now())
            self.stdout.write(f"{hold.workspace}: {hold.get_doubt_display()}. Confirmed.")
        if not held:
            self.stdout.write("Nothing is held back.")
