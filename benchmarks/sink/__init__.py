"""The mail server of the benchmarks: written in C, because one in Python would be what is measured."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from emailops.lib.mailurl import SMTP_BACKEND, MailSettings

SOURCE = Path(__file__).with_name("sink.c")


@dataclass
class FastSink:
    """A running sink. The totals are there once it has ended."""

    port: int
    log: Path
    is_encrypted: bool = False
    messages: int = 0
    connections: int = 0
    cpu_seconds: float = 0.0
    by_connection: list[int] = field(default_factory=list)

    @property
    def mail_settings(self) -> MailSettings:
        host = "localhost" if self.is_encrypted else "127.0.0.1"
        return MailSettings(SMTP_BACKEND, host=host, port=self.port, implicit_tls=self.is_encrypted)

    def accepted(self) -> Counter[str]:
        """How often each Message-ID was accepted, so far."""
        return Counter(message_id for message_id, _at in self.acceptances())

    def acceptances(self) -> list[tuple[str, float]]:
        """Message-ID and moment, in seconds since 1970, of every acceptance, so far."""
        if not self.log.exists():
            return []
        lines = self.log.read_text().rpartition("\n")[0].splitlines()  # the last may be half written
        return [(message_id, float(at)) for message_id, at in map(str.split, lines)]


def build_sink(folder: Path) -> Path:
    """Compile the sink into a folder, unless this very source was compiled there before. Raises SystemExit."""
    program = folder / "sink"
    if program.exists() and program.stat().st_mtime > SOURCE.stat().st_mtime:
        return program
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        sys.exit(
            "This benchmark needs a C compiler for its mail server: install gcc and libssl-dev, then run it again."
        )
    folder.mkdir(parents=True, exist_ok=True)
    command = [compiler, "-O2", "-o", str(program), str(SOURCE), "-lssl", "-lcrypto"]
    built = subprocess.run(command, check=False, capture_output=True, text=True)
    if built.returncode:
        sys.exit(f"The mail server of the benchmarks does not compile (it needs libssl-dev):\n{built.stderr}")
    return program


@contextmanager
def running_sink(
    *,
    latency_ms: float = 0,
    certificate: Path | None = None,
    is_pipelining: bool = True,
    is_logging: bool = False,
) -> Iterator[FastSink]:
    """A sink on a free port of loopback; `certificate` is the path of a .crt and a .key without the ending."""
    folder = Path(os.environ.get("EMAILOPS_VAR", tempfile.gettempdir())) / "benchmarks"
    program = build_sink(folder.resolve())
    with tempfile.TemporaryDirectory() as logs:
        log = Path(logs) / "accepted"
        command = [str(program), "-l", str(latency_ms)]
        command += ["-t", str(certificate)] if certificate else []
        command += [] if is_pipelining else ["-n"]
        command += ["-o", str(log)] if is_logging else []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                sink = FastSink(_port(process), log, is_encrypted=certificate is not None)
                yield sink
            finally:
                process.terminate()
                last = process.stdout.read() if process.stdout else ""
            _note_totals(sink, last)


def _port(process: subprocess.Popen[str]) -> int:
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith("port "):
        sys.exit("The mail server of the benchmarks did not start.")
    return int(line.split()[1])


def _note_totals(sink: FastSink, line: str) -> None:
    totals = json.loads(line)
    sink.messages, sink.connections = totals["messages"], totals["connections"]
    sink.cpu_seconds, sink.by_connection = totals["cpu_seconds"], totals["by_connection"]
