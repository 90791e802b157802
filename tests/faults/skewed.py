"""A process on a machine whose clock is wrong: `python -m tests.faults.skewed ring`, `… send RUN`, or `… beat`."""

import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

SOURCE = Path(__file__).with_name("skew.c")


class SkewedMachine:
    """Processes that share one wrong clock. It is as many seconds ahead, or behind, as was set last."""

    def __init__(self, mail_url: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self._skew, self._library = folder / "skew", folder / "skew.so"
        command = ["gcc", "-shared", "-fPIC", "-O2", "-o", str(self._library), str(SOURCE), "-ldl"]
        subprocess.run(command, check=True)
        self._file = self._skew.open("w+b", buffering=0)
        self.set(0)
        self._environment = {"EMAIL_URL": mail_url, "MAIL_SANDBOX": "0", "SKEW_FILE": str(self._skew)}
        self._environment |= {"LD_PRELOAD": str(self._library), "LOG_LEVEL": "CRITICAL"}
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_about: object) -> None:
        for process in self._running:
            process.kill()
            process.wait()
        self._file.close()
        self._folder.cleanup()

    def start(self, *words: str) -> None:
        command = [sys.executable, "-m", "tests.faults.skewed", *words]
        self._running.append(subprocess.Popen(command, env={**os.environ, **self._environment}))

    def set(self, seconds: float) -> None:
        os.pwrite(self._file.fileno(), struct.pack("d", seconds), 0)


def main() -> None:
    if sys.argv[1] == "beat":  # becomes it
        os.execv(sys.executable, [sys.executable, "-m", "celery", "--app", "emailops.celery", "beat", "-l", "CRITICAL"])  # noqa: S606
    from django.conf import settings

    from tests.faults import awake, hands  # noqa: F401  Django has to be set up before the hands are read

    if sys.argv[1] == "ring":
        hands.ring()
    else:
        hands.send(int(sys.argv[2]), settings.MAIL)


if __name__ == "__main__":
    main()
