"""Inject faults and say whether what was promised was kept: `python -m tests.faults`, or `make faults`.

    python -m tests.faults [--only R1,R2] [--full | --patient] [--seed N] [--json] [--write]

Stops with 1 when a bound is broken. `--write` puts the figures into docs/sending.md. Faults kill and stop the servers
they are given: run them only through `python -m emailops.embedded`, with an `EMAILOPS_VAR` of their own.
"""

import argparse
import json
import os
import secrets
import sys
import time
import traceback
from typing import Any

os.environ.setdefault("LOG_LEVEL", "CRITICAL")


def main() -> int:
    options = _options()
    from tests.databases import fresh_database

    os.environ["DATABASE_URL"] = fresh_database("faults")
    from benchmarks.ground import prepare

    prepare()
    from tests.faults.registry import FAULTS

    keys = options.only.split(",") if options.only else list(FAULTS)
    strangers = [key for key in keys if key not in FAULTS]
    if strangers:
        print(f"There is no {', '.join(strangers)}. There are {', '.join(FAULTS)}.", file=sys.stderr)
        return 2
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    results = {key: _tried(FAULTS[key], options, seed) for key in keys}
    if options.json:
        print(json.dumps({"seed": seed, "findings": results}))
    return 0 if all(found["holds"] for found in results.values()) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="such as R1,R7")
    parser.add_argument("--full", action="store_true", help="the scale of the figures in docs/sending.md")
    parser.add_argument("--patient", action="store_true", help="full, and with waits of many minutes")
    parser.add_argument("--seed", type=int, help="replays the moments of an earlier run")
    parser.add_argument("--json", action="store_true", help="one object on the last line")
    parser.add_argument("--write", action="store_true", help="put the table into docs/sending.md")
    return parser.parse_args()


def _tried(fault: Any, options: argparse.Namespace, seed: int) -> dict[str, Any]:
    """What came of a fault. Its row is written at once: all of them together take more than an hour."""
    from tests.faults.scene import put_away
    from tests.faults.table import write_table

    found = _inject(fault, options, seed)
    put_away()
    if options.write:
        write_table({fault.key: (fault.about, found)})
    return found


def _inject(fault: Any, options: argparse.Namespace, seed: int) -> dict[str, Any]:
    from tests.faults.finding import Finding, Scale

    scale = Scale.PATIENT if options.patient else Scale.FULL if options.full else Scale.SMALL
    began = time.monotonic()
    try:
        finding = fault.inject(scale, seed)
    except Exception:  # noqa: BLE001  the outermost loop: the other faults are still to be seen
        finding = Finding(str(scale), note=traceback.format_exc())
    argument = "" if scale == Scale.SMALL else f" --{scale}"
    out = sys.stderr if options.json else sys.stdout
    print(f"{'kept  ' if finding.holds else 'BROKEN'} {fault.key:<4} {fault.about} · {finding.scale}", file=out)
    for line in (*map(str, finding.checks), *([finding.note] if finding.note else [])):
        print(f"            {line}", file=out)
    facts = ", ".join(f"{name} {value:,g}" for name, value in finding.facts.items())
    print(f"            {facts}" if facts else "", file=out)
    print(
        f"            {time.monotonic() - began:.0f} s, again: python -m tests.faults --only {fault.key}{argument}"
        f" --seed {seed}",
        file=out,
        flush=True,
    )
    return {**finding.as_json(), "seed": seed}


if __name__ == "__main__":
    sys.exit(main())
