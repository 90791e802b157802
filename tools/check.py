"""Run every law of the house and say which hold. Stops with 1 when one does not."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
PYTHON = str(BIN / "python")
PRODUCTION = {
    "DEBUG": "0",
    "BASE_URL": "https://mail.example.com",
    "ALLOWED_HOSTS": "mail.example.com",
    "MAIL_SANDBOX": "0",
    "EMAIL_URL": "submission://user:secret@mail.example.com",
}


@dataclass(frozen=True)
class Law:
    """A name, and the command that fails when it is broken."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


LAWS = [
    Law("style", [str(BIN / "ruff"), "check", "."]),
    Law("format", [str(BIN / "ruff"), "format", "--check", "."]),
    Law("types", [PYTHON, "-m", "mypy", "."]),
    Law("layers", [str(BIN / "lint-imports"), "--no-logo"]),
    Law("templates", [str(BIN / "djlint"), "templates", "--lint", "--quiet"]),
    Law("migrations match models", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"]),
    Law("safe to deploy", [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    Law("architecture", [PYTHON, "-m", "pytest", "-q", "--no-header", "tests/architecture"]),
]


def main() -> int:
    broken = [law.name for law in LAWS if not holds(law)]
    print(
        f"\n{len(LAWS) - len(broken)} of {len(LAWS)} laws hold." + (f" Broken: {', '.join(broken)}" if broken else "")
    )
    return 1 if broken else 0


def holds(law: Law) -> bool:
    began = time.monotonic()
    done = subprocess.run(
        law.command, check=False, cwd=ROOT, env={**os.environ, **law.environment}, capture_output=True, text=True
    )
    print(f"{'ok    ' if done.returncode == 0 else 'BROKEN'} {law.name} ({time.monotonic() - began:.0f} s)", flush=True)
    if done.returncode:
        print(done.stdout[-6000:], done.stderr[-3000:], sep="\n", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
