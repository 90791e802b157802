"""Fetch the pinned front-end files with `npm pack`, check them against static/vendor.lock, copy only what is used.

    python tools/vendor.py             verify and copy; stops when a package's checksum differs
    python tools/vendor.py --update    accept new checksums after editing PINS

The result is committed; Node is needed only to run this. Icons are listed in static/icons/icons.txt. vendor.lock has
the checksums of each package's archive and of each file taken from it, so that a test sees a file that was touched.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "static"
LOCK = STATIC / "vendor.lock"
FONTS = [f"onest-{subset}-wght-normal.woff2" for subset in ("latin", "latin-ext", "cyrillic", "cyrillic-ext")]


@dataclass(frozen=True)
class Pin:
    """One package: which of its files go where under static/, and why we have it."""

    spec: str
    licence: str
    use: str
    files: dict[str, str]


PINS = [
    Pin(
        "htmx.org@2.0.11",
        "0BSD",
        "fragments without page loads; works under our content security policy",
        {"dist/htmx.min.js": "vendor/htmx.min.js", "LICENSE": "vendor/htmx.LICENSE"},
    ),
    Pin(
        "sortablejs@1.15.7",
        "MIT",
        "drag and drop on the board, beside the keyboard's way",
        {"Sortable.min.js": "vendor/sortable.min.js", "LICENSE": "vendor/sortable.LICENSE"},
    ),
    Pin(
        "@fontsource-variable/onest@5.3.1",
        "OFL-1.1",
        "the typeface, Latin and Cyrillic",
        {f"files/{name}": f"fonts/{name}" for name in FONTS} | {"LICENSE": "fonts/onest.OFL.txt"},
    ),
    Pin("lucide-static@1.62.0", "ISC", "icons, inlined by the icon tag", {"LICENSE": "icons/LICENSE"}),
]


def main() -> None:
    update = "--update" in sys.argv
    known = json.loads(LOCK.read_text())["packages"] if LOCK.exists() else {}
    checksums: dict[str, str] = {}
    files: dict[str, str] = {}
    for pin in PINS:
        with tempfile.TemporaryDirectory() as folder:
            archive = download(pin.spec, Path(folder))
            checksums[pin.spec] = checksum(archive)
            if not update and known.get(pin.spec) != checksums[pin.spec]:
                sys.exit(f"{pin.spec} differs from vendor.lock. Look at it, then run with --update.")
            files |= unpack(archive, pin.files | (icon_files() if pin.spec.startswith("lucide") else {}))
    LOCK.write_text(json.dumps({"packages": checksums, "files": dict(sorted(files.items()))}, indent=1) + "\n")
    (STATIC / "VENDOR.md").write_text(inventory(checksums))


def checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def download(spec: str, folder: Path) -> Path:
    printed = subprocess.run(["npm", "pack", spec, "--silent"], cwd=folder, check=True, capture_output=True, text=True)
    return folder / printed.stdout.split()[-1]


def icon_files() -> dict[str, str]:
    names = (STATIC / "icons" / "icons.txt").read_text().split()
    return {f"icons/{name}.svg": f"icons/{name}.svg" for name in names}


def unpack(archive: Path, files: dict[str, str]) -> dict[str, str]:
    """Copy the files to their places under static/; give their checksums by place."""
    with tarfile.open(archive) as tar:
        for source, target in files.items():
            member = tar.extractfile(f"package/{source}")
            if member is None:
                sys.exit(f"{archive.name} holds no {source}")
            path = STATIC / target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(member.read())
    return {target: checksum(STATIC / target) for target in files.values()}


def inventory(checksums: dict[str, str]) -> str:
    rows = [f"| {pin.spec} | {pin.licence} | {pin.use} | `{checksums[pin.spec]}` |" for pin in PINS]
    head = ["# What is not ours", "", "Written by `tools/vendor.py`; the checksum is of the package's archive.", ""]
    table = ["| package | licence | use | SHA-256 |", "|---|---|---|---|"]
    return "\n".join([*head, *table, *rows]) + "\n"


if __name__ == "__main__":
    main()
