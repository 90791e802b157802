"""The tools that guard the laws: they report each one, fail when one is broken, and never pass over the browser."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tools import check
from tools.check import LAWS, Law
from tools.programs import Program, ensure


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_every_law_is_reported_and_one_that_is_broken_fails_the_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    laws = [Law("kept", _python("")), Law("broken", _python("print('why'); exit(1)")), Law("kept too", _python(""))]
    monkeypatch.setattr(check, "LAWS", laws)

    code = check.main()

    said = capsys.readouterr().out
    assert code == 1
    assert [line.split(" (")[0] for line in said.splitlines() if line.endswith(" s)")] == [
        "ok     kept",
        "BROKEN broken",
        "ok     kept too",
    ]
    assert "why" in said
    assert "2 of 3 laws hold. Broken: broken" in said


def test_when_all_hold_it_passes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(check, "LAWS", [Law("kept", _python(""), {"A": "b"})])

    assert check.main() == 0
    assert "1 of 1 laws hold." in capsys.readouterr().out


def test_every_tool_of_the_house_is_among_the_laws() -> None:
    commands = " ".join(word for law in LAWS for word in law.command)

    for tool in ("ruff check", "ruff format", "mypy", "lint-imports", "djlint", "makemigrations", "tests/architecture"):
        assert tool in commands
    assert "check --deploy" in commands


@pytest.mark.parametrize("law", [law for law in LAWS if law.name == "layers"], ids=lambda law: law.name)
def test_import_linter_understands_its_options(law: Law) -> None:
    """A tool that fails on its own options would report a broken law for ever, and nobody would read it."""
    done = subprocess.run([*law.command, "--help"], capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_without_a_browser_ci_fails_and_a_person_is_told(tmp_path: Path, ci: str, code: int) -> None:
    environment = {**os.environ, "PATH": str(tmp_path), "CI": ci}

    done = subprocess.run(
        [sys.executable, "tools/programs.py"], capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )

    assert done.returncode == code
    assert "There is no Chromium, so the browser tests cannot run. To run them: install Chromium" in done.stderr


def test_a_program_is_found_also_where_the_path_does_not_lead(tmp_path: Path) -> None:
    command = tmp_path / "verifier"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    hidden = Program("Verifier", ("verifier",), {}, "a test", (str(tmp_path),))

    assert hidden.find() == str(command)
    assert ensure(hidden)
