"""What every benchmark stands on: an empty, migrated database, a workspace, and one way to print results."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emailops.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")


def prepare() -> None:
    """Set Django up and migrate. `make bench` gives each run servers of its own."""
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def new_member() -> Any:
    """The lead of a fresh workspace."""
    from django.utils import timezone

    from workspaces.models import User
    from workspaces.permissions import Role
    from workspaces.services import create_workspace

    number = User.objects.count()
    user = User.objects.create_user(f"bench{number}@example.com", name="Bench")
    return create_workspace(
        name=f"Bench {number}", user=user, role=Role.LEAD, now=timezone.now(), postal_address="Street 1"
    )


@dataclass
class Spent:
    """Seconds of wall clock and of this process's CPU."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def measured() -> Iterator[Spent]:
    spent, wall, cpu = Spent(), time.perf_counter(), time.process_time()
    yield spent
    spent.wall, spent.cpu = time.perf_counter() - wall, time.process_time() - cpu


def run(name: str, about: str, bench: Callable[[argparse.Namespace], dict[str, Any]], **numbers: int) -> None:
    """Run a benchmark as a command: each of `numbers` is an option; `--json` prints one object on the last line."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=about)
    parser.add_argument("--json", action="store_true")
    for option, default in numbers.items():
        parser.add_argument(f"--{option}", type=int, default=default)
    options = parser.parse_args()
    prepare()
    result = bench(options)
    if options.json:
        print(json.dumps(result))
        return
    for key, value in result.items():
        print(f"{key:<32} {value:,.3f}" if isinstance(value, float) else f"{key:<32} {value}")
    sys.stdout.flush()
