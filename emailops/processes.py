"""Run the product's processes together: web, workers, beat, mail sandbox. For the demo, development and tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_AFTER = 40.0  # seconds a process may take to end by itself; longer than a worker's grace
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Spec:
    """A process to run: a name for the log, and its command after `python -m`."""

    name: str
    command: Sequence[str]


def specs(*, port: int, sandbox_port: int, reload: bool = False) -> list[Spec]:
    """The processes of one machine, in the order in which they start; they stop in reverse."""
    web = ["granian", "--interface", "asginl", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    web += ["--blocking-threads", "1", "--loop", "uvloop", "--log-level", "warning", "--respawn-failed-workers"]
    web += ["--workers-kill-timeout", "5"]  # seconds; streams of open pages would else keep it alive
    web += ["--reload"] if reload else []
    worker = ["celery", "--app", "emailops.celery", "worker", "--loglevel", "WARNING", "--without-gossip"]
    worker += ["--without-mingle"]
    return [
        Spec("sandbox", ["manage", "mailsandbox", "--port", str(sandbox_port)]),
        Spec("web", [*web, "emailops.asgi:application"]),
        Spec("post", [*worker, "--queues", "transactional", "--concurrency", "1", "--hostname", "post@%h"]),
        Spec("send", [*worker, "--queues", "triggered,bulk", "--concurrency", "2", "--hostname", "send@%h"]),
        Spec("work", [*worker, "--queues", "default", "--concurrency", "1", "--hostname", "work@%h"]),
        Spec("beat", ["celery", "--app", "emailops.celery", "beat", "--loglevel", "WARNING"]),
    ]


def start(spec: Spec, *, environment: Mapping[str, str], log: Path, reload: bool = False) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, so that Ctrl-C reaches it only through us."""
    command = [sys.executable, "-m", *spec.command]
    if spec.command[0] == "manage":
        command = [sys.executable, "manage.py", *spec.command[1:]]
    elif reload and spec.command[0] == "celery":
        command = [sys.executable, "-m", "watchfiles", "--filter", "python", " ".join(command), "."]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=out, stderr=out, start_new_session=True
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and end it and its children if it does not."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=STOP_AFTER)
    except subprocess.TimeoutExpired:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and all its children at once, as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def why_not_port(port: int) -> str | None:
    """Why nobody can listen on this port of the loopback, as the end of a sentence; None when somebody can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            return "needs root's rights; ports from 1024 on do not"
        except OverflowError:
            return "does not exist; ports go up to 65535"
        except OSError:
            return "is in use"
    return None


def wait_for_port(port: int, process: subprocess.Popen[bytes], *, seconds: float = 30.0) -> bool:
    """Whether somebody answers on the port before the time is over or the process ends."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False
