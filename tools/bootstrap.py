"""Create .venv and install one lock file into it. Standard library only: this runs on a bare machine.

    python3 tools/bootstrap.py demo|dev

Does nothing when the environment already holds exactly that lock file.
"""

from __future__ import annotations  # an older Python has to get as far as our sentence

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)
NEWER = ("python3.13", "python3.12", "python3.11")
NEEDED_BYTES = 1_500_000_000  # the environment takes about 0.7 GB, the demo's data the rest
FULL = "The disk is full. Free about 1500 MB and try again."


def main() -> None:
    lock = ROOT / "requirements" / f"{sys.argv[1]}.lock"
    if sys.version_info < OLDEST:
        stop(too_old(sys.version.split()[0], sys.argv[1]))
    if already_installed(lock):
        return
    require_room()
    make_environment()
    install(lock)


def too_old(version: str, target: str) -> str:
    """What to type instead, if a newer Python is here."""
    newer = next((name for name in NEWER if runs(name)), None)
    how = f"Type: make {target} PYTHON={newer}" if newer else "Install one, then: make demo PYTHON=python3.12"
    return f"EmailOps needs Python 3.11 or newer; this is {version}. {how}"


def runs(name: str) -> bool:
    """Whether a command is there and works; version managers leave names behind that do not."""
    return (
        bool(shutil.which(name))
        and not subprocess.run([name, "--version"], check=False, capture_output=True).returncode
    )


def already_installed(lock: Path) -> bool:
    """A dev environment also holds everything the demo needs, so it serves for both."""
    stamps = [VENV / f"{name}.stamp" for name in {lock.stem, "dev"}]
    locks = {stamp: ROOT / "requirements" / f"{stamp.stem}.lock" for stamp in stamps}
    is_there = (VENV / "bin" / "python").exists()  # not when the Python it was made with has been removed
    return is_there and any(stamp.exists() and stamp.read_text() == digest(locks[stamp]) for stamp in stamps)


def digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def require_room() -> None:
    if not os.access(ROOT, os.W_OK):
        stop(f"EmailOps installs itself into its own folder, and you may not write to {ROOT}. Copy it to your home.")
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        stop(
            f"Only {free // 1_000_000} MB are free on this disk; EmailOps needs about 1500 MB. Free some and try again."
        )


def make_environment() -> None:
    python = VENV / "bin" / "python"
    if (
        python.exists()
        and not subprocess.run([str(python), "-m", "pip", "--version"], check=False, capture_output=True).returncode
    ):
        return
    say("Creating .venv …")
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        stop(explain_environment(made.stdout + made.stderr))


def explain_environment(error: str) -> str:
    """One sentence that says what to do, then Python's own words."""
    reasons = {
        "No space left on device": FULL,
        "Permission denied": f"You may not write to {ROOT}. Copy EmailOps into your home folder.",
        "ensurepip": "Python's venv is missing. On Debian and Ubuntu: apt-get install python3-venv",
    }
    return advise(error, reasons, "Python cannot make a virtual environment here.")


def install(lock: Path) -> None:
    say(f"Installing {lock.relative_to(ROOT)} (a minute or two, only this once) …")
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    command = [*pip, "--require-hashes", "--no-deps", "-r", str(lock)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        stop(explain(done.stderr))
    for stamp in VENV.glob("*.stamp"):
        stamp.unlink()
    (VENV / f"{lock.stem}.stamp").write_text(digest(lock))


def explain(error: str) -> str:
    """One sentence that says what to do, then pip's own words."""
    unreachable = "The package index cannot be reached. Check the network or pip's settings."
    compiler = (
        "A C compiler or Python's headers are missing."
        " On Debian and Ubuntu: apt-get install build-essential python3-dev"
    )
    reasons = {
        "No space left on device": FULL,
        "DO NOT MATCH THE HASHES": "A downloaded package differs from the lock file. Do not go on; find out why.",
        "Temporary failure in name resolution": unreachable,
        "Name or service not known": unreachable,
        "Failed to establish a new connection": unreachable,
        "Connection refused": unreachable,
        "Network is unreachable": unreachable,
        "Read timed out": unreachable,
        "ProxyError": unreachable,
        "CERTIFICATE_VERIFY_FAILED": unreachable,
        "cc' failed": compiler,
        "file or directory: 'gcc'": compiler,
        "file or directory: 'cc'": compiler,
        "C compiler": compiler,
        "No matching distribution": "There is no build for this Python or machine. Try another Python (3.11 to 3.13).",
        "Permission denied": f"You may not write to {VENV}. Remove that folder and try again.",
    }
    return advise(error, reasons, "Installing failed.")


def advise(error: str, reasons: dict[str, str], otherwise: str) -> str:
    """The sentence of the first sign that the error shows, and below it the end of the error."""
    advice = next((words for sign, words in reasons.items() if sign in error), otherwise)
    return f"{advice}\n\n{error.strip()[-2000:]}"


def say(words: str) -> None:
    print(words, flush=True)


def stop(words: str) -> None:
    print(f"\n{words}\n", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        stop("Stopped. The next start goes on from here.")
