"""The processes of one machine: started apart, waited for, stopped in order, killed with their children."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from emailops import processes
from emailops.processes import Spec, kill, specs, start, stop, wait_for_port, why_not_port

SERVER = "import socket, time\ns = socket.create_server(('127.0.0.1', {port}))\ntime.sleep(30)"
PARENT = (
    "import subprocess, sys, signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(30)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(30)"
)


@pytest.fixture
def port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


@pytest.fixture
def running() -> Iterator[list[subprocess.Popen[bytes]]]:
    """What a test started; ended after it whatever happens."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        if process.poll() is None:
            kill(process)


def _python(code: str, **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code], start_new_session=True, **options)  # type: ignore[call-overload,no-any-return]  # options of Popen


def _ends(pid: int) -> bool:
    """Whether a process that was sent SIGKILL is gone, at once or after the kernel had its moment."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_a_port_is_free_until_somebody_listens(port: int) -> None:
    assert why_not_port(port) is None

    with socket.create_server(("127.0.0.1", port)):
        assert why_not_port(port) == "is in use"

    assert why_not_port(port) is None


def test_a_port_that_does_not_exist_is_called_so() -> None:
    assert why_not_port(99_999) == "does not exist; ports go up to 65535"


def test_waiting_ends_when_somebody_answers(port: int, running: list[subprocess.Popen[bytes]]) -> None:
    running.append(_python(SERVER.format(port=port)))

    assert wait_for_port(port, running[0], seconds=10)


def test_waiting_ends_when_the_process_does(port: int, running: list[subprocess.Popen[bytes]]) -> None:
    running.append(_python("raise SystemExit(1)"))
    running[0].wait()

    started = time.monotonic()

    assert not wait_for_port(port, running[0], seconds=10)
    assert time.monotonic() - started < 1


def test_waiting_ends_when_the_time_is_over(port: int, running: list[subprocess.Popen[bytes]]) -> None:
    running.append(_python("import time; time.sleep(30)"))

    assert not wait_for_port(port, running[0], seconds=0.2)


def test_a_process_starts_in_a_session_of_its_own_and_writes_its_log(
    tmp_path: Path, running: list[subprocess.Popen[bytes]]
) -> None:
    log = tmp_path / "log" / "manage.log"
    spec = Spec("manage", ["manage", "help", "--commands"])

    process = start(spec, environment={"DJANGO_COLORS": "nocolor"}, log=log)
    running.append(process)
    is_leader = os.getpgid(process.pid) == process.pid
    process.wait(timeout=30)

    assert is_leader
    assert "migrate" in log.read_text().split()


def test_a_process_is_asked_to_end(running: list[subprocess.Popen[bytes]]) -> None:
    running.append(_python("import time; time.sleep(30)"))

    stop(running[0])

    assert running[0].returncode == -signal.SIGTERM


def test_a_process_that_does_not_listen_is_ended_with_its_children(
    monkeypatch: pytest.MonkeyPatch, running: list[subprocess.Popen[bytes]]
) -> None:
    monkeypatch.setattr(processes, "STOP_AFTER", 0.3)
    running.append(_python(PARENT, stdout=subprocess.PIPE))
    assert running[0].stdout is not None
    child = int(running[0].stdout.readline())

    stop(running[0])

    assert running[0].returncode == -signal.SIGKILL
    assert _ends(child), "a child outlived its parent"


def test_stopping_what_has_ended_is_harmless(running: list[subprocess.Popen[bytes]]) -> None:
    running.append(_python("pass"))
    running[0].wait()

    stop(running[0])

    assert running[0].returncode == 0


def test_web_and_sandbox_get_their_ports() -> None:
    found = {spec.name: list(spec.command) for spec in specs(port=8123, sandbox_port=2623)}

    assert "8123" in found["web"]
    assert "2623" in found["sandbox"]
    assert "--reload" not in found["web"]


def test_reloading_is_asked_of_the_web_server() -> None:
    found = {spec.name: list(spec.command) for spec in specs(port=1, sandbox_port=2, reload=True)}

    assert "--reload" in found["web"]


def test_every_queue_has_a_worker() -> None:
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {settings.CELERY_TASK_DEFAULT_QUEUE}
    commands = [list(spec.command) for spec in specs(port=1, sandbox_port=2) if "worker" in spec.command]

    served = {queue for command in commands for queue in command[command.index("--queues") + 1].split(",")}

    assert routed <= served


def test_a_process_may_take_longer_to_stop_than_its_worker_needs() -> None:
    assert settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT < processes.STOP_AFTER
