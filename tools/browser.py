"""Make sure there is a Chromium for the browser tests, or say what to install.

Playwright drives the system's own browser; it downloads none. With CI=true a missing browser is a failure.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALLERS = {
    "apt-get": [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]],
    "dnf": [["dnf", "install", "-y", "-q", "chromium"]],
    "apk": [["apk", "add", "-q", "chromium"]],
    "pacman": [["pacman", "-S", "--noconfirm", "--quiet", "chromium"]],
}


def find() -> str | None:
    """The path of a Chromium, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> int:
    if find():
        return 0
    manager = next((name for name in INSTALLERS if shutil.which(name)), None)
    if manager and os.geteuid() == 0:
        print(f"Installing Chromium for the browser tests with {manager} …", flush=True)
        for command in INSTALLERS[manager]:
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    if find():
        return 0
    how = f"sudo {' '.join(INSTALLERS[manager][-1])}" if manager else "install Chromium or Google Chrome"
    print(f"There is no Chromium, so the browser tests cannot run. To run them: {how}", file=sys.stderr)
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
