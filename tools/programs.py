"""Make sure that the tests have the programs they look through, or say what to install.

Playwright drives the system's own browser; it downloads none. With CI=true a missing program is a failure.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """A program of the system: its name for people, those of its command, its packages, and what it is for."""

    name: str
    commands: tuple[str, ...]
    packages: dict[str, str]
    purpose: str
    also_in: tuple[str, ...] = ()

    def find(self) -> str | None:
        """The path of its command, if there is one."""
        everywhere = os.pathsep.join([os.environ.get("PATH", ""), *self.also_in])
        return next((path for name in self.commands if (path := shutil.which(name, path=everywhere))), None)


CHROMIUM = Program(
    "Chromium",
    ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    {"apt-get": "chromium", "dnf": "chromium", "apk": "chromium", "pacman": "chromium"},
    "the browser tests",
)
OPENDKIM = Program(
    "OpenDKIM",
    ("opendkim",),
    {"apt-get": "opendkim", "dnf": "opendkim", "apk": "opendkim", "pacman": "opendkim"},
    "the tests that have it verify our signatures",
    ("/usr/sbin", "/usr/local/sbin"),  # not on everybody's PATH
)
PROGRAMS = (CHROMIUM, OPENDKIM)
INSTALLERS = {
    "apt-get": [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq"]],
    "dnf": [["dnf", "install", "-y", "-q"]],
    "apk": [["apk", "add", "-q"]],
    "pacman": [["pacman", "-S", "--noconfirm", "--quiet"]],
}


def ensure(program: Program) -> bool:
    """Whether the program is there, after installing it where that is ours to do."""
    if program.find():
        return True
    manager = next((name for name in INSTALLERS if shutil.which(name)), None)
    if manager and os.geteuid() == 0:
        print(f"Installing {program.name} for {program.purpose} with {manager} …", flush=True)
        for command in _commands(manager, program):
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    if program.find():
        return True
    how = f"sudo {' '.join(_commands(manager, program)[-1])}" if manager else f"install {program.name}"
    print(f"There is no {program.name}, so {program.purpose} cannot run. To run them: {how}", file=sys.stderr)
    return False


def _commands(manager: str, program: Program) -> list[list[str]]:
    *before, install = INSTALLERS[manager]
    return [*before, [*install, program.packages[manager]]]


def main() -> int:
    missing = [program for program in PROGRAMS if not ensure(program)]
    return 1 if missing and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
