"""Each fault at a small scale, with fixed seeds, in a process with servers of its own: some of them are killed."""

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

import pytest

from emailops.processes import ROOT, stop

pytestmark = [pytest.mark.flow, pytest.mark.timeout(600)]

SEED = 20
QUICK = ("R1", "R2", "R4", "R5", "R5b", "R6", "R7", "R12", "R13", "R14", "R15", "R16", "R17")
"""The others take minutes even when they are small."""

SERVERS = ("DATABASE_URL", "REDIS_URL")


@pytest.fixture(scope="module")
def findings() -> dict[str, dict[str, Any]]:
    """What all of them came to, one after the other; by key."""
    bare = {name: value for name, value in os.environ.items() if name not in SERVERS}
    faults = [sys.executable, "-m", "tests.faults", "--only", ",".join(QUICK), "--seed", str(SEED), "--json"]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "emailops.embedded", "--", *faults],
            cwd=ROOT,
            env={**bare, "EMAILOPS_VAR": folder, "MAIL_SANDBOX": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            out, err = process.communicate()
        finally:
            stop(process)  # and with it its servers, when this took too long
    assert out, err.decode()
    found: dict[str, dict[str, Any]] = json.loads(out.splitlines()[-1])["findings"]
    return found


@pytest.mark.parametrize("key", QUICK)
def test_what_is_promised_is_kept(findings: dict[str, dict[str, Any]], key: str) -> None:
    finding = findings[key]

    broken = [check for check in finding["checks"] if check["measured"] > check["bound"]]
    assert broken == [], finding
    assert finding["holds"], finding["note"]
