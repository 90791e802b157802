"""Compile pyproject.toml into the three lock files: exact versions and hashes, no index address."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"prod": (), "demo": ("embedded",), "dev": ("embedded", "dev")}


def main() -> None:
    for name, extras in LOCKS.items():
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"]
        command += [part for extra in extras for part in ("--extra", extra)]
        command += ["pyproject.toml", "--output-file", f"requirements/{name}.lock", *sys.argv[1:]]
        subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
