"""A large campaign to a slow mail server takes all bulk workers, and a test mail arrives all the same."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.flows.test_the_loop_by_api import Key
from tests.smtp_sink import Phase, Sink, running_sink
from tests.stack import ROOT, Stack, running_stack

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.timeout(300)]

PEOPLE = 3000  # a worker takes up a thousand at once, and there are two
AN_ANSWER = 1.0  # seconds the server thinks about each message
SOON = 8.0  # seconds; a task of the campaign, behind which the test mail would stand, takes twenty
ME = "lena@fern.example"


@pytest.fixture
def slow() -> Iterator[Sink]:
    with running_sink() as sink:
        sink.before = lambda phase, _to: time.sleep(AN_ANSWER) if phase == Phase.DOT else None
        yield sink


@pytest.fixture
def told() -> dict[str, Any]:
    """What the database was filled with."""
    return {}


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory, slow: Sink, told: dict[str, Any]) -> Iterator[Stack]:
    world = {"MAIL_SANDBOX": "0", "EMAIL_URL": f"smtp://127.0.0.1:{slow.port}"}
    folder = tmp_path_factory.mktemp("nobody_waits")

    def prepare(environment: dict[str, str]) -> None:
        told.update(_a_long_send(environment))

    with running_stack("nobody_waits", folder, redis_number=5, prepare=prepare, settings=world) as running:
        yield running
        running.kill("send")  # its last answers would take too long to wait for


def _a_long_send(environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.flows.long_send", str(PEOPLE)],
        cwd=ROOT,
        env={**os.environ, **environment, "DJANGO_SETTINGS_MODULE": "emailops.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_test_mail_arrives_while_every_bulk_worker_is_busy(stack: Stack, slow: Sink, told: dict[str, Any]) -> None:
    stack.wait_for("SELECT 1 FROM delivery_lane HAVING count(*) = 2")  # both processes have their hands full
    asked_at = time.monotonic()

    Key(stack.base_url, told["key"]).post("test-mails/", campaign=told["campaign"])

    while ME not in slow.recipients and time.monotonic() < asked_at + SOON:
        time.sleep(0.05)
    assert ME in slow.recipients, stack.logs()
    ((sent,),) = stack.rows("SELECT count(*) FROM delivery_delivery WHERE state = 'sent'")
    assert sent < PEOPLE / 2, "the campaign was nearly over, so this shows nothing"
