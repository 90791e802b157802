"""What is kept: no trace of one machine, vendored files as they came, documents that are true, no silent skip."""

import ast
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, calls, files, project_files, text_of, tree_of, words_in

BINARY = {".png", ".woff2", ".ico", ".mo", ".jpg"}
MACHINE = re.compile(r"(?<![\w.$])/(?:root|home/\w+|Users/\w+|work/\w+|workspaces?/\w+|tmp/\w+|opt/\w+)/[\w.-]+")
TEXTS = [path for path in project_files() if path.suffix not in BINARY]


def paths_of_a_machine(text: str) -> list[str]:
    return MACHINE.findall(text)


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    found = {str(path): paths_of_a_machine(text_of(path)) for path in TEXTS if path.name != Path(__file__).name}

    assert {path: places for path, places in found.items() if places} == {}


@pytest.mark.parametrize("text", ["see /home/ann/emailops/x.py", "'/Users/ann/code'", "cd /root/project"])
def test_a_place_on_a_machine_is_found(text: str) -> None:
    assert len(paths_of_a_machine(text)) == 1


STATIC = ROOT / "static"
NOT_OURS = ("vendor/", "fonts/", "icons/")


def changed(lock: Mapping[str, str], folder: Path, present: set[str]) -> set[str]:
    """Files that are not as they came: other bytes, missing, or not in the lock."""
    right = {name for name, digest in lock.items() if _digest(folder / name) == digest}
    return (set(lock) | present) - right


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def test_vendored_files_are_as_they_came() -> None:
    lock = json.loads((STATIC / "vendor.lock").read_text())["files"]
    places = [path.relative_to("static").as_posix() for path in project_files() if path.parts[0] == "static"]
    present = {place for place in places if place.startswith(NOT_OURS) and place != "icons/icons.txt"}

    assert changed(lock, STATIC, present) == set()


def test_a_vendored_file_that_was_touched_is_found(tmp_path: Path) -> None:
    for name in ("kept", "touched", "added"):
        (tmp_path / name).write_text(name)
    lock = {"kept": hashlib.sha256(b"kept").hexdigest(), "touched": "0" * 64, "gone": "0" * 64}

    assert changed(lock, tmp_path, {"kept", "touched", "added"}) == {"touched", "added", "gone"}


def test_the_inventory_names_every_vendored_package() -> None:
    lock = json.loads((STATIC / "vendor.lock").read_text())["packages"]
    inventory = (STATIC / "VENDOR.md").read_text()

    assert [spec for spec, digest in lock.items() if spec not in inventory or digest not in inventory] == []


DOCUMENTS = [Path("README.md"), *files(".md", under=("docs/", "benchmarks/"))]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")


def broken_links(text: str, folder: Path) -> list[str]:
    return [target for target, _anchor in LINK.findall(text) if not (folder / target).exists()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    assert broken_links(text_of(path), (ROOT / path).parent) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").touch()
    text = "[a](there.md#part) [b](gone.md) ![c](img/gone.png) [d](https://example.org) [e](#here)"

    assert broken_links(text, tmp_path) == ["gone.md", "img/gone.png"]


SETTINGS = Path("emailops/settings.py")
READERS = ("str", "int", "bool", "list", "required")


def read_variables(tree: ast.AST) -> set[str]:
    """Names that are read from the environment."""
    found = [call.args[0] for name in READERS for call in calls(tree, name) if call.args]
    return {word for argument in found for word in words_in(argument) if re.fullmatch(r"[A-Z][A-Z_]+", word)}


def documented_variables(text: str) -> set[str]:
    """Names in the first column of the table."""
    cells = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([A-Z][A-Z_]+)`", cell)}


def test_the_documented_variables_are_the_ones_that_are_read() -> None:
    assert documented_variables(text_of(Path("docs/operations.md"))) == read_variables(tree_of(SETTINGS))


def test_variables_are_found_in_settings_and_document() -> None:
    tree = ast.parse("A_KEY = required('A_KEY')\nB = env.bool('B_FLAG', False)\nC = str('not one')")
    table = "| variable | meaning |\n|---|---|\n| `A_KEY`, `C_GONE` | see `OTHER` |\n"

    assert (read_variables(tree), documented_variables(table)) == ({"A_KEY", "B_FLAG"}, {"A_KEY", "C_GONE"})


def silent_skips(tree: ast.AST) -> Iterator[str]:
    """Tests that are left out without a reason: a call without words, or a bare mark."""
    for name in ("skip", "skipif", "xfail"):
        for call in calls(tree, name):
            reasons = [key.value for key in call.keywords if key.arg in {"reason", "msg"}]
            reasons += call.args[:1] if name != "skipif" else []
            if not any(_says_something(reason) for reason in reasons):
                yield f"line {call.lineno}: {name}"
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    marks = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and id(node) not in called]
    for mark in marks:
        if mark.attr in {"skip", "skipif", "xfail"} and ast.unparse(mark.value).endswith("mark"):
            yield f"line {mark.lineno}: {mark.attr}"


def _says_something(reason: ast.expr) -> bool:
    return not isinstance(reason, ast.Constant) or bool(str(reason.value or "").strip())


@pytest.mark.parametrize("path", files(".py", under=("tests/",)), ids=str)
def test_no_test_is_skipped_without_a_reason(path: Path) -> None:
    assert list(silent_skips(tree_of(path))) == []


@pytest.mark.parametrize(
    "source",
    [
        "pytest.skip()",
        "pytest.skip(reason='')",
        "@pytest.mark.skip\ndef test(): ...",
        "@pytest.mark.skipif(True)\ndef test(): ...",
        "@pytest.mark.xfail(strict=True)\ndef test(): ...",
    ],
)
def test_a_silent_skip_is_found(source: str) -> None:
    assert len(list(silent_skips(ast.parse(source)))) == 1


def test_a_skip_with_a_reason_is_fine() -> None:
    source = "pytest.skip('no Chromium here')\n@pytest.mark.skipif(True, reason='only on Linux')\ndef test(): ..."

    assert list(silent_skips(ast.parse(source))) == []
