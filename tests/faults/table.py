"""The table of docs/sending.md: what was measured last, a row a fault."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emailops.processes import ROOT
from tests.faults.finding import shown

DOCUMENT = ROOT / "docs" / "sending.md"
BEGIN, END = "<!-- faults: begin -->\n", "<!-- faults: end -->\n"
HEAD = "| | fault | how much, and seed | measured (at most) |\n|---|---|---|---|\n"
ROW = re.compile(r"^\| (R\d+\w?) \|.*\n", re.MULTILINE)


def write_table(results: Mapping[str, tuple[str, dict[str, Any]]], document: Path = DOCUMENT) -> None:
    """Put findings, by key and with what each is about, into the document; rows of other faults stay as they are."""
    text = document.read_text()
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    rows = {found[1]: found[0] for found in ROW.finditer(old)}
    rows |= {key: _row(key, about, found) for key, (about, found) in results.items()}
    document.write_text(before + BEGIN + HEAD + "".join(rows[key] for key in sorted(rows, key=_order)) + END + after)


def _order(key: str) -> tuple[int, str]:
    number = re.sub(r"\D", "", key)
    return int(number), key


def _row(key: str, about: str, found: dict[str, Any]) -> str:
    figures = [
        f"{check['claim']} {shown(check['measured'])} ({shown(check['bound'])}){_unit(check)}"
        for check in found["checks"]
    ]
    facts = ", ".join(f"{name} {value:,g}" for name, value in found["facts"].items())
    said = "; ".join(figures) + (f". {facts[0].upper()}{facts[1:]}" if facts else "")
    return f"| {key} | {about} | {found['scale']}; seed {found['seed']} | {said} |\n"


def _unit(check: dict[str, Any]) -> str:
    return f" {check['unit']}" if check["unit"] else ""
