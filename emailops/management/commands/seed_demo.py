"""Tell the story of the sample company into an empty database."""

from typing import Any

from django.core.management.base import BaseCommand

from emailops.demo import seed_if_empty


class Command(BaseCommand):
    help = "Fill an empty database with the sample company; does nothing where there is a workspace."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, saying what happens."""
        seed_if_empty(self.stdout.write)
