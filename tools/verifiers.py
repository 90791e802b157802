"""Other people's verifiers of DKIM signatures: dkimpy and OpenDKIM. DNS is a dictionary; nothing is looked up."""

import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import dkim

from tools.programs import OPENDKIM

AT_ONCE = 500  # messages a command: their names have to fit into its line
VERDICT = re.compile(r"dkim=pass[^;]*? header\.s=([\w-]+)")
Records = Mapping[str, str]


def dkimpy_accepts(message: bytes, records: Records) -> set[str]:
    """The selectors of the signatures that hold, of a message as it is received."""

    def look_up(name: bytes, timeout: int = 0) -> bytes | None:
        found = records.get(name.decode().rstrip("."))
        return found.encode() if found else None

    checked = dkim.DKIM(message, timeout=0)
    count = sum(1 for name, _value in checked.headers if name.lower() == b"dkim-signature")
    held: set[str] = set()
    for number in range(count):
        try:
            if checked.verify(idx=number, dnsfunc=look_up):
                held.add(checked.selector.decode())
        except dkim.DKIMException:
            continue
    return held


def opendkim_accepts(messages: Sequence[bytes], records: Records) -> list[set[str]]:
    """For each message the selectors of the signatures that hold. Needs the program."""
    command = OPENDKIM.find()
    if command is None:
        raise FileNotFoundError("there is no opendkim; `python tools/programs.py` says how to install it")
    with tempfile.TemporaryDirectory(prefix="dkim") as folder:
        place = Path(folder)
        place.joinpath("keys").write_text("".join(f"{name} {text}\n" for name, text in records.items()))
        place.joinpath("conf").write_text(f"Mode v\nTestPublicKeys {place}/keys\n")
        rest = iter(enumerate(messages))
        found: list[set[str]] = []
        while batch := list(islice(rest, AT_ONCE)):
            found += _verdicts(command, place, batch)
        return found


def _verdicts(command: str, place: Path, batch: list[tuple[int, bytes]]) -> list[set[str]]:
    paths = [place / f"{number}.eml" for number, _message in batch]
    for path, (_number, message) in zip(paths, batch, strict=True):
        path.write_bytes(message)
    line = [command, "-vv", "-x", f"{place}/conf", "-t", ",".join(map(str, paths))]
    said = subprocess.run(line, capture_output=True, text=True, check=True, errors="replace").stdout
    blocks = said.split("### INSHEADER: ")[1:]
    if len(blocks) != len(batch):
        raise ValueError(f"opendkim said something of {len(blocks)} messages of {len(batch)}")
    return [set(VERDICT.findall(block)) for block in blocks]
