"""Create .venv and install one lock file into it. Standard library only: this runs on a bare machine.

    python3 tools/bootstrap.py demo|dev

Does nothing when the environment already holds exactly that lock file.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)
NEEDED_BYTES = 1_500_000_000  # the environment takes about 0.7 GB, the demo's data the rest


def main() -> None:
    lock = ROOT / "requirements" / f"{sys.argv[1]}.lock"
    if sys.version_info < OLDEST:
        stop(f"EmailOps needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try: make PYTHON=python3.12 demo")
    if not already_installed(lock):
        make_environment()
        install(lock)


def already_installed(lock: Path) -> bool:
    """A dev environment also holds everything the demo needs, so it serves for both."""
    stamps = [VENV / f"{name}.stamp" for name in {lock.stem, "dev"}]
    locks = {stamp: ROOT / "requirements" / f"{stamp.stem}.lock" for stamp in stamps}
    return any(stamp.exists() and stamp.read_text() == digest(locks[stamp]) for stamp in stamps)


def digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def make_environment() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        stop(
            f"Only {free // 1_000_000} MB are free on this disk; EmailOps needs about 1500 MB. Free some and try again."
        )
    if (VENV / "bin" / "python").exists():
        return
    say("Creating .venv …")
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False, capture_output=True, text=True)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        stop(
            "Python cannot make a virtual environment here. On Debian and Ubuntu: apt-get install python3-venv\n"
            + made.stdout
        )


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
    reasons = {
        "No space left on device": "The disk is full. Free about 1500 MB and try again.",
        "No matching distribution": "There is no build for this Python or machine. Try another Python (3.11 to 3.13).",
        "gcc": "A C compiler is missing. On Debian and Ubuntu: apt-get install build-essential",
        "DO NOT MATCH THE HASHES": "A downloaded package differs from the lock file. Do not go on; find out why.",
        "Temporary failure in name resolution": unreachable,
        "Failed to establish a new connection": unreachable,
    }
    advice = next((words for sign, words in reasons.items() if sign in error), "Installing failed.")
    return f"{advice}\n\n{error.strip()[-2000:]}"


def say(words: str) -> None:
    print(words, flush=True)


def stop(words: str) -> None:
    print(f"\n{words}\n", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
