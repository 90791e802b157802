"""What we stand on: declared where it is used, used where it is declared, pinned with hashes, from no named index."""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.sources import APPS, ROOT, WIRING, files, imported, tree_of, words_in

OURS = {*APPS, WIRING, "tests", "tools", "benchmarks"}
ONLY_FOR_TRYING_OUT = {"emailops/embedded.py", "delivery/management/commands/mailsandbox.py", "delivery/sandbox.py"}
"""Modules of the product that may import the extra `embedded`."""

NEVER_IMPORTED = {
    "granian": "a command: the web server",
    "tzdata": "data that zoneinfo finds",
    "pytest-timeout": "an option of pytest's command",
    "mypy": "a command",
    "django-stubs": "types for mypy",
    "djangorestframework-stubs": "types for mypy",
    "celery-types": "types for mypy",
    "types-psycopg2": "types for mypy",
    "ruff": "a command",
    "djlint": "a command",
    "import-linter": "a command",
    "watchfiles": "a command",
    "uv": "a command",
}
COME_ALONG = {
    "asgiref": "django",
    "execnet": "pytest-xdist",
    "kombu": "celery",
    "requests": "django-anymail",
    "urllib3": "django-anymail",
}
"""Packages of whose interface the one that brings them makes a part of its own."""


def plain(requirement: str) -> str:
    """The name of a package as indexes compare it: `celery[redis]~=5.4` is `celery`."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[~=<>!;\s]", requirement, maxsplit=1)[0]).lower()


@cache
def declared() -> dict[str, set[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {name: {plain(line) for line in lines} for name, lines in project["optional-dependencies"].items()}
    return {"prod": {plain(line) for line in project["dependencies"]}, **extras}


@cache
def _homes() -> dict[str, set[str]]:
    """The packages that install a top-level module, by its name."""
    return {module: {plain(home) for home in homes} for module, homes in packages_distributions().items()}


def undeclared(names: Iterable[str], allowed: set[str], homes: Mapping[str, set[str]]) -> Iterator[str]:
    """Top-level modules that neither Python, nor we, nor an allowed package brings."""
    for module in sorted({name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) - OURS):
        brought_by = homes.get(module, set()) | {COME_ALONG.get(module, "")}
        if not brought_by & allowed:
            yield module


def _allowed(module: Path) -> set[str]:
    groups = declared()
    if module.parts[0] in {*APPS, WIRING}:
        return groups["prod"] | (groups["embedded"] if str(module) in ONLY_FOR_TRYING_OUT else set())
    return set().union(*groups.values())


@pytest.mark.parametrize("module", files(".py"), ids=str)
def test_every_import_is_declared(module: Path) -> None:
    names = [name for _line, name in imported(tree_of(module))]

    assert list(undeclared(names, _allowed(module), _homes())) == []


def test_an_import_that_nobody_declared_is_found() -> None:
    names = ["os.path", "audience.models", "yaml", "requests.adapters", "kombu.exceptions"]

    found = list(undeclared(names, {"celery", "requests"}, {"yaml": {"pyyaml"}, "requests": {"requests"}}))

    assert found == ["yaml"]


def unused(packages: Iterable[str], modules: set[str], homes: Mapping[str, set[str]]) -> set[str]:
    """Packages none of whose modules is imported."""
    return {package for package in packages if not any(package in homes.get(name, ()) for name in modules)}


def _imported_anywhere() -> set[str]:
    """Modules that are imported, or named in the settings for Django to import."""
    modules = {name.partition(".")[0] for path in files(".py") for _line, name in imported(tree_of(path))}
    return modules | {word.partition(".")[0] for word in words_in(tree_of(Path("emailops/settings.py")))}


def test_every_dependency_is_used() -> None:
    everything = set().union(*declared().values())

    assert unused(everything, _imported_anywhere(), _homes()) == set(NEVER_IMPORTED) & everything
    assert set(NEVER_IMPORTED) - everything == set()


def test_a_dependency_that_nobody_uses_is_found() -> None:
    assert unused({"requests", "pyyaml"}, {"yaml"}, {"yaml": {"pyyaml"}, "requests": {"requests"}}) == {"requests"}


def faults_of_lock(text: str) -> Iterator[str]:
    """Pins without a hash or an exact version, and addresses of an index."""
    for entry in re.split(r"(?<!\\)\n", text):
        if entry and not entry.startswith("#"):
            if "--hash=sha256:" not in entry:
                yield f"no hash: {entry[:60]}"
            if "==" not in entry:
                yield f"no version: {entry[:60]}"
    yield from re.findall(r"(?:--(?:extra-)?index-url|--find-links|--trusted-host|https?://)\S*", text)


@pytest.mark.parametrize("name", ["prod", "demo", "dev"])
def test_locks_have_versions_and_hashes_and_no_address(name: str) -> None:
    assert list(faults_of_lock((ROOT / "requirements" / f"{name}.lock").read_text())) == []


@pytest.mark.parametrize(
    "line", ["django==5.2\n", "django>=5.2 --hash=sha256:00\n", "--index-url https://mirror.example/simple\n"]
)
def test_a_lock_that_is_open_is_found(line: str) -> None:
    assert list(faults_of_lock(line))


@pytest.mark.parametrize(
    ("name", "groups"),
    [("prod", ["prod"]), ("demo", ["prod", "embedded"]), ("dev", ["prod", "embedded", "dev"])],
)
def test_every_declared_package_is_locked(name: str, groups: list[str]) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    locked = {plain(line) for line in text.splitlines() if "==" in line}

    assert set().union(*(declared()[group] for group in groups)) - locked == set()
