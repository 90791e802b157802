"""What import-linter does not say: the domain knows no door, and an app's doors are its own."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.architecture.sources import APPS, WIRING, imported, product_modules, tree_of

DOMAIN = {"models", "queries", "services"}
DOORS = {"views", "forms", "api", "urls", "tasks", "admin", "apps", "http", "api_access", "management"}
OUTSIDE = (
    "django.http",
    "django.forms",
    "django.shortcuts",
    "django.views",
    "django.contrib.messages",
    "rest_framework",
    "drf_spectacular",
    "celery",
    "kombu",
)
"""Packages that speak HTTP, render pages or run tasks."""

BASES = {"workspaces.http", "workspaces.forms", "workspaces.api", "workspaces.api_access"}
"""Doors that `workspaces` builds for the apps after it."""

SHARED = {"delivery.api.CountsSerializer": "a ledger in numbers reads the same in a report as in a run"}
"""Single parts of a door that an app downstream shows again, each with the reason."""


def _face(module: Path) -> str:
    """`services` of both `sprints/services.py` and `sprints/services/stories.py`."""
    return module.parts[1].removesuffix(".py")


def _knows_a_door(tree: ast.AST) -> Iterator[str]:
    for line, name in imported(tree):
        parts = name.split(".")
        speaks_http = name in OUTSIDE or name.startswith(tuple(f"{package}." for package in OUTSIDE))
        if speaks_http or (parts[0] in APPS and parts[1] in DOORS):
            yield f"line {line}: {name}"


DOMAIN_MODULES = [module for module in product_modules() if module.parts[0] in APPS and _face(module) in DOMAIN]


@pytest.mark.parametrize("module", DOMAIN_MODULES, ids=str)
def test_the_domain_knows_no_request_form_serializer_or_task(module: Path) -> None:
    assert list(_knows_a_door(tree_of(module))) == []


@pytest.mark.parametrize(
    "source",
    [
        "from django.http import HttpResponse",
        "from django import forms, http",
        "import celery",
        "from rest_framework.serializers import Serializer",
        "def later():\n    from delivery import tasks",
        "from audience.forms.people import ContactForm",
    ],
)
def test_a_domain_module_that_knows_a_door_is_found(source: str) -> None:
    assert len(list(_knows_a_door(ast.parse(source)))) >= 1


def test_the_domain_may_know_the_domain() -> None:
    source = "from django.db import models\nfrom audience.models import Contact\nfrom emailops.lib.queue import enqueue"

    assert list(_knows_a_door(ast.parse(source))) == []


def _enters_by_a_private_door(app: str, tree: ast.AST) -> Iterator[str]:
    """Imports of another app's doors, and of wiring other than its library."""
    for line, name in imported(tree):
        parts = name.split(".")
        if name in SHARED or ".".join(parts[:2]) in BASES:
            continue
        is_wiring = parts[0] == WIRING and parts[1:2] != ["lib"]
        if is_wiring or (parts[0] in APPS and parts[0] != app and parts[1] in DOORS):
            yield f"line {line}: {name}"


@pytest.mark.parametrize("module", [module for module in product_modules() if module.parts[0] in APPS], ids=str)
def test_the_doors_of_an_app_are_its_own(module: Path) -> None:
    assert list(_enters_by_a_private_door(module.parts[0], tree_of(module))) == []


@pytest.mark.parametrize(
    "source", ["from audience.views import contacts", "from audience import forms", "from emailops import settings"]
)
def test_a_module_that_enters_by_the_door_of_another_app_is_found(source: str) -> None:
    assert len(list(_enters_by_a_private_door("campaigns", ast.parse(source)))) == 1


def test_the_bases_of_workspaces_are_for_all() -> None:
    source = (
        "from workspaces.http import page\nfrom workspaces.forms import StyledForm\nfrom emailops.lib import csvfile"
    )

    assert list(_enters_by_a_private_door("campaigns", ast.parse(source))) == []


def _edges(trees: Mapping[str, ast.Module]) -> dict[str, set[str]]:
    """For each module, by full name, the modules that it imports when it is itself imported."""
    found: dict[str, set[str]] = {}
    for name, tree in trees.items():
        now = ast.Module([part for part in tree.body if isinstance(part, ast.Import | ast.ImportFrom)], [])
        targets = {_module_of(target, trees) for _line, target in imported(now)}
        found[name] = targets - {"", name}
    return found


def _module_of(target: str, trees: Mapping[str, ast.Module]) -> str:
    """`sprints.models` of `sprints.models.Story`; nothing for what is not ours."""
    return next((name for name in (target, target.rpartition(".")[0]) if name in trees), "")


def _in_a_cycle(edges: Mapping[str, set[str]]) -> set[str]:
    """Modules that stay when those that import nothing of the rest are taken away, again and again."""
    left = dict(edges)
    while free := [name for name, targets in left.items() if not targets & set(left)]:
        for name in free:
            del left[name]
    return set(left)


def _full_name(module: Path) -> str:
    return ".".join(module.with_suffix("").parts).removesuffix(".__init__")


def test_no_modules_import_each_other_in_a_circle() -> None:
    edges = _edges({_full_name(module): tree_of(module) for module in product_modules()})

    assert sum(map(len, edges.values())) > 500
    assert _in_a_cycle(edges) == set()


def test_a_circle_is_found() -> None:
    trees = {
        "audience.a": ast.parse("from audience.b import x"),
        "audience.b": ast.parse("from audience import c"),
        "audience.c": ast.parse("import audience.a"),
        "audience.d": ast.parse("def later():\n    from audience.e import x"),
        "audience.e": ast.parse("from audience.d import y"),
    }

    assert _in_a_cycle(_edges(trees)) == {"audience.a", "audience.b", "audience.c"}
