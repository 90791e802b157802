"""Tests in several processes at once (pytest-xdist): what each has for itself, and which tests stay together.

Each process has a database of PostgreSQL (pytest-django), a server of Redis, since whoever listens there hears all of
its databases, and a folder. A module stays in one process, and so do those that work in the sample company.
"""

import os
from collections.abc import Sequence
from contextlib import ExitStack

import pytest
from execnet import XSpec
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from emailops.embedded import redis_server, var_folder
from tests.databases import migrated_database

FEWEST = 2  # processes; tests wait often, for each other's sake on a single core too
PAGES = "tests/browser/test_pages.py"
LONGEST_FIRST = (PAGES, "tests/browser/", "tests/faults/", "tests/flows/", "tests/emailops/test_demo")
"""What takes minutes, so that nobody waits at the end for one process that began with it last."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    return max(FEWEST, len(os.sched_getaffinity(0)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[XSpec]) -> None:
    """Start what each process has for itself. It ends with whoever hands out the tests, whatever became of them."""
    migrated_database()  # here it takes the time of no test
    servers = ExitStack()
    config.add_cleanup(servers.close)
    for spec in specs:
        folder = var_folder() / str(spec.id)
        redis_url = servers.enter_context(redis_server(folder / "redis"))
        spec.env.update({"EMAILOPS_VAR": str(folder), "REDIS_URL": redis_url})


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    config.option.loadscopereorder = False  # the order is ours
    return ByModule(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: turn(item.nodeid))


class ByModule(LoadScopeScheduling):  # type: ignore[misc]  # the package carries no types
    """Hands out whole modules, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def together(nodeid: str) -> str:
    """The name of what runs in one process: the module, or the folder of those that share a company.

    Pages only look at it and take as long as all the others, so it is told to them apart.
    """
    module = nodeid.partition("::")[0]
    return "tests/browser/" if module.startswith("tests/browser/") and module != PAGES else module


def turn(nodeid: str) -> int:
    """A number by which tests are sorted: lower comes first."""
    return next((number for number, start in enumerate(LONGEST_FIRST) if nodeid.startswith(start)), len(LONGEST_FIRST))
